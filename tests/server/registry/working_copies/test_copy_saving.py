"""Saving working copies: any text, two tabs, what they say of their prompt, and being forgotten."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from bank import ADMIN, AUTHOR, OTHER, STRANGER, VIEWER, Bank, prompt_text, together
from desk import Desk, text_of
from sqlalchemy import func, select, update

from promptops_server.access.policy import authorise
from promptops_server.audit.tables import audit_event
from promptops_server.infra.problems import (
    BadRequest,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    PreconditionRequired,
    TooLarge,
)
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry import rows
from promptops_server.registry.content import read_content
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.ports import NothingLive
from promptops_server.registry.record import Said, author_of, record_steps, states_of
from promptops_server.registry.steps import Change, Step, number_steps
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.discard import (
    discard_copy,
    discard_of,
    remove_untouched,
)
from promptops_server.registry.working_copies.look import list_copies
from promptops_server.registry.working_copies.model import DAY_US, Seen
from promptops_server.registry.working_copies.save import Saved
from promptops_server.registry.working_copies.tables import working_copy


def test_a_first_save_starts_from_the_newest_version(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    bank.put("a", text_of("two"), parent=1)
    desk = Desk(bank)
    done = desk.save("a", text_of("mine"), message="Shorter")
    assert (done.created, done.copy.parent, done.copy.revision) == (True, 2, 1)
    shown = desk.shown("a", diff=True)
    assert (shown.valid, shown.standing.behind, shown.standing.gone) == (True, 0, False)
    assert (shown.copy.message, shown.copy.owner_name) == ("Shorter", "ben")
    assert shown.diff is not None
    assert "--- a@2\n+++ a (working copy)\n" in shown.diff
    assert "-    content: two\n+    content: mine\n" in shown.diff


def test_a_prompt_that_does_not_exist_yet_has_no_parent(bank: Bank) -> None:
    desk = Desk(bank)
    assert desk.save("new/one", "").copy.parent is None
    shown = desk.shown("new/one", diff=True)
    assert (shown.newest, shown.standing.newest, shown.standing.behind) == (None, None, 0)
    bank.put("new/one", text_of("theirs"), actor=OTHER)
    assert desk.shown("new/one").standing.behind == 1


def test_any_text_is_kept_and_told_what_is_wrong_with_it(bank: Bank) -> None:
    desk = Desk(bank)
    for number, text in enumerate(
        ["messages: [", "\t: bad", "messages: 3", "\ufeffmessages:\r\n  x", "🙂 \u2028 \x07", "x"]
    ):
        desk.save("a", text, seen=number or None)
        shown = desk.shown("a")
        assert shown.copy.text == text
        assert not shown.valid
        assert {"line", "column", "message", "severity"} <= set(shown.problems[0])
    desk.save("b", prompt_text('"{{> house/style@9 }}"'))
    (problem,) = desk.shown("b").problems
    assert (problem["code"], problem["line"]) == ("fragment", 3)


def test_every_save_counts_and_the_same_text_does_not(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", "1")
    assert desk.save("a", "2", seen=1).copy.revision == 2
    again = desk.save("a", "2", seen=1)  # the answer got lost: the same request once more
    assert (again.changed, again.copy.revision) == (False, 2)
    assert desk.save("a", "2").changed is False
    assert desk.save("a", "2", seen=2, message="why").copy.revision == 3
    assert desk.save("a", "3", seen=3).copy.message == "why"
    assert desk.save("a", "3", seen=4, message="").copy.message == ""


def test_a_second_tab_is_shown_the_first_ones_text(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", "start")
    desk.save("a", "first tab", seen=1)
    with pytest.raises(Conflict) as refused:
        desk.save("a", "second tab", seen=1)
    assert refused.value.type == "stale-working-copy"
    assert refused.value.members["current"]["text"] == "first tab"
    assert refused.value.members["current"]["revision"] == 2
    with pytest.raises(PreconditionRequired) as asked:
        desk.save("a", "third tab")
    assert asked.value.members["current"]["text"] == "first tab"
    assert desk.copy("a").text == "first tab"


def test_a_save_of_a_copy_that_is_gone_makes_no_new_one(bank: Bank) -> None:
    desk = Desk(bank)
    old = desk.save("a", text_of("mine")).copy
    desk.commit("a")
    with pytest.raises(Conflict, match="committed or discarded") as refused:
        desk.save("a", text_of("late"), seen=1)
    assert refused.value.members["current"] == {"version": 1}
    new = desk.save("a", text_of("a new one")).copy  # its revisions count from 1 again
    assert new.revision == old.revision
    assert not Seen(1, old.tail).is_now(new)
    assert Seen(1, new.tail).is_now(new)


def test_the_parent_can_be_moved_by_hand(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    desk.save("a", text_of("mine"))
    bank.put("a", text_of("two"), parent=1, actor=OTHER)
    assert desk.shown("a").standing.behind == 1
    desk.save("a", text_of("merged by hand"), seen=1, parent=2)
    assert desk.shown("a").standing.behind == 0
    with pytest.raises(BadRequest, match="no version 7"):
        desk.save("a", "x", seen=2, parent=7)
    with pytest.raises(BadRequest, match="no version 1"):
        desk.save("b", "x", parent=1)


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("", "x", BadRequest),
        ("../up", "x", BadRequest),
        ("a.prompt.yml", "x", BadRequest),
        ("a", "x\0", BadRequest),
        ("a", "x\ud800", BadRequest),
        ("a", "ä" * 600_000, TooLarge),
    ],
)
def test_what_cannot_be_kept_is_refused(
    small_bank: Bank, path: str, text: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        Desk(small_bank).save(path, text)


def test_a_name_that_differs_by_case_is_refused_at_the_start(bank: Bank) -> None:
    bank.put("claims/triage", text_of("one"))
    for path in ("Claims/triage", "CLAIMS/new"):
        with pytest.raises(Invalid, match="differs only by case"):
            Desk(bank).save(path, "x")


def test_a_copy_is_its_owners_alone(bank: Bank) -> None:
    Desk(bank).save("a", "mine")
    assert Desk(bank, OTHER).save("a", "hers").created
    assert Desk(bank).copy("a").text == "mine"
    with pytest.raises(NotFound):
        Desk(bank, ADMIN).copy("a")
    with pytest.raises(Denied):
        Desk(bank, VIEWER).save("a", "x")
    with pytest.raises(NotFound):
        Desk(bank, STRANGER).save("a", "x")


def test_lists_are_paged_by_path_and_say_how_copies_stand(bank: Bank) -> None:
    bank.put("m/b", text_of("one"))
    desk = Desk(bank)
    for path in ("m/c", "m/a", "m/b"):
        desk.save(path, text_of("mine"))
    Desk(bank, OTHER).save("m/d", "hers")
    bank.put("m/b", text_of("two"), parent=1, actor=OTHER)
    with bank.db.read() as conn:
        first = list_copies(conn, bank.project, AUTHOR, limit=2)
        rest = list_copies(conn, bank.project, AUTHOR, limit=2, cursor=first.next)
    assert [(c.path, s.behind, c.text) for c, s in first.items] == [("m/a", 0, ""), ("m/b", 1, "")]
    assert [c.path for c, _ in rest.items] == ["m/c"]
    assert rest.next is None


def test_an_archived_parent_is_told_with_where_it_went(bank: Bank) -> None:
    bank.put("old", text_of("kept"))
    desk = Desk(bank)
    desk.save("old", text_of("mine"))
    bank.put("other", text_of("other"))
    desk.save("other", text_of("mine"))
    archive_prompt(bank.db, OTHER, authorise, NothingLive(), "bank", "other", parent=1)
    shown = desk.shown("other")
    assert (shown.standing.gone, shown.standing.moved_to, shown.standing.behind) == (True, None, 0)
    assert desk.commit("other") == (201, 2)  # as a put: it is there again
    _move(bank, "old", "new/place")
    assert desk.shown("old").standing.moved_to == "new/place"


def _move(bank: Bank, old: str, new: str) -> None:
    """What a push that renames the file leaves behind."""
    with bank.db.write() as tx:
        lock_project(tx.conn, bank.project.id)
        head = rows.head(tx.conn, bank.project.id, old)
        assert head is not None
        content = read_content(read.blob(tx.conn, bank.project.id, head.blob))
        commit = commit_blobs(
            tx,
            bank.project.id,
            ref=MAIN,
            parent=read.ref(tx.conn, bank.project.id, MAIN),
            changes={head.file_path: None, f"{new}.prompt.yml": content.blob},
            author=author_of(tx.conn, OTHER),
            message="Move",
        )
        step = Step(
            commit.oid,
            (
                Change(old, head.extension, head.blob, None),
                Change(new, ".prompt.yml", None, head.blob),
            ),
        )
        record_steps(
            tx,
            OTHER,
            bank.project,
            number_steps([step], states_of([head])),
            heads={old: head},
            contents={content.oid: content},
            said={commit.oid: Said("x", "Move")},
        )


def test_discarding_ones_own_and_what_another_left_behind(bank: Bank) -> None:
    desk = Desk(bank)
    desk.save("a", "1")
    desk.save("a", "2", seen=1)
    with pytest.raises(Conflict):
        discard_copy(bank.db, AUTHOR, authorise, "bank", "a", seen=Seen(1))
    discard_copy(bank.db, AUTHOR, authorise, "bank", "a", seen=Seen(2))
    with pytest.raises(NotFound):
        discard_copy(bank.db, AUTHOR, authorise, "bank", "a")
    desk.save("a", "left behind")
    with pytest.raises(Denied):
        discard_of(bank.db, OTHER, authorise, "bank", "a", owner="ben")
    discard_of(bank.db, ADMIN, authorise, "bank", "a", owner="ben")
    with pytest.raises(NotFound):
        discard_of(bank.db, ADMIN, authorise, "bank", "a", owner="ben")
    with pytest.raises(NotFound):
        discard_of(bank.db, ADMIN, authorise, "bank", "a", owner="nobody")
    assert not desk.exists("a")
    assert bank.events("working_copy.discard") == ["bank/a"]  # one's own leaves no trace


def test_copies_nobody_saves_are_removed_and_the_others_stay(bank: Bank) -> None:
    desk = Desk(bank)
    for path in ("a", "b", "c"):
        desk.save(path, path)
    with bank.db.write() as tx:
        now = tx.now
        tx.conn.execute(
            update(working_copy)
            .where(working_copy.c.path.in_(("a", "c")))
            .values(updated_at=now - 200 * DAY_US)
        )
    desk.save("c", "saved again", seen=1)
    assert remove_untouched(bank.db, now - 180 * DAY_US) == 1
    assert [desk.exists(path) for path in ("a", "b", "c")] == [False, True, True]


def test_saves_leave_no_audit_event_and_no_version(bank: Bank) -> None:
    def events() -> int | None:
        with bank.db.read() as conn:
            return conn.execute(select(func.count()).select_from(audit_event)).scalar()

    before = events()
    desk = Desk(bank)
    desk.save("a", text_of("1"))
    desk.save("a", text_of("2"), seen=1)
    assert events() == before


# Races.


def test_of_tabs_that_save_at_once_one_wins_and_the_others_see_its_text(bank: Bank) -> None:
    desk = Desk(bank)
    first = together(*[partial(desk.save, "a", f"tab {n}") for n in range(4)])
    saved = [r for r in first if isinstance(r, Saved)]
    assert len(saved) == 1
    for other in first:
        if not isinstance(other, Saved):
            assert isinstance(other, PreconditionRequired)
            assert other.members["current"]["text"] == saved[0].copy.text
    for revision in range(1, 6):
        texts = [f"{revision} tab {n}" for n in range(4)]
        results = together(*[partial(desk.save, "a", text, seen=revision) for text in texts])
        (won,) = (r for r in results if isinstance(r, Saved))
        assert desk.copy("a").text == won.copy.text
        assert desk.copy("a").revision == revision + 1
        assert {r.type for r in results if isinstance(r, Conflict)} == {"stale-working-copy"}


def test_a_save_waits_for_no_project_lock_on_postgresql(bank: Bank) -> None:
    if bank.db.is_sqlite:
        pytest.skip("SQLite has one writer")
    desk = Desk(bank)
    desk.save("a", "1")
    saved = threading.Event()

    def save() -> None:
        desk.save("a", "2", seen=1)
        desk.save("b", "new")
        saved.set()

    with bank.db.write() as tx:
        lock_project(tx.conn, bank.project.id)
        thread = threading.Thread(target=save)
        thread.start()
        assert saved.wait(10)
    thread.join()


def test_a_stored_revision_is_compared_in_the_write_itself(bank: Bank) -> None:
    desk = Desk(bank)
    old = desk.save("a", "1").copy
    desk.save("a", "2", seen=1)
    with bank.db.write() as tx:
        done = store.save(tx.conn, old, text="late", parent=None, message="", now=tx.now)
    assert not done
    assert desk.copy("a").text == "2"
