"""What a push to `main` becomes: steps, versions, refusals a pusher can act on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from bank import AUTHOR, TRIAGE, Bank, prompt_text

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.put import MAIN
from promptops_server.registry.finding.activity_log import Asked, read_activity
from promptops_server.registry.git import read
from promptops_server.registry.git.ports import RefUpdate
from promptops_server.registry.git.push_protocol import explain
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.write import (
    Ident,
    commit_blobs,
    move_ref,
    prepare_blob,
)
from promptops_server.registry.history.log import list_versions
from promptops_server.registry.pushed import PushedToMain
from promptops_server.registry.versions import get_version

MAY = Ident("May Lin", "may@example.org")
SIDE = "refs/heads/side"


class Pusher:
    """Makes commits on a side branch, then moves `main` there as the Git remote does."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.tip: str | None = None

    def add(self, files: Mapping[str, str | None], message: str = "A change") -> str:
        changes = {p: None if t is None else prepare_blob(t.encode()) for p, t in files.items()}
        with self.bank.db.write() as tx:
            project = self.bank.project.id
            self.tip = self.tip or read.ref(tx.conn, project, MAIN)
            if self.tip != read.ref(tx.conn, project, SIDE):
                move_ref(tx, project, SIDE, read.ref(tx.conn, project, SIDE), self.tip)
            self.tip = commit_blobs(
                tx, project, ref=SIDE, parent=self.tip, changes=changes, author=MAY, message=message
            ).oid
        return self.tip

    def push(self) -> list[str]:
        answer = PushedToMain()
        project = self.bank.project
        with self.bank.db.read() as conn:
            update = RefUpdate(MAIN, read.ref(conn, project.id, MAIN), self.tip)
            prepared = answer.check(ObjectView(conn, project.id), AUTHOR, project, update)
        with self.bank.db.write() as tx:
            lock_project(tx.conn, project.id)
            move_ref(tx, project.id, MAIN, update.old, update.new)
            lines = list(answer.apply(tx, AUTHOR, project, update, prepared))
            event = AuditEvent(
                "git.push",
                AuditObject("project", project.name),
                AUTHOR,
                after={"refs": {MAIN: update.new}, "prompts": answer.touched(prepared)},
            )
            answer.note(tx, project, prepared, record(tx, event, project_id=project.id))
            return lines

    def numbers(self, path: str) -> list[tuple[int, str, bool]]:
        """Number, commit and validity of a prompt's versions, oldest first."""
        with self.bank.db.read() as conn:
            page = list_versions(conn, self.bank.project, path, limit=500)
        return [(v.number, v.commit, v.valid) for v in reversed(page.items)]


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
    head, *places, more, last = pusher.push()
    assert head.startswith("23 files of this push are no valid prompts")
    assert "cannot be released" in head
    assert len(places) == 20
    assert all(line.startswith(f"  bad/p{n:02}.prompt.yml:2: ") for n, line in enumerate(places))
    assert "3 more" in more
    assert "push again" in last
    pusher.add({"good.prompt.yml": prompt_text("two")})
    assert pusher.push() == []


def test_the_first_push_is_one_step_and_may_bring_invalid_files(pusher: Pusher) -> None:
    pusher.add({"a.prompt.yml": prompt_text("one"), "bad.prompt.yml": "messages: ["})
    tip = pusher.add({"a.prompt.yml": prompt_text("two")})
    pusher.push()
    assert pusher.numbers("a") == [(1, tip, True)]
    assert pusher.numbers("bad") == [(1, tip, False)]
    # Untouched, it stands in nobody's way; touched, it has to be good.
    pusher.add({"a.prompt.yml": prompt_text("three")})
    pusher.push()
    pusher.add({"bad.prompt.yml": "messages: {"})
    assert any(line.startswith("bad.prompt.yml:1:") for line in refusal(pusher))


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
