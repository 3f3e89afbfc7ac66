"""Committing and rebasing working copies: both rows or none, moved parents, conflicts, undo, races."""

from __future__ import annotations

from functools import partial

import pytest
from bank import OTHER, Bank, prompt_text, together
from desk import Desk, text_of
from sqlalchemy import event

from promptops.format.merge import marker_lines
from promptops_server.access.policy import authorise
from promptops_server.infra.problems import Conflict, Invalid, NotFound, TooLarge
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.history.log import list_versions
from promptops_server.registry.model import Version
from promptops_server.registry.versions import get_version, version_text
from promptops_server.registry.working_copies.model import Seen


def versions(bank: Bank, path: str) -> list[Version]:
    with bank.db.read() as conn:
        return list_versions(conn, bank.project, path, limit=100).items


def newest_text(bank: Bank, path: str) -> str:
    with bank.db.read() as conn:
        return version_text(conn, bank.project.id, get_version(conn, bank.project, path))


def test_a_commit_is_a_put_and_the_copy_is_gone(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    desk.save("a", text_of("mine"), message="As typed")
    assert desk.commit("a") == (201, 2)
    assert not desk.exists("a")
    assert newest_text(bank, "a") == text_of("mine")
    assert versions(bank, "a")[0].message == "As typed"
    assert bank.events("prompt.put") == ["bank/a"] * 2
    desk.save("a", text_of("again"))
    desk.commit("a", message="Said at the commit")
    assert versions(bank, "a")[0].message == "Said at the commit"
    with pytest.raises(NotFound):
        desk.commit("a")


def test_a_new_prompt_is_committed_without_parent(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("new", text_of("mine"))
    assert desk.commit("new") == (201, 1)
    assert versions(bank, "new")[0].message == "Create new"


def test_content_of_the_newest_version_makes_no_version(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    desk.save("a", text_of("one"))
    assert desk.commit("a") == (200, 1)
    assert not desk.exists("a")


def test_an_invalid_text_is_refused_and_stays(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", "messages: 3\n")
    with pytest.raises(Invalid):
        desk.commit("a")
    desk.save("a", prompt_text('"{{> house/style@3 }}"'), seen=1)
    with pytest.raises(Invalid, match="house/style@3"):
        desk.commit("a")
    assert desk.copy("a").revision == 2
    assert bank.events("prompt.put") == []


def test_a_failing_version_leaves_the_copy(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", text_of("mine"))

    def fail(*arguments: object) -> None:
        if "INTO audit_event" in str(arguments[2]):
            raise RuntimeError("the disk is full")

    event.listen(bank.db.engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(RuntimeError):
            desk.commit("a")
    finally:
        event.remove(bank.db.engine, "before_cursor_execute", fail)
    assert desk.copy("a").text == text_of("mine")
    with pytest.raises(NotFound):
        newest_text(bank, "a")


def test_a_repeated_commit_gets_its_first_answer(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", text_of("mine"))
    assert desk.commit("a", key="k1") == (201, 1)
    assert desk.commit("a", key="k1") == (201, 1)
    desk.save(
        "a", "messages: 3"
    )  # a new copy, broken so far: the old request is answered all the same
    assert desk.commit("a", key="k1") == (201, 1)
    with pytest.raises(Invalid):
        desk.commit("a", key="k2")
    assert len(versions(bank, "a")) == 1
    assert desk.exists("a")


def test_a_moved_parent_is_a_conflict_that_says_rebase(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    desk.save("a", text_of("mine"))
    desk.save("new", text_of("mine"))
    bank.put("a", text_of("theirs"), parent=1, actor=OTHER)
    bank.put("new", text_of("theirs"), actor=OTHER)
    for path in ("a", "new"):
        with pytest.raises(Conflict) as refused:
            desk.commit(path)
        assert refused.value.type == "stale-version"
        assert "rebase" in refused.value.remedy
        assert desk.exists(path)


def test_a_commit_of_a_state_that_is_past_is_refused(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", text_of("1"))
    desk.save("a", text_of("2"), seen=1)
    with pytest.raises(Conflict) as refused:
        desk.commit("a", seen=Seen(1))
    assert refused.value.type == "stale-working-copy"
    assert desk.commit("a", seen=Seen(2)) == (201, 1)


# Rebase.


def test_changes_of_different_lines_come_together(bank: Bank) -> None:
    bank.put("a", text_of("one", "two", "three"))
    desk = Desk(bank)
    desk.save("a", text_of("ONE", "two", "three"), message="Louder")
    bank.put("a", text_of("one", "two", "THREE"), parent=1, actor=OTHER)
    bank.put("a", text_of("one", "two", "THREE", "four"), parent=2, actor=OTHER)
    assert desk.shown("a").standing.behind == 2
    done = desk.rebase("a")
    assert done.text == text_of("ONE", "two", "THREE", "four")
    assert (done.parent, done.revision, done.undo, done.message) == (3, 2, "rebase", "Louder")
    assert desk.shown("a").valid
    assert desk.commit("a") == (201, 4)


def test_a_copy_on_the_newest_version_stays_as_it_is(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    for path in ("a", "new"):
        before = desk.save(path, text_of("mine")).copy
        assert desk.rebase(path) == before


def test_a_true_conflict_is_marked_and_cannot_be_committed(bank: Bank) -> None:
    bank.put("a", text_of("one", "two"))
    desk = Desk(bank)
    desk.save("a", text_of("mine", "two"))
    bank.put("a", text_of("theirs", "two"), parent=1, actor=OTHER)
    done = desk.rebase("a")
    assert done.text == (
        "# ours\nmessages:\n  - role: user\n"
        "<<<<<<< yours (working copy)\n    content: mine\n||||||| v1\n    content: one\n"
        "=======\n    content: theirs\n>>>>>>> v2 by cleo\n"
        "  - role: user\n    content: two\n"
    )
    shown = desk.shown("a")
    (found,) = shown.conflicts
    assert (found.start_line, found.end_line) == (4, 10)
    assert (found.base, found.yours, found.theirs) == (
        "    content: one\n",
        "    content: mine\n",
        "    content: theirs\n",
    )
    assert [p["line"] for p in shown.problems] == [4, 6, 8, 10]
    with pytest.raises(Invalid, match="conflict markers in lines 4, 6, 8, 10") as refused:
        desk.commit("a")
    assert refused.value.type == "conflict-markers"
    desk.save("a", text_of("both", "two"), seen=2)  # merged by hand
    assert desk.shown("a").conflicts == ()
    assert desk.commit("a") == (201, 3)


@pytest.mark.parametrize(("prefer", "says"), [("yours", "mine"), ("theirs", "theirs")])
def test_a_preferred_side_settles_conflicts_at_once_or_later(
    small_bank: Bank, prefer: str, says: str
) -> None:
    bank, desk = small_bank, Desk(small_bank)
    bank.put("a", text_of("one", "two", "three"))
    desk.save("a", text_of("mine", "two", "MINE"))
    bank.put("a", text_of("theirs", "two", "three"), parent=1, actor=OTHER)
    assert desk.rebase("a", prefer=prefer).text == text_of(says, "two", "MINE")
    desk.undo("a")
    assert marker_lines(desk.rebase("a").text)
    assert desk.rebase("a", prefer=prefer).text == text_of(says, "two", "MINE")
    assert desk.copy("a").parent == 2


def test_markers_that_are_left_are_not_merged_over(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    desk.save("a", text_of("mine"))
    bank.put("a", text_of("theirs"), parent=1, actor=OTHER)
    marked = desk.rebase("a")
    assert desk.rebase("a") == marked  # on the newest version: nothing to do
    bank.put("a", text_of("later"), parent=2, actor=OTHER)
    with pytest.raises(Conflict) as refused:
        desk.rebase("a")
    assert refused.value.type == "conflicts-remain"
    assert desk.rebase("a", prefer="yours").text == text_of("mine")


def test_both_made_the_same_new_prompt(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("new", text_of("mine"))
    desk.save("same", text_of("same"))
    bank.put("new", text_of("theirs"), actor=OTHER)
    bank.put("same", text_of("same"), actor=OTHER)
    assert desk.rebase("same").text == text_of("same")
    assert "||||||| nothing\n" in desk.rebase("new").text
    assert desk.rebase("new", prefer="yours").text == text_of("mine")
    assert desk.commit("new") == (201, 2)


def test_an_undo_brings_text_and_parent_back_and_can_be_undone(bank: Bank) -> None:
    bank.put("a", text_of("one", "two", "three"))
    desk = Desk(bank)
    desk.save("a", text_of("mine", "two", "three"))
    with pytest.raises(Conflict) as refused:
        desk.undo("a")
    assert refused.value.type == "nothing-to-undo"
    bank.put("a", text_of("one", "two", "THREE"), parent=1, actor=OTHER)
    merged = desk.rebase("a")
    desk.save("a", merged.text + "# more\n", seen=2)  # saving keeps what can be undone
    back = desk.undo("a")
    assert (back.text, back.parent, back.revision) == (text_of("mine", "two", "three"), 1, 4)
    again = desk.undo("a", seen=Seen(4))
    assert (again.text, again.parent) == (merged.text + "# more\n", 2)


def test_texts_that_cannot_be_merged_say_so(small_bank: Bank) -> None:
    bank, desk = small_bank, Desk(small_bank)
    bank.put("a", text_of("one"))
    desk.save("a", text_of("mine" * 150_000))
    bank.put("a", text_of("them" * 150_000), parent=1, actor=OTHER)
    with pytest.raises(TooLarge, match="conflict markers"):
        desk.rebase("a")
    assert desk.rebase("a", prefer="yours").parent == 2
    desk.save("b", text_of("mine"))
    broken = [("b", "\0\ud800")]
    import_prompts(bank.db, OTHER, authorise, "bank", broken, allow_invalid=True)
    with pytest.raises(Conflict) as refused:
        desk.rebase("b")
    assert refused.value.type == "unmergeable"


# Races.


def test_of_a_commit_and_a_save_nothing_is_lost(bank: Bank) -> None:
    desk = Desk(bank)
    for round_ in range(6):
        path = f"p{round_}"
        desk.save(path, text_of("first"))
        committed, saved = together(
            partial(desk.commit, path), partial(desk.save, path, text_of("second"), seen=1)
        )
        assert committed == (201, 1)
        text = newest_text(bank, path)
        if isinstance(saved, Conflict):  # committed first: the tab is told
            assert (saved.type, text) == ("no-working-copy", text_of("first"))
        else:  # saved first: that is what was committed
            assert text == text_of("second")
        assert not desk.exists(path)


def test_of_two_commits_one_makes_the_version(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", text_of("mine"))
    results = together(*[lambda: desk.commit("a") for _ in range(3)])
    assert results.count((201, 1)) == 1
    assert sum(isinstance(r, NotFound) for r in results) == 2
    desk.save("b", text_of("mine"))
    keyed = together(*[lambda: desk.commit("b", key="k") for _ in range(3)])
    assert keyed == [(201, 1)] * 3


def test_a_rebase_during_a_newer_version_loses_nothing(bank: Bank) -> None:
    bank.put("a", text_of("one", "two", "three"))
    desk = Desk(bank)
    desk.save("a", text_of("mine", "two", "three"))
    bank.put("a", text_of("one", "two", "THREE"), parent=1, actor=OTHER)
    together(
        lambda: desk.rebase("a"),
        lambda: bank.put("a", text_of("one", "two", "THREE", "4"), parent=2, actor=OTHER),
    )
    assert desk.copy("a").parent in (2, 3)
    done = desk.rebase("a")
    assert (done.text, done.parent) == (text_of("mine", "two", "THREE", "4"), 3)


def test_a_rebase_does_not_overwrite_a_save(bank: Bank) -> None:
    bank.put("a", text_of("one", "two", "three"))
    bank.put("a", text_of("one", "two", "THREE"), parent=1, actor=OTHER)
    desk = Desk(bank)
    for round_ in range(5):
        seen = desk.copy("a").revision if round_ else None
        mine = text_of(f"mine {round_}", "two", "three")
        typed = text_of(f"typed {round_}", "two", "three")
        revision = desk.save("a", mine, seen=seen, parent=1).copy.revision
        rebased, saved = together(
            lambda: desk.rebase("a"), partial(desk.save, "a", typed, seen=revision)
        )
        kept = desk.copy("a").text
        if isinstance(saved, Conflict):
            assert kept == text_of(f"mine {round_}", "two", "THREE")
        elif isinstance(rebased, Conflict):
            assert kept == typed
        else:  # the rebase came after the save
            assert kept == text_of(f"typed {round_}", "two", "THREE")
