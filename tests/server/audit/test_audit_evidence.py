"""What was done to a log behind the server's back is found, offline, and named."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, update

from promptops.audit.checkpoint import SignedCheckpoint, signing_bytes
from promptops.audit.findings import Verdict
from promptops.audit.merkle import (
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
)
from promptops.audit.verify import verify
from promptops.delivery.header import key_id_of
from promptops.delivery.trust import sign_key
from promptops_server import audit
from promptops_server.audit import checkpoints
from promptops_server.audit.checkpoints import (
    CheckpointDeps,
    Log,
    PastChanged,
    make_checkpoint,
    make_due,
)
from promptops_server.audit.export import Asked, begin_export, export_lines
from promptops_server.audit.model import INSTALLATION_LOG, entry_hash
from promptops_server.audit.tables import audit_checkpoint, audit_event
from promptops_server.audit.tree import StoredTree
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.tables import installation
from support.tampering import unguard

LOG = Log(INSTALLATION_LOG, INSTALLATION_LOG)
KEY, NEXT_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


class World:
    """A database with a log, a key that signs, and the file of checkpoints."""

    def __init__(self, db: Database, file: Path, key: Ed25519PrivateKey = KEY) -> None:
        self.db, self.key = db, key
        unguard(db)
        self.deps = CheckpointDeps(db, self.sign, file)
        with db.write() as tx:
            tx.conn.execute(delete(installation))
            tx.conn.execute(insert(installation), {"id": "bank", "epoch": 1, "created_at": 0})

    def sign(self, text: str) -> tuple[str, str]:
        name = key_id_of(self.key.public_key().public_bytes_raw())
        return name, base64.b64encode(self.key.sign(signing_bytes(text, name))).decode()

    def keys(self) -> bytes:
        old, new = (k.public_key().public_bytes_raw() for k in (KEY, NEXT_KEY))
        listed = [
            {"key_id": key_id_of(old), "algorithm": "ed25519", "public": base64.b64encode(old).decode()},
            {"key_id": key_id_of(new), "algorithm": "ed25519", "public": base64.b64encode(new).decode(),
             "signed_by": key_id_of(old), "signature": sign_key(KEY, new)},
        ]  # fmt: skip
        return json.dumps({"installation": "bank", "keys": listed}).encode()

    def write(self, count: int, at: int | None = None) -> None:
        with self.db.write() as tx:
            tx.now = at or tx.now
            for number in range(count):
                what = audit.AuditObject("thing", f"t{number} “x”")
                audit.record(tx, audit.AuditEvent("test.happened", what, SYSTEM, reason="r"))

    def export(self, since: int | None = None) -> list[bytes]:
        return b"".join(export_lines(self.db, self.keys, Asked(LOG, since))).splitlines(True)

    def outside(self) -> list[SignedCheckpoint]:
        return list(checkpoints.read_file(self.deps.file))

    def check(self, lines: list[bytes] | None = None) -> Verdict:
        trusted = (KEY.public_key().public_bytes_raw(),)
        return verify(lines or self.export(), trusted=trusted, outside=self.outside())


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """Twenty entries, checkpoints over 10 and 18."""
    made = World(database, tmp_path / "checkpoints.jsonl")
    made.write(10)
    make_checkpoint(made.deps, LOG)
    made.write(8)
    make_checkpoint(made.deps, LOG)
    made.write(2)
    return made


def kinds(found: Verdict) -> set[str]:
    return {fault.kind for fault in found.faults}


def rehash(world: World, begin: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change an entry, and hash it and all behind it anew, as one without the key can."""
    with world.db.write() as tx:
        rows = tx.conn.execute(
            select(audit_event).where(audit_event.c.seq >= begin).order_by(audit_event.c.seq)
        ).all()
        prev = None
        for row in rows:
            body = json.loads(row.body)
            if prev is None:
                change(body)
            else:
                body["prev_hash"] = prev
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            prev = entry_hash(text)
            tx.conn.execute(
                update(audit_event)
                .where(audit_event.c.seq == row.seq)
                .values(body=text, entry_hash=prev)
            )


def test_an_untouched_log_is_anchored_up_to_its_last_checkpoint(world: World) -> None:
    found = world.check()
    assert (found.ok, found.anchored, found.unanchored, found.checkpoints) == (
        True,
        (1, 18),
        (19, 20),
        2,
    )
    begin_export(world.deps, SYSTEM, Asked(LOG))
    found = world.check()
    assert (found.anchored, found.unanchored) == ((1, 21), None)
    assert b'"audit.export"' in world.export()[-2]


def fields() -> list[str]:
    return ["action", "actor", "after", "before", "environment", "event_id", "log_id", "object", "occurred_at",
            "outcome", "personal", "policy_version", "prev_hash", "project", "reason", "recorded_at", "request_id", "rule",
            "schema", "seq", "signature", "ticket", "tier"]  # fmt: skip


@pytest.mark.parametrize("field", fields())
def test_a_changed_field_is_found(world: World, field: str) -> None:
    with world.db.write() as tx:
        body = json.loads(
            tx.conn.execute(select(audit_event.c.body).where(audit_event.c.seq == 7)).scalar_one()
        )
        assert set(body) == set(fields())
        body[field] = 99 if field == "seq" else "9999-01-01T00:00:00.000000Z"
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        tx.conn.execute(update(audit_event).where(audit_event.c.seq == 7).values(body=text))
    found = world.check()
    assert not found.ok and found.first_broken in (6, 7)
    assert kinds(found) & {"changed", "inserted", "gap"}
    assert found.anchored == (1, 18), "the others are still proved"


@pytest.mark.parametrize(("seqs", "kind", "first"), [((1,), "gap", 1), ((9,), "gap", 9), ((5, 6, 7), "gap", 5), ((20,), None, None), ((17, 18, 19, 20), "truncated", 17), (range(1, 21), "truncated", 1)])  # fmt: skip
def test_deleted_rows_are_found(
    world: World, seqs: tuple[int, ...], kind: str | None, first: int | None
) -> None:
    with world.db.write() as tx:
        tx.conn.execute(delete(audit_event).where(audit_event.c.seq.in_(list(seqs))))
    found = world.check()
    # What was never in a checkpoint leaves no trace when it is the end of the log.
    assert (kinds(found), found.first_broken) == (({kind}, first) if kind else (set(), None))


def test_lines_swapped_inserted_and_cut_off_are_named(world: World) -> None:
    lines = world.export()
    begin = next(i for i, line in enumerate(lines) if line.startswith(b'{"entry_hash"'))

    def at(seq: int) -> int:
        return begin + seq - 1

    for one, other in ((4, 5), (4, 12)):
        swapped = list(lines)
        swapped[at(one)], swapped[at(other)] = swapped[at(other)], swapped[at(one)]
        found = world.check(swapped)
        assert kinds(found) == {"swapped"} and found.first_broken in (one, one + 1)
    inserted = [*lines[: at(7)], lines[at(3)], *lines[at(7) :]]
    assert kinds(world.check(inserted)) == {"inserted"}
    assert kinds(world.check(lines[:-1])) == {"truncated"}
    cut = world.check(lines[: at(15)])
    assert (kinds(cut), cut.first_broken) == ({"truncated"}, 15)
    assert "malformed" in kinds(world.check([*lines[: at(7)], b"{}\n", *lines[at(8) :]]))


def test_a_tail_hashed_anew_is_found_and_never_signed_over(world: World) -> None:
    rehash(world, 12, lambda body: body.update(reason="another"))
    found = world.check()
    assert (kinds(found), found.first_broken, found.anchored) == ({"rewritten"}, 11, (1, 10))
    with pytest.raises(PastChanged):
        make_checkpoint(world.deps, LOG)


def test_an_old_backup_is_found(world: World) -> None:
    with world.db.write() as tx:
        tx.conn.execute(delete(audit_event).where(audit_event.c.seq > 12))
        tx.conn.execute(delete(audit_checkpoint).where(audit_checkpoint.c.size > 12))
    found = world.check()
    assert (kinds(found), found.first_broken) == ({"truncated"}, 13)
    with world.db.read() as conn:
        assert "has 12 entries" in checkpoints.behind_file(conn, world.deps.file)[0]
    world.write(8)
    assert kinds(world.check()) == {"rewritten"}, "as does one that went on from there"


def test_two_histories_signed_by_one_key_are_a_fork(world: World) -> None:
    theirs = world.outside()
    rehash(world, 12, lambda body: body.update(reason="another"))
    with world.db.write() as tx:
        tx.conn.execute(delete(audit_checkpoint).where(audit_checkpoint.c.size > 12))
        tx.conn.execute(delete(audit_event).where(audit_event.c.seq > 18))
    world.deps.file.unlink()
    make_checkpoint(world.deps, LOG)
    found = verify(world.export(), outside=theirs)
    assert "forked" in kinds(found)


def test_a_key_signed_by_the_trusted_one_is_trusted_and_no_other(world: World) -> None:
    world.key = NEXT_KEY
    make_checkpoint(world.deps, LOG)
    assert world.check().anchored == (1, 20)
    world.key = Ed25519PrivateKey.generate()
    world.write(1)
    make_checkpoint(world.deps, LOG)
    found = world.check()
    assert (kinds(found), found.anchored) == ({"wrong-key"}, (1, 20))


def test_a_false_signature_anchors_nothing(world: World) -> None:
    lines = world.export()
    lines = [
        line.replace(b'\\"size\\":18', b'\\"size\\":17') if b'{"checkpoint"' in line else line
        for line in lines
    ]
    found = verify(lines)
    assert (kinds(found), found.anchored) == ({"signature"}, (1, 10))


def test_a_clock_set_back_is_told_and_breaks_nothing(world: World) -> None:
    world.write(1, at=1_000_000)
    found = world.check()
    assert found.ok and "clock set back: entry 21" in found.notes[0]


def test_a_part_of_a_log_is_anchored_without_what_is_before(world: World) -> None:
    with world.db.read() as conn:
        when = conn.execute(
            select(audit_event.c.occurred_at).where(audit_event.c.seq == 11)
        ).scalar_one()
    found = world.check(world.export(since=when))
    assert (found.ok, found.anchored, found.entries) == (True, (11, 18), 10)


def test_proofs_come_from_stored_subtrees_on_both_databases(
    any_database: Database, tmp_path: Path
) -> None:
    world = World(any_database, tmp_path / "checkpoints.jsonl")
    roots: dict[int, bytes] = {}
    for count in (300, 500, 900):
        world.write(count)
        made = make_checkpoint(world.deps, LOG)
        assert made is not None
        roots[made.checkpoint.size] = bytes.fromhex(made.checkpoint.root)
    assert make_checkpoint(world.deps, LOG) is None
    with any_database.read() as conn:
        tree = StoredTree(conn, INSTALLATION_LOG)
        leaves = {i: tree.node(0, i) for i in (0, 255, 256, 1024, 1699)}
        for index, leaf in leaves.items():
            assert inclusion_holds(
                leaf, index, 1700, inclusion_proof(index, 1700, tree.node), roots[1700]
            )
        for first in (300, 800):
            proof = consistency_proof(first, 1700, tree.node)
            assert consistency_holds(first, roots[first], 1700, roots[1700], proof)
    assert world.check().anchored == (1, 1700)
    assert make_due(world.deps, [LOG], events=10, minutes=60) == 0
    world.write(9)
    assert make_due(world.deps, [LOG], events=10, minutes=60) == 0
    assert make_due(world.deps, [LOG], events=9, minutes=60) == 1
