"""Suite files follow their prompt when it moves, is copied, leaves or comes back; nothing is overwritten or handed over."""

from __future__ import annotations

from typing import Any

import pytest
from bank import ADMIN, AUTHOR, Bank, LiveTable, prompt_text
from sqlalchemy import select

from promptops_server.access.policy import authorise
from promptops_server.audit.tables import audit_event
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict
from promptops_server.registry.edits.archive import Archived, archive_prompt
from promptops_server.registry.edits.bulk import BulkEdited, bulk_edit
from promptops_server.registry.edits.bulk_plan import Selection
from promptops_server.registry.edits.copy import copy_prompts
from promptops_server.registry.edits.frame import MAIN, locked
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.edits.operations import Archive, MoveTo, Operation, Restore
from promptops_server.registry.edits.restore import Restored, restore_prompt
from promptops_server.registry.edits.transfer import Transferred
from promptops_server.registry.errors import RefusedPrompts
from promptops_server.registry.git import read
from promptops_server.registry.git.write import commit_blobs, prepare_blob
from promptops_server.registry.model import Project
from promptops_server.registry.projects import create_project
from promptops_server.registry.record import author_of

LIVE = LiveTable()


@pytest.fixture
def bank(any_database: Database) -> Bank:
    return Bank(any_database)


def write(bank: Bank, *names: str, project: str = "bank", **contents: str | None) -> None:
    """Suite files, as a push brings them; each holds its own name unless said otherwise."""
    with locked(bank.db, project) as (tx, (found,)):
        commit_blobs(
            tx,
            found.id,
            ref=MAIN,
            parent=read.head_commit(tx.conn, found.id, MAIN),
            changes={
                **{f"{n}.suite.yml": prepare_blob(f"# {n}\n".encode()) for n in names},
                **{p: None if t is None else prepare_blob(t.encode()) for p, t in contents.items()},
            },
            author=author_of(tx.conn, AUTHOR),
            message="Suites",
        )


def suites(bank: Bank, project: Project | None = None) -> dict[str, str]:
    """Name of each suite at the head of `main`, to the name it was written under."""
    at = project or bank.project
    with bank.db.read() as conn:
        tip = read.ref(conn, at.id, MAIN) or ""
        return {
            path.removesuffix(".suite.yml"): read.blob(conn, at.id, oid).decode()[2:-1]
            for path, oid in read.files(conn, at.id, tip).items()
            if path.endswith(".suite.yml")
        }


def move(bank: Bank, source: str, target: str, **more: Any) -> Transferred:
    return move_prompts(bank.db, AUTHOR, authorise, LIVE, "bank", source, target, **more)


def copy(bank: Bank, source: str, target: str, **more: Any) -> Transferred:
    return copy_prompts(bank.db, ADMIN, authorise, "bank", source, target, **more)


def archive(bank: Bank, path: str, parent: int = 1) -> Archived:
    return archive_prompt(bank.db, AUTHOR, authorise, LIVE, "bank", path, parent=parent)


def restore(bank: Bank, path: str) -> Restored:
    return restore_prompt(bank.db, AUTHOR, authorise, "bank", path)


def bulk(bank: Bank, paths: list[str], *operations: Operation, **more: Any) -> BulkEdited:
    selection = Selection(tuple((path, None) for path in paths))
    return bulk_edit(bank.db, AUTHOR, authorise, LIVE, "bank", selection, operations, **more)


def head(bank: Bank) -> str | None:
    with bank.db.read() as conn:
        return read.ref(conn, bank.project.id, MAIN)


def triage_and_its_second(bank: Bank) -> None:
    bank.put("m/triage", prompt_text("one"))
    bank.put("m/triage.v2", prompt_text("two"))
    write(bank, "m/triage", "m/triage.edge", "m/triage.v2", "m/triage.v2.edge", "m/other")


def test_a_move_takes_its_own_suites_along_in_the_same_commit(bank: Bank) -> None:
    triage_and_its_second(bank)
    done = move(bank, "m/triage", "n/sort")
    assert suites(bank) == {
        "n/sort": "m/triage",
        "n/sort.edge": "m/triage.edge",
        "m/triage.v2": "m/triage.v2",
        "m/triage.v2.edge": "m/triage.v2.edge",
        "m/other": "m/other",
    }
    assert [(c.file, c.to) for c in done.companions] == [
        ("m/triage.edge.suite.yml", "n/sort.edge.suite.yml"),
        ("m/triage.suite.yml", "n/sort.suite.yml"),
    ]
    assert head(bank) == done.commit
    with bank.db.read() as conn:
        query = select(audit_event.c.body).where(audit_event.c.action == "prompt.move")
        assert "n/sort.edge.suite.yml" in str(conn.execute(query).scalar_one())


def test_a_prompt_may_take_a_name_that_its_own_suite_had(bank: Bank) -> None:
    bank.put("a", prompt_text("one"))
    write(bank, "a", "a.x")
    move(bank, "a", "a.x")
    assert suites(bank) == {"a.x": "a", "a.x.x": "a.x"}


def test_a_module_moves_with_the_suites_of_all_its_prompts(bank: Bank) -> None:
    triage_and_its_second(bank)
    bank.put("m/deep/a", prompt_text("three"))
    write(bank, "m/deep/a")
    assert len(move(bank, "m/", "n/").companions) == 5
    assert set(suites(bank)) == {
        *("n/triage", "n/triage.edge", "n/triage.v2", "n/triage.v2.edge", "n/deep/a", "m/other")
    }


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ("n/sort.suite.yml", r"n/sort\.suite\.yml is there already"),
        ("n/sort.suite.yaml", r"n/sort\.suite\.yaml is there already"),
    ],
)
def test_what_stands_there_is_not_overwritten(bank: Bank, there: str, says: str) -> None:
    bank.put("m/triage", prompt_text("one"))
    write(bank, "m/triage", **{there: "# somebody's\n"})
    before = head(bank)
    for edit in (move, copy):
        with pytest.raises(Conflict, match=says) as refused:
            edit(bank, "m/triage", "n/sort")
        assert refused.value.type == "companion-taken"
    assert head(bank) == before
    write(bank, **{there: None})
    move(bank, "m/triage", "n/sort")


def test_no_suite_falls_to_another_prompt(bank: Bank) -> None:
    bank.put("m/triage", prompt_text("one"))
    bank.put("n/sort", prompt_text("two"))
    bank.put("n/other", prompt_text("three"))
    write(bank, "m/triage.v2", "n/sort.v2")
    with pytest.raises(Conflict, match=r"n/sort\.v2\.suite\.yml belongs to n/sort, and would"):
        move(bank, "n/other", "n/sort.v2")
    bank.put("o/a.v2", prompt_text("four"))
    with pytest.raises(Conflict, match=r"o/a\.v2\.suite\.yml would belong to o/a\.v2, not to o/a"):
        move(bank, "m/triage", "o/a")
    bank.put("p", prompt_text("five"))
    write(bank, "p")
    with pytest.raises(Conflict, match="named like the suite inside"):
        copy(bank, "p", "testData")
    assert suites(bank) == {n: n for n in ("m/triage.v2", "n/sort.v2", "p")}


def test_a_copy_has_the_suites_too_also_in_another_project(bank: Bank) -> None:
    triage_and_its_second(bank)
    copy(bank, "m/triage.v2", "m/third")
    assert suites(bank)["m/third.edge"] == suites(bank)["m/triage.v2.edge"] == "m/triage.v2.edge"
    town = create_project(bank.db, ADMIN, authorise, "town", "Town")
    copy(bank, "m/triage", "m/triage", to_project="town")
    assert suites(bank, town) == {"m/triage": "m/triage", "m/triage.edge": "m/triage.edge"}
    write(bank, "new", project="town")
    bank.put("new", prompt_text("five"))
    write(bank, "new")
    with pytest.raises(Conflict, match=r"new\.suite\.yml is there already"):
        copy(bank, "new", "new", to_project="town")


def test_a_move_between_projects_leaves_no_suite_behind(bank: Bank) -> None:
    triage_and_its_second(bank)
    town = create_project(bank.db, ADMIN, authorise, "town", "Town")
    done = move_prompts(bank.db, ADMIN, authorise, LIVE, "bank", "m/triage", "b", to_project="town")
    assert suites(bank, town) == {"b": "m/triage", "b.edge": "m/triage.edge"}
    assert set(suites(bank)) == {"m/triage.v2", "m/triage.v2.edge", "m/other"}
    assert len(done.companions) == 2


def test_archiving_removes_the_suites_and_restoring_brings_them_back(bank: Bank) -> None:
    triage_and_its_second(bank)
    write(bank, **{"m/triage.edge.suite.yml": "# changed later\n"})
    done = archive(bank, "m/triage")
    assert done.companions == ("m/triage.edge.suite.yml", "m/triage.suite.yml")
    assert set(suites(bank)) == {"m/triage.v2", "m/triage.v2.edge", "m/other"}
    for name in "abcd":
        bank.put(name, prompt_text(name))
    back = restore(bank, "m/triage")
    assert back.companions == done.companions
    assert suites(bank)["m/triage.edge"] == "changed later"
    assert restore_again(bank) == ()


def restore_again(bank: Bank) -> tuple[str, ...]:
    """To an earlier version, of a prompt that is there."""
    bank.put("m/triage", prompt_text("newer"), parent=2)
    return restore_prompt(
        bank.db, AUTHOR, authorise, "bank", "m/triage", version=1, parent=3
    ).companions


def test_a_suite_written_since_stays_when_the_prompt_comes_back(bank: Bank) -> None:
    triage_and_its_second(bank)
    archive(bank, "m/triage")
    write(bank, **{"m/triage.suite.yml": "# written since\n"})
    assert restore(bank, "m/triage").companions == ("m/triage.edge.suite.yml",)
    assert suites(bank)["m/triage"] == "written since"


def test_a_second_that_leaves_takes_its_suites_and_the_first_gets_none(bank: Bank) -> None:
    triage_and_its_second(bank)
    archive(bank, "m/triage.v2")
    assert set(suites(bank)) == {"m/triage", "m/triage.edge", "m/other"}


def test_many_prompts_move_leave_and_come_back_with_their_suites(bank: Bank) -> None:
    triage_and_its_second(bank)
    both = ["m/triage", "m/triage.v2"]
    before = head(bank)
    shown = bulk(bank, both, MoveTo("n"), dry_run=True)
    assert [c.to for item in shown.items for c in item.companions] == [
        *("n/triage.edge.suite.yml", "n/triage.suite.yml"),
        *("n/triage.v2.edge.suite.yml", "n/triage.v2.suite.yml"),
    ]
    assert head(bank) == before
    bulk(bank, both, MoveTo("n"))
    moved = {"n/triage", "n/triage.edge", "n/triage.v2", "n/triage.v2.edge", "m/other"}
    assert set(suites(bank)) == moved
    gone = bulk(bank, ["n/triage", "n/triage.v2"], Archive())
    assert [c.to for item in gone.items for c in item.companions] == [None] * 4
    assert set(suites(bank)) == {"m/other"}
    bulk(bank, ["n/triage", "n/triage.v2"], Restore())
    assert set(suites(bank)) == moved
    bulk(bank, ["n/triage"], Archive())
    bulk(bank, ["n/triage"], Restore(), MoveTo("o"))
    assert suites(bank)["o/triage.edge"] == "m/triage.edge"


def test_a_prompt_whose_suite_cannot_go_is_refused_and_the_others_may_go(bank: Bank) -> None:
    bank.put("m/a", prompt_text("one"))
    bank.put("m/b", prompt_text("two"))
    write(bank, "m/a", "m/b", "n/a")
    with pytest.raises(RefusedPrompts) as refused:
        bulk(bank, ["m/a", "m/b"], MoveTo("n"))
    assert refused.value.members["errors"][0]["message"] == "n/a.suite.yml is there already"
    bulk(bank, ["m/a", "m/b"], MoveTo("n"), skip_refused=True)
    assert suites(bank) == {"m/a": "m/a", "n/b": "m/b", "n/a": "n/a"}
