"""Old events go from the front, below a checkpoint, never under a hold; the rest is proved as before."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_audit_evidence import LOG, World, rehash

from promptops_server import audit
from promptops_server.audit import holds
from promptops_server.audit.checkpoints import PastChanged, make_checkpoint
from promptops_server.audit.recheck import recheck
from promptops_server.audit.removed import removed
from promptops_server.audit.retention import YEAR_US, keep_from, remove_old
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Denied, NotFound

NOBODY_LIVES = lambda conn, log_id, ended_after: None  # noqa: E731


def old_world(db: Database, folder: Path, *, signed: int = 600) -> World:
    """700 entries, 600 of them nine years old, a checkpoint over `signed`."""
    world = World(db, folder / "checkpoints.jsonl")
    world.write(signed, at=now_us() - 9 * YEAR_US)
    make_checkpoint(world.deps, LOG)
    if signed < 600:
        world.write(600 - signed, at=now_us() - 9 * YEAR_US)
    world.write(100)
    return world


def test_what_is_old_goes_and_the_rest_verifies(any_database: Database, tmp_path: Path) -> None:
    world = old_world(any_database, tmp_path)
    assert remove_old(any_database, [LOG], 10, NOBODY_LIVES) == 0
    assert remove_old(any_database, [LOG], 7, NOBODY_LIVES) == 512
    assert remove_old(any_database, [LOG], 7, NOBODY_LIVES) == 0
    make_checkpoint(world.deps, LOG)
    found = world.check()
    assert found.ok, found.faults
    assert (found.removed, found.anchored, found.unanchored) == ((1, 512), (513, 701), None)
    assert found.checkpoints == 2
    assert recheck(any_database, LOG, world.deps.file) is None
    with any_database.read() as conn:
        gone = removed(conn, LOG.log_id)
    assert gone is not None and (gone.size, gone.checkpoint) == (512, 600)
    last = world.export()[-2]
    assert b'"audit.remove"' in last and b'"first":513' in last


def test_nothing_goes_that_no_checkpoint_covers(database: Database, tmp_path: Path) -> None:
    old_world(database, tmp_path, signed=300)
    assert remove_old(database, [LOG], 7, NOBODY_LIVES) == 256


def test_a_front_that_was_changed_before_is_found_after(database: Database, tmp_path: Path) -> None:
    world = old_world(database, tmp_path)
    assert remove_old(database, [LOG], 7, NOBODY_LIVES) == 512
    rehash(world, 520, lambda body: body.update(reason="another"))
    assert not world.check().ok
    assert recheck(database, LOG, world.deps.file) is not None
    with pytest.raises(PastChanged):
        make_checkpoint(world.deps, LOG)


def test_a_record_that_lives_keeps_its_events(database: Database, tmp_path: Path) -> None:
    old_world(database, tmp_path)
    assert remove_old(database, [LOG], 7, lambda conn, log, after: now_us() - 12 * YEAR_US) == 0
    assert keep_from(100 * YEAR_US, 7, None) == 93 * YEAR_US
    assert keep_from(100 * YEAR_US, 7, 95 * YEAR_US) == 93 * YEAR_US


def test_a_young_entry_among_old_ones_keeps_them(database: Database, tmp_path: Path) -> None:
    world = World(database, tmp_path / "checkpoints.jsonl")
    world.write(10)
    world.write(600, at=now_us() - 9 * YEAR_US)
    make_checkpoint(world.deps, LOG)
    assert remove_old(database, [LOG], 7, NOBODY_LIVES) == 0


def test_a_hold_keeps_everything_until_it_is_lifted(any_database: Database, tmp_path: Path) -> None:
    old_world(any_database, tmp_path)
    with any_database.write() as tx:
        of_other = holds.place_hold(tx, SYSTEM, project_id="p1", project="one", reason="case 1")
        held = holds.place_hold(tx, SYSTEM, project_id=None, project=None, reason="case 2")
    assert remove_old(any_database, [LOG], 7, NOBODY_LIVES) == 0
    with any_database.read() as conn:
        for project in ("p1", "p2", None):
            with pytest.raises(Denied, match="legal hold") as refused:
                holds.require_no_hold(conn, project)
            assert refused.value.members["rule"] == "legal_hold"
    with any_database.write() as tx:
        assert holds.lift_hold(tx, SYSTEM, held, project=None, reason="closed").lifted_at == tx.now
        with pytest.raises(Conflict):
            holds.lift_hold(tx, SYSTEM, held, project=None, reason="again")
    with any_database.read() as conn:
        holds.require_no_hold(conn, "p2")
        holds.require_no_hold(conn, None)
        with pytest.raises(Denied):
            holds.require_no_hold(conn, "p1")
        with pytest.raises(NotFound):
            holds.get_hold(conn, "none")
        listed = holds.list_holds(conn, project_id=None, lifted=True, limit=9, after=None).items
        assert [h.id for h in listed] == [held.id, of_other.id]
        assert (
            len(holds.list_holds(conn, project_id="p1", lifted=False, limit=9, after=None).items)
            == 1
        )
    assert remove_old(any_database, [LOG], 7, NOBODY_LIVES) == 512


def test_every_entry_is_held_against_the_checkpoint_file(
    database: Database, tmp_path: Path
) -> None:
    world = World(database, tmp_path / "checkpoints.jsonl")
    world.write(20)
    make_checkpoint(world.deps, LOG)
    world.write(3)
    assert recheck(database, LOG, world.deps.file) is None
    rehash(world, 5, lambda body: body.update(reason="another"))
    assert "not those of the checkpoint" in (recheck(database, LOG, world.deps.file) or "")
    with database.write() as tx:
        tx.conn.exec_driver_sql("DELETE FROM audit_event WHERE seq > 15")
    assert "has 15 entries" in (recheck(database, LOG, world.deps.file) or "")
    with database.write() as tx:
        tx.conn.exec_driver_sql("UPDATE audit_event SET body = '{}' WHERE seq = 3")
    assert "Entry 3" in (recheck(database, LOG, world.deps.file) or "")
    with database.write() as tx:
        tx.conn.exec_driver_sql("DELETE FROM audit_event WHERE seq = 2")
    assert "Entry 2" in (recheck(database, LOG, world.deps.file) or "")
    assert LOG.log_id == audit.INSTALLATION_LOG
