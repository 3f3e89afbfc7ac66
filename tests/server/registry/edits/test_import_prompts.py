"""Importing many prompts in one commit."""

from __future__ import annotations

import pytest
from bank import AUTHOR, TRIAGE, Bank, LiveTable, prompt_text

from promptops_server.access.policy import authorise
from promptops_server.infra.problems import BadRequest, TooLarge
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.edits.import_prompts import Import, import_prompts
from promptops_server.registry.git import read
from promptops_server.registry.versions import get_version


def run(bank: Bank, *prompts: tuple[str, str], **more: object) -> Import:
    return import_prompts(
        bank.db,
        AUTHOR,
        authorise,
        "bank",
        list(prompts),
        **more,  # type: ignore[arg-type]
    )


def test_everything_good_is_one_commit_and_everything_else_has_a_reason(bank: Bank) -> None:
    bank.put("old/same", prompt_text("same"))
    bank.put("old/changed", prompt_text("before"))
    done = run(
        bank,
        ("new/a", TRIAGE),
        ("old/same", prompt_text("same")),
        ("old/changed", prompt_text("after")),
        ("new/a", prompt_text("again")),
        ("new/broken", "messages: ["),
        ("NEW/b", TRIAGE),
        ("bad name", TRIAGE),
        message="Bring in",
    )
    assert [(i.path, i.result, i.version) for i in done.items] == [
        ("new/a", "created", 1),
        ("old/same", "unchanged", 1),
        ("old/changed", "updated", 2),
        ("new/a", "refused", None),
        ("new/broken", "refused", None),
        ("NEW/b", "refused", None),
        ("bad name", "refused", None),
    ]
    reasons = [i.reason for i in done.items if i.result == "refused"]
    assert [
        next(w for w in ("twice", "line 1", "case", "bad name") if w in r) for r in reasons
    ] == ["twice", "line 1", "case", "bad name"]
    with bank.db.read() as conn:
        assert read.ref(conn, bank.project.id, MAIN) == done.commit
        assert done.commit is not None
        assert read.commit_info(conn, bank.project.id, done.commit).message.strip() == "Bring in"
        for path, number in (("new/a", 1), ("old/changed", 2)):
            assert get_version(conn, bank.project, path, number).commit == done.commit
    assert bank.events("prompt.import") == ["bank"]


@pytest.mark.parametrize(("choice", "result"), [("skip", "skipped"), ("refuse", "refused")])
def test_addresses_that_exist_are_left_alone_on_request(
    bank: Bank, choice: str, result: str
) -> None:
    bank.put("a", prompt_text("before"))
    done = run(bank, ("a", prompt_text("after")), ("b", TRIAGE), on_conflict=choice)
    assert [i.result for i in done.items] == [result, "created"]
    with bank.db.read() as conn:
        assert get_version(conn, bank.project, "a").number == 1


def test_nothing_to_do_makes_no_commit(bank: Bank) -> None:
    first = run(bank, ("a", TRIAGE))
    second = run(bank, ("a", TRIAGE), ("b", "broken: ["))
    assert second.commit is None
    with bank.db.read() as conn:
        assert read.ref(conn, bank.project.id, MAIN) == first.commit


def test_invalid_files_become_versions_only_when_allowed(bank: Bank) -> None:
    done = run(bank, ("a", "name: no messages\n"), allow_invalid=True)
    assert (done.items[0].result, done.items[0].valid) == ("created", False)
    assert done.items[0].problems[0]["file"] == "a.prompt.yml"
    with bank.db.read() as conn:
        made = get_version(conn, bank.project, "a")
        assert (made.valid, made.behaviour, made.record) == (False, None, None)
        assert made.problems[0]["code"] == "missing-key"


def test_fragments_may_be_imported_together(bank: Bank) -> None:
    style = prompt_text("Be brief.")
    done = run(
        bank,
        ("a/uses", prompt_text('"{{> house/style@1 }}"')),
        ("house/style", style),
        ("b/broken", prompt_text('"{{> house/style@2 }}"')),
        ("c/uses-broken", prompt_text('"{{> b/broken@1 }}"')),
    )
    assert [i.result for i in done.items] == ["created", "created", "refused", "refused"]
    assert "house/style@2" in done.items[2].reason
    with bank.db.read() as conn:
        uses = get_version(conn, bank.project, "a/uses")
        assert uses.behaviour == get_version(conn, bank.project, "house/style").behaviour
        assert uses.valid


def test_an_archived_address_comes_back_with_its_next_number(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    archive_prompt(bank.db, AUTHOR, authorise, LiveTable(), "bank", "a", parent=1)
    done = run(bank, ("a", TRIAGE), on_conflict="refuse")
    assert [(i.result, i.version) for i in done.items] == [("created", 2)]


def test_limits(small_bank: Bank) -> None:
    with pytest.raises(BadRequest):
        run(small_bank)
    with pytest.raises(TooLarge):
        run(small_bank, *((f"p{i}", "") for i in range(5_001)))
    done = run(small_bank, ("a", prompt_text("x" * 1024 * 1024)))
    assert "1,048,576 bytes" in done.items[0].reason
