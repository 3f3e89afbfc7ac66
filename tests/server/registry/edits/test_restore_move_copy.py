"""Restoring, moving and copying: numbers, what stays live, fragments on the way, refusals, races."""

from __future__ import annotations

from typing import Any

import pytest
from bank import ADMIN, AUTHOR, OTHER, STRANGER, VIEWER, Bank, LiveTable, prompt_text, together

from promptops.format import parse
from promptops_server.access.policy import authorise
from promptops_server.infra.problems import (
    BadRequest,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    PreconditionRequired,
)
from promptops_server.registry.edits import frame
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.copy import copy_prompts
from promptops_server.registry.edits.frame import MAIN, Seen
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.edits.restore import Restored, restore_prompt
from promptops_server.registry.edits.transfer import Transferred
from promptops_server.registry.git import read
from promptops_server.registry.model import Project, Version
from promptops_server.registry.projects import create_project
from promptops_server.registry.versions import get_version, version_text

LIVE = LiveTable(production={"claims/triage": 1})


def restore(bank: Bank, path: str, version: int | None, parent: int | None = None) -> Restored:
    return restore_prompt(bank.db, AUTHOR, authorise, "bank", path, version=version, parent=parent)


def move(bank: Bank, source: str, target: str, actor: Any = AUTHOR, **more: Any) -> Transferred:
    return move_prompts(bank.db, actor, authorise, LIVE, "bank", source, target, **more)


def copy(bank: Bank, source: str, target: str, actor: Any = AUTHOR, **more: Any) -> Transferred:
    return copy_prompts(bank.db, actor, authorise, "bank", source, target, **more)


def archive(bank: Bank, path: str, parent: int) -> None:
    archive_prompt(bank.db, AUTHOR, authorise, LIVE, "bank", path, parent=parent)


def newest(bank: Bank, path: str, project: Project | None = None) -> tuple[Version, str]:
    with bank.db.read() as conn:
        found = get_version(conn, project or bank.project, path)
        return found, version_text(conn, (project or bank.project).id, found)


def files(bank: Bank, project: Project | None = None) -> set[str]:
    at = project or bank.project
    with bank.db.read() as conn:
        tip = read.ref(conn, at.id, MAIN)
        return {p.removesuffix(".prompt.yml") for p in read.files(conn, at.id, tip or "")}


# --- restore


def test_an_old_content_becomes_the_next_version_byte_for_byte(bank: Bank) -> None:
    first = "# Kept.\n" + prompt_text("one   # twice")
    bank.put("a", first)
    bank.put("a", prompt_text("two"), parent=1)
    done = restore(bank, "a", 1, parent=2)
    assert (done.version.number, done.source, done.unarchived) == (3, 1, False)
    assert newest(bank, "a")[1] == first
    assert done.version.message == "Restore a to version 1"
    assert not restore(bank, "a", 1, parent=3).changed
    assert bank.events("prompt.restore") == ["bank/a"]


def test_an_archived_prompt_comes_back_with_what_it_had(bank: Bank) -> None:
    bank.put("a", prompt_text("one"))
    bank.put("a", prompt_text("two"), parent=1)
    archive(bank, "a", 2)
    done = restore(bank, "a", None)
    assert (done.version.number, done.unarchived) == (3, True)
    assert newest(bank, "a")[1] == prompt_text("two")
    archive(bank, "a", 3)
    assert restore(bank, "a", 1).version.number == 4
    assert files(bank) == {"a"}


def test_what_a_restore_refuses(small_bank: Bank) -> None:
    bank = small_bank
    with pytest.raises(NotFound):
        restore(bank, "a", 1)
    bank.put("a", prompt_text("one"))
    bank.put("a", prompt_text("two"), parent=1)
    with pytest.raises(PreconditionRequired):
        restore(bank, "a", 1)
    with pytest.raises(Conflict, match="at version 2"):
        restore(bank, "a", 1, parent=1)
    with pytest.raises(Conflict, match="not archived"):
        restore(bank, "a", None, parent=2)
    with pytest.raises(NotFound, match="no version 7"):
        restore(bank, "a", 7, parent=2)
    with pytest.raises(Denied):
        restore_prompt(bank.db, VIEWER, authorise, "bank", "a", version=1, parent=2)
    with pytest.raises(NotFound):
        restore_prompt(bank.db, STRANGER, authorise, "bank", "a", version=1, parent=2)


# --- move


def test_a_moved_prompt_starts_at_one_and_says_where_it_was(bank: Bank) -> None:
    bank.put("claims/triage", prompt_text("one"))
    bank.put("claims/triage", prompt_text("two"), parent=1)
    done = move(bank, "claims/triage", "motor/", parent=2)
    assert [(a.source, a.source_version, a.path, a.version) for a in done.arrivals] == [
        ("claims/triage", 2, "motor/triage", 1)
    ]
    assert [p.environment for p in done.live["claims/triage"]] == ["production"]
    made, text = newest(bank, "motor/triage")
    assert (made.moved_from, text) == ("claims/triage@2", prompt_text("two"))
    assert newest(bank, "claims/triage")[0].archived
    assert files(bank) == {"motor/triage"}
    assert bank.events("prompt.move") == ["bank/claims/triage"]
    move(bank, "motor/triage", "claims/triage")
    back, _ = newest(bank, "claims/triage")
    assert (back.number, back.moved_from) == (3, "motor/triage@1")


def test_a_module_moves_in_one_commit_with_twins_in_content(bank: Bank) -> None:
    for path in ("claims/x", "claims/y", "claims/deep/z"):
        bank.put(path, prompt_text("same"))
    bank.put("other", prompt_text("stays"))
    done = move(bank, "claims/", "motor/old/")
    assert files(bank) == {"motor/old/x", "motor/old/y", "motor/old/deep/z", "other"}
    for path in ("x", "y", "deep/z"):
        assert newest(bank, f"motor/old/{path}")[0].moved_from == f"claims/{path}@1"
        assert newest(bank, f"motor/old/{path}")[0].commit == done.commit
    move(bank, "motor/old/", "/")
    assert files(bank) == {"x", "y", "deep/z", "other"}


def test_what_a_move_refuses(small_bank: Bank) -> None:
    bank = small_bank
    for path in ("claims/a", "claims/b", "motor/a", "motor/b", "house/x"):
        bank.put(path, prompt_text(path))
    with pytest.raises(Conflict) as taken:
        move(bank, "claims/", "motor/")
    assert [e["file"] for e in taken.value.members["errors"]] == [
        "motor/a.prompt.yml",
        "motor/b.prompt.yml",
    ]
    with pytest.raises(Invalid, match="only by case"):
        move(bank, "claims/a", "HOUSE/y")
    with pytest.raises(Invalid, match="only by case"):
        move(bank, "claims/", "Claims/")
    for source, target in (
        ("", "x"),
        ("claims/", "x"),
        ("claims/", "claims/sub/"),
        ("claims/a", "no such/name"),
        ("claims//a", "x"),
    ):
        with pytest.raises(BadRequest):
            move(bank, source, target)
    with pytest.raises(Conflict, match="already"):
        move(bank, "claims/a", "claims/a")
    with pytest.raises(NotFound):
        move(bank, "claims/none", "x")
    with pytest.raises(NotFound):
        move(bank, "none/", "x/")
    with pytest.raises(Conflict, match="at version 1 now, not 4"):
        move(bank, "claims/a", "x", parent=4)
    with pytest.raises(Denied):
        move(bank, "claims/a", "x", actor=VIEWER)
    with pytest.raises(NotFound):
        move(bank, "claims/a", "x", actor=STRANGER)
    assert bank.events("prompt.move") == []


def test_a_moved_fragment_breaks_nothing_and_pins_can_follow(bank: Bank) -> None:
    bank.put("house/style", prompt_text("Be rude."))
    second = bank.put("house/style", prompt_text("Be brief."), parent=1).version
    bank.put("a", "# c\n" + prompt_text('"{{> house/style@2 }} A"   # kept'))
    bank.put("b", prompt_text('"{{> house/style@1 }} B"'))
    bank.put("c", prompt_text(f'"{{{{> house/style@{second.behaviour} }}}} C"'))
    before = newest(bank, "a")[0]
    done = move(bank, "house/style", "legal/tone", update_pins=True)
    assert done.repinned == {"a": 2, "c": 2}
    assert [(left.path, left.pins) for left in done.left] == [("b", ("house/style@1",))]
    after, text = newest(bank, "a")
    assert text == "# c\n" + prompt_text('"{{> legal/tone@1 }} A"   # kept')
    assert (after.behaviour, after.commit, after.valid) == (before.behaviour, done.commit, True)
    assert f"legal/tone@{second.behaviour}" in newest(bank, "c")[1]
    # A pin on the old address keeps working for prompts written from now on.
    assert bank.put("d", prompt_text('"{{> house/style@2 }}"')).version.valid


def test_fragments_and_their_users_may_move_together(bank: Bank) -> None:
    bank.put("m/style", prompt_text("Be brief."))
    bank.put("m/user", prompt_text('"{{> m/style@1 }} A"'))
    kept = move(bank, "m/", "n/")
    assert [(left.path, left.pins) for left in kept.left] == [("n/user", ("m/style@1",))]
    move(bank, "n/", "o/", update_pins=True)
    made, text = newest(bank, "o/user")
    assert "m/style@1" in text  # what was left stays left: it names another address
    bank.put("o/user2", prompt_text('"{{> o/style@1 }} A"'))
    move(bank, "o/", "p/", update_pins=True)
    made, text = newest(bank, "p/user2")
    assert "{{> p/style@1 }}" in text
    assert (made.moved_from, made.number, made.valid) == ("o/user2@1", 1, True)


# --- copy, and moving between projects


@pytest.fixture
def shop(bank: Bank) -> Project:
    return create_project(bank.db, ADMIN, authorise, "shop")


BOTH = ADMIN


def test_a_copy_is_a_new_prompt_and_the_old_one_stays(bank: Bank) -> None:
    bank.put("claims/triage", prompt_text("one"))
    done = copy(bank, "claims/triage", "motor/triage", parent=1)
    made, text = newest(bank, "motor/triage")
    assert (made.number, made.moved_from, text) == (1, None, prompt_text("one"))
    assert made.message.endswith("\n\nCopied-from: bank/claims/triage@1")
    assert files(bank) == {"claims/triage", "motor/triage"}
    with pytest.raises(Conflict):
        copy(bank, "claims/triage", "motor/triage")
    assert bank.events("prompt.copy") == ["bank/motor/triage"]
    assert done.commit == made.commit


def test_a_module_is_copied_into_another_project_with_its_fragments(
    bank: Bank, shop: Project
) -> None:
    bank.put("house/rude", prompt_text("Be rude."))
    bank.put("house/base", prompt_text("Be kind."))
    bank.put("house/style", prompt_text('"{{> house/base@1 }} Be brief."'))
    bank.put("house/style", prompt_text('"{{> house/base@1 }} Be very brief."'), parent=1)
    bank.put("claims/a", prompt_text('"{{> house/style@2 }} A"   # kept'))
    bank.put("claims/b", prompt_text('"{{> claims/a@1 }} B"'))
    with pytest.raises(Invalid) as refused:
        copy(bank, "claims/", "motor/", BOTH, to_project="shop")
    assert "house/style@2" in refused.value.detail
    done = copy(bank, "claims/", "motor/", BOTH, to_project="shop", with_fragments=True)
    assert {(a.source, a.path, a.version, a.fragment) for a in done.arrivals} == {
        ("claims/a", "motor/a", 1, False),
        ("claims/b", "motor/b", 1, False),
        ("house/style", "house/style", 1, True),
        ("house/base", "house/base", 1, True),
    }
    for path in ("a", "b"):
        here, there = newest(bank, f"claims/{path}")[0], newest(bank, f"motor/{path}", shop)
        assert there[0].behaviour == here.behaviour
    assert '"{{> house/style@1 }} A"   # kept' in newest(bank, "motor/a", shop)[1]
    assert "{{> motor/a@1 }}" in newest(bank, "motor/b", shop)[1]
    assert files(bank, shop) == {"motor/a", "motor/b", "house/style", "house/base"}
    # The same text is there now: a second copy brings nothing along.
    again = copy(bank, "claims/a", "x", BOTH, to_project="shop")
    assert [a.path for a in again.arrivals] == ["x"]
    assert len(bank.events("prompt.copy")) == 2


def test_fragments_that_cannot_be_brought_are_named(bank: Bank, shop: Project) -> None:
    bank.put("house/style", prompt_text("one"))
    bank.put("house/style", prompt_text("two"), parent=1)
    bank.put("a", prompt_text('"{{> house/style@1 }} {{> house/style@2 }}"'))
    with pytest.raises(Conflict, match="Two versions of house/style"):
        copy(bank, "a", "a", BOTH, to_project="shop", with_fragments=True)
    copy(bank, "house/style", "house/style", BOTH, to_project="shop")
    with pytest.raises(Conflict, match="has another prompt at house/style"):
        copy(bank, "a", "a", BOTH, to_project="shop", with_fragments=True)


def test_a_move_between_projects_is_both_commits_or_none(bank: Bank, shop: Project) -> None:
    bank.put("claims/triage", prompt_text("one"))
    with pytest.raises(NotFound):
        move(bank, "claims/triage", "triage", to_project="shop")  # AUTHOR may not see it
    with pytest.raises(BadRequest):
        move(bank, "claims/triage", "triage", BOTH, to_project="shop", update_pins=True)
    done = move(bank, "claims/triage", "triage", BOTH, to_project="shop", message="To the shop")
    there, text = newest(bank, "triage", shop)
    assert (there.number, text, there.commit) == (1, prompt_text("one"), done.commit)
    assert there.message == "To the shop\n\nMoved-from: bank/claims/triage@1"
    assert newest(bank, "claims/triage")[0].archived
    assert files(bank) == set()
    assert [p.environment for p in done.live["claims/triage"]] == ["production"]
    assert bank.events("prompt.move") == ["bank/claims/triage"]


# --- races


def test_of_two_movers_to_one_address_one_wins(bank: Bank) -> None:
    bank.put("a", prompt_text("a"))
    bank.put("b", prompt_text("b"))
    done = together(
        lambda: move(bank, "a", "target"), lambda: move(bank, "b", "target", actor=OTHER)
    )
    assert sorted(type(d).__name__ for d in done) == ["Conflict", "Transferred"]
    assert len(files(bank)) == 2


def test_a_prompt_that_comes_into_a_moving_module_moves_or_stays_whole(bank: Bank) -> None:
    for number in range(5):
        bank.put(f"m/p{number}", prompt_text(f"{number}"))

    def write() -> str:
        for number in range(5, 10):
            bank.put(f"m/p{number}", prompt_text(f"{number}"))
        return "written"

    done = together(write, lambda: move(bank, "m/", "n/"))
    assert done[0] == "written"
    assert isinstance(done[1], Transferred)
    there = {path.rpartition("/")[2] for path in files(bank) if path.startswith("n/")}
    assert {arrival.path for arrival in done[1].arrivals} == {f"n/{name}" for name in there}
    assert len(files(bank)) == 10


def test_case_twins_at_once_are_one_prompt_and_one_refusal(bank: Bank) -> None:
    bank.put("a", prompt_text("a"))
    bank.put("b", prompt_text("b"))
    done = together(
        lambda: move(bank, "a", "Motor/x"), lambda: copy(bank, "b", "motor/y", actor=OTHER)
    )
    assert sorted(type(d).__name__ for d in done) == ["Invalid", "Transferred"]


def test_projects_that_exchange_prompts_do_not_wait_for_each_other_for_ever(
    bank: Bank, shop: Project
) -> None:
    for number in range(4):
        bank.put(f"a{number}", prompt_text(f"{number}"))
    copy(bank, "a0", "s0", BOTH, to_project="shop")
    copy(bank, "a1", "s1", BOTH, to_project="shop")

    def back(name: str) -> Transferred:
        return move_prompts(
            bank.db, BOTH, authorise, LIVE, "shop", name, f"from-{name}", to_project="bank"
        )

    done = together(
        lambda: move(bank, "a2", "a2", BOTH, to_project="shop"),
        lambda: back("s0"),
        lambda: move(bank, "a3", "a3", BOTH, to_project="shop"),
        lambda: back("s1"),
    )
    assert [type(d).__name__ for d in done] == ["Transferred"] * 4
    assert files(bank) == {"a0", "a1", "from-s0", "from-s1"}
    assert files(bank, shop) == {"a2", "a3"}


def test_everything_that_arrives_is_read_like_a_put(bank: Bank) -> None:
    bank.put("a", prompt_text("one", tags="[x]"))
    copy(bank, "a", "b")
    assert parse(newest(bank, "b")[1]).file is not None


def test_a_large_edit_that_keeps_meeting_changes_gives_up_and_a_small_one_does_not(
    small_bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = small_bank
    bank.put("m/a", prompt_text("0"))
    real = Seen.still_holds
    asked: list[bool] = []

    def changed(self: Seen, conn: Any) -> bool:
        asked.append(real(self, conn))
        return False

    monkeypatch.setattr(Seen, "still_holds", changed)
    assert move(bank, "m/a", "m/b").arrivals
    monkeypatch.setattr(frame, "_FEW", 0)
    with pytest.raises(Conflict) as busy:
        move(bank, "m/b", "m/c")
    assert busy.value.type == "busy"
    assert all(asked)
    assert files(bank) == {"m/b"}
