"""What a push to `main` becomes: steps, versions, refusals a pusher can act on."""

from __future__ import annotations

import pytest
from bank import AUTHOR, TRIAGE, Bank, client, prompt_text
from pusher import Pusher

from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.content import MAX_FILE_BYTES
from promptops_server.registry.finding.activity_log import Asked, read_activity
from promptops_server.registry.git import read
from promptops_server.registry.git.push_protocol import explain
from promptops_server.registry.versions import get_version


def refusal(pusher: Pusher) -> list[str]:
    """The lines in the pusher's terminal."""
    with pytest.raises(Invalid) as refused:
        pusher.push()
    return [line.strip() for line in explain(refused.value)]


@pytest.fixture
def pusher(bank: Bank) -> Pusher:
    return Pusher(bank)


def test_each_commit_of_a_push_gives_its_own_numbers(pusher: Pusher) -> None:
    pusher.bank.put("a", prompt_text("one"))
    second = pusher.add({"a.prompt.yml": prompt_text("two"), "README.md": "hello"}, "Two")
    pusher.add({"b.prompt.yml": TRIAGE})
    fourth = pusher.add({"a.prompt.yml": prompt_text("three")}, "Three")
    pusher.push()
    assert [n[:2] for n in pusher.numbers("a")][1:] == [(2, second), (3, fourth)]
    with pusher.bank.db.read() as conn:
        made = get_version(conn, pusher.bank.project, "a")
    assert (made.author, made.message) == (AUTHOR.subject, "Three")
    assert made.author_text == "May Lin <may@example.org>"


def test_the_first_push_names_the_invalid_files_it_brings(pusher: Pusher) -> None:
    files: dict[str, str | None] = {f"bad/p{n:02}.prompt.yml": "\nmessages: [" for n in range(23)}
    pusher.add({**files, "good.prompt.yml": prompt_text("one"), "README.md": "hi"})
    head, *places, more, where, last = pusher.push()
    assert head.startswith("23 files of this push are no valid prompts")
    assert "cannot be released" in head
    assert len(places) == 20
    assert all(line.startswith(f"  bad/p{n:02}.prompt.yml:2: ") for n, line in enumerate(places))
    assert "3 more" in more
    assert "promptops prompt list bank --invalid" in where
    assert "push again" in last
    pusher.add({"good.prompt.yml": prompt_text("two")})
    assert pusher.push() == []


def test_a_first_push_is_numbered_along_its_own_history(pusher: Pusher) -> None:
    root = pusher.add({"a.prompt.yml": prompt_text("one"), "bad.prompt.yml": "messages: ["})
    pusher.add({"README.md": "no version"})
    tip = pusher.add({"a.prompt.yml": prompt_text("two")})
    notice = pusher.push()
    assert pusher.numbers("a") == [(1, root, True), (2, tip, True)]
    assert pusher.numbers("bad") == [(1, root, False)]
    assert any(line.startswith("  bad.prompt.yml:1: ") for line in notice)
    # Untouched, it stands in nobody's way; touched, it has to be good.
    pusher.add({"a.prompt.yml": prompt_text("three")})
    pusher.push()
    pusher.add({"bad.prompt.yml": "messages: {"})
    assert any(line.startswith("bad.prompt.yml:1:") for line in refusal(pusher))


def test_the_past_of_a_first_push_may_hold_anything(small_bank: Bank) -> None:
    pusher = Pusher(small_bank)
    large = prompt_text("x" * MAX_FILE_BYTES)
    pusher.add(
        {
            "a.prompt.yml": "messages: [",
            "big.prompt.yml": large,
            "Twin/t.prompt.yml": prompt_text("upper"),
            "no name/b.prompt.yml": prompt_text("left alone"),
            "c.prompt.yml": prompt_text("short extension"),
            "c.prompt.yaml": prompt_text("long extension"),
        }
    )
    pusher.add({"gone.prompt.yml": prompt_text("one"), "big.prompt.yml": large + "# more\n"})
    pusher.add(
        {
            "gone.prompt.yml": None,
            "Twin/t.prompt.yml": None,
            "twin/t.prompt.yml": prompt_text("lower"),
            "no name/b.prompt.yml": None,
            "name/b.prompt.yml": prompt_text("left alone"),
            "c.prompt.yml": None,
            "big.prompt.yml": prompt_text("small now"),
        }
    )
    pusher.add({"gone.prompt.yml": prompt_text("two"), "a.prompt.yml": prompt_text("one")})
    assert pusher.push() == []
    seen = {
        path: [(number, valid) for number, _, valid in pusher.numbers(path)]
        for path in ("a", "big", "twin/t", "name/b", "c", "gone")
    }
    assert seen == {
        "a": [(1, False), (2, True)],
        "big": [(1, False), (2, False), (3, True)],
        "twin/t": [(1, True)],
        "name/b": [(1, True)],
        "c": [(1, True), (2, True)],
        "gone": [(1, True), (2, True)],
    }
    with small_bank.db.read() as conn:
        big = get_version(conn, small_bank.project, "big", 1)
        with pytest.raises(NotFound):
            get_version(conn, small_bank.project, "Twin/t")
    assert "at most 1,048,576 bytes" in big.problems[0]["message"]


def test_files_at_the_tip_that_can_be_no_prompt_are_left_alone_once(small_bank: Bank) -> None:
    pusher = Pusher(small_bank)
    pusher.add({"a b.prompt.yml": TRIAGE, "a.prompt.yml": TRIAGE})
    notice = pusher.push()
    assert notice[0] == "1 file cannot be a prompt and was left alone."
    assert notice[1].startswith("  a b.prompt.yml: ")
    pusher.add({"a.prompt.yml": prompt_text("two")})
    assert pusher.push() == []
    pusher.add({"a b.prompt.yml": prompt_text("two")})
    assert any("a b.prompt.yml" in line for line in refusal(pusher))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"n/c.prompt.yml": TRIAGE, "N/d.prompt.yml": TRIAGE}, "differs only by case"),
        ({"a.prompt.yml": TRIAGE, "a.prompt.yaml": TRIAGE}, "a.prompt.yml lies beside"),
    ],
)
def test_a_first_push_cannot_bring_two_files_for_one_address(
    small_bank: Bank, files: dict[str, str | None], told: str
) -> None:
    pusher = Pusher(small_bank)
    pusher.add(files)
    assert any(told in line for line in refusal(pusher))


def test_a_first_push_follows_first_parents_and_a_merge_is_one_step(small_bank: Bank) -> None:
    pusher = Pusher(small_bank)
    root = pusher.add({"a.prompt.yml": prompt_text("one"), "b.prompt.yml": prompt_text("one")})
    here, _there, merge = pusher.merge(
        {"a.prompt.yml": prompt_text("two")}, {"a.prompt.yml": prompt_text("three")}
    )
    tip = pusher.add({"a.prompt.yml": prompt_text("four")})
    pusher.push()
    assert [n[:2] for n in pusher.numbers("a")] == [(1, root), (2, here), (3, merge), (4, tip)]
    assert [n[:2] for n in pusher.numbers("b")] == [(1, root)]


def test_fragments_pinned_to_versions_of_the_same_history_are_resolved(small_bank: Bank) -> None:
    pusher = Pusher(small_bank)
    pusher.add({"style.prompt.yml": prompt_text("Be brief.")})
    pusher.add({"a.prompt.yml": prompt_text("'{{> style@1 }}'")})
    pusher.add({"style.prompt.yml": prompt_text("Be kind.")})
    pusher.add({"a.prompt.yml": prompt_text("'{{> style@2 }}'")})
    pusher.add({"b.prompt.yml": prompt_text("'{{> style@9 }}'")})
    notice = pusher.push()
    assert any("b.prompt.yml" in line and "style@9" in line for line in notice)
    with small_bank.db.read() as conn:
        for number in (1, 2):
            uses = get_version(conn, small_bank.project, "a", number)
            style = get_version(conn, small_bank.project, "style", number)
            assert uses.behaviour == style.behaviour is not None
        assert not get_version(conn, small_bank.project, "b").valid


def test_a_version_says_when_its_commit_claims_to_be_from(small_bank: Bank) -> None:
    pusher = Pusher(small_bank)
    pusher.add({"a.prompt.yml": TRIAGE})
    pusher.push()
    with small_bank.db.read() as conn:
        first = get_version(conn, small_bank.project, "a")
    assert first.committed_at == pusher.when
    made = small_bank.put("a", prompt_text("two"), parent=1).version
    assert made.committed_at == made.created_at // 1_000_000
    with small_bank.db.read() as conn:
        assert get_version(conn, small_bank.project, "a") == made
    shown = client(small_bank.db).get("/projects/bank/versions/a@1").json()
    assert shown["committed_at"] == "2019-03-04T05:06:07Z"
    assert shown["created_at"] > "2026"


def test_invalid_content_on_the_way_is_a_version_and_at_the_tip_a_refusal(pusher: Pusher) -> None:
    pusher.bank.put("a", prompt_text("one"))
    broken = "template: mako\nmessages:\n  - role: robot\n    content: hi\n"
    pusher.add({"a.prompt.yml": broken, "m/b.prompt.yml": "- list\n"})
    lines = refusal(pusher)
    assert lines[0] == "3 problems in 2 files."
    assert lines[1].startswith("a.prompt.yml:1:11 template: ")
    assert lines[2].startswith("a.prompt.yml:3:11 messages[0].role: ")
    assert lines[3].startswith("m/b.prompt.yml:1:1: ")
    pusher.add({"a.prompt.yml": prompt_text("two"), "m/b.prompt.yml": None})
    pusher.push()
    assert [(n, valid) for n, _, valid in pusher.numbers("a")] == [(1, True), (2, False), (3, True)]
    assert [(n, valid) for n, _, valid in pusher.numbers("m/b")] == [(1, False)]


def test_a_move_starts_at_one_and_says_from_where(pusher: Pusher) -> None:
    pusher.bank.put("a", prompt_text("one"))
    pusher.bank.put("a", prompt_text("two"), parent=1)
    pusher.add({"a.prompt.yml": None, "m/a.prompt.yaml": prompt_text("two")})
    pusher.push()
    with pusher.bank.db.read() as conn:
        moved = get_version(conn, pusher.bank.project, "m/a")
        gone = get_version(conn, pusher.bank.project, "a")
    assert (moved.number, moved.moved_from, moved.archived) == (1, "a@2", False)
    assert (gone.number, gone.archived) == (2, True)
    # Back again: the old address continues.
    pusher.add({"a.prompt.yml": prompt_text("two"), "m/a.prompt.yaml": None})
    pusher.push()
    with pusher.bank.db.read() as conn:
        back = get_version(conn, pusher.bank.project, "a")
    assert (back.number, back.moved_from, back.archived) == (3, "m/a@1", False)
    # Edits through the API go to the file that is there.
    assert pusher.bank.put("a", prompt_text("four"), parent=3).version.number == 4


def test_a_changed_extension_is_no_version_and_edits_follow_it(pusher: Pusher) -> None:
    pusher.bank.put("a", prompt_text("one"))
    pusher.add({"a.prompt.yml": None, "a.prompt.yaml": prompt_text("one")})
    pusher.push()
    assert len(pusher.numbers("a")) == 1
    made = pusher.bank.put("a", prompt_text("two"), parent=1).version
    with pusher.bank.db.read() as conn:
        assert list(read.files(conn, pusher.bank.project.id, made.commit)) == ["a.prompt.yaml"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a b.prompt.yml": TRIAGE}, "a b.prompt.yml"),
        ({"x/-y/z.prompt.yml": TRIAGE}, "x/-y/z.prompt.yml"),
        ({"A.prompt.yml": TRIAGE}, "'A' differs only by case from 'a'"),
        ({"M/c.prompt.yml": TRIAGE}, "'M' differs only by case from 'm'"),
        ({"n/c.prompt.yml": TRIAGE, "N/d.prompt.yml": TRIAGE}, "differs only by case"),
        ({"a.prompt.yaml": TRIAGE}, "a.prompt.yml lies beside a.prompt.yaml"),
        ({"big.prompt.yml": prompt_text("x" * 1024 * 1024)}, "1,048,576 bytes"),
        ({"f.prompt.yml": prompt_text("'{{> no/where@1 }}'")}, "no/where@1"),
    ],
)
def test_a_tip_that_breaks_a_rule_is_refused_by_name(
    small_bank: Bank, files: dict[str, str | None], told: str
) -> None:
    pusher = Pusher(small_bank)
    pusher.bank.put("a", prompt_text("one"))
    pusher.bank.put("m/b", prompt_text("one"))
    pusher.add(files)
    assert any(told in line for line in refusal(pusher))
    assert len(pusher.numbers("a")) == 1


def test_another_case_on_the_way_does_not_spoil_the_address(pusher: Pusher) -> None:
    pusher.bank.put("z", prompt_text("one"))
    pusher.add({"Claims/a.prompt.yml": prompt_text("one")})
    pusher.add({"Claims/a.prompt.yml": None, "claims/a.prompt.yml": prompt_text("one")})
    pusher.push()
    assert len(pusher.numbers("claims/a")) == 1
    pusher.bank.put("claims/b", TRIAGE)


def test_fragments_made_by_the_same_push_are_found(pusher: Pusher) -> None:
    pusher.add(
        {
            "a.prompt.yml": prompt_text("'{{> style@1 }}'"),
            "style.prompt.yml": prompt_text("Be brief."),
        }
    )
    pusher.push()
    with pusher.bank.db.read() as conn:
        uses = get_version(conn, pusher.bank.project, "a")
        assert uses.valid
        assert uses.behaviour == get_version(conn, pusher.bank.project, "style").behaviour


def test_the_activity_tells_which_versions_a_push_made(bank: Bank) -> None:
    pusher = Pusher(bank)
    pusher.add({"a.prompt.yml": TRIAGE, "b.prompt.yml": TRIAGE})
    pusher.push()
    pusher.add({"a.prompt.yml": prompt_text("two")})
    pusher.add({"a.prompt.yml": prompt_text("three"), "b.prompt.yml": None})
    pusher.push()
    pusher.add({"README.md": "words"})
    pusher.push()
    with bank.db.read() as conn:
        now = now_us()
        items = read_activity(conn, bank.project, Asked(), limit=3, cursor=None, now=now).items
        of_b = read_activity(
            conn, bank.project, Asked(path="b"), limit=9, cursor=None, now=now
        ).items
    assert [item.summary for item in items] == [
        "pushed to main",
        "pushed to main: 2 prompts",
        "pushed to main: 2 prompts",
    ]
    assert [(t.path, t.version) for t in items[1].prompts] == [("a", 3), ("b", None)]
    assert [item.seq for item in of_b] == [items[1].seq, items[2].seq]
