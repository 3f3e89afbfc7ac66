"""The one place where a release is written: rows, intervals, root, signed statement, outbox, audit.

The caller holds the project lock, has decided what changes, and has made the commit. Everything here costs what the
release changes, not what is live: only the buckets it touches are read. Leaves deciding to `publish`, `rollback` and
`stop`, and the branch to `branch`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, true, update

from promptops.delivery.entries import (
    BUCKETS,
    EMPTY_BUCKET_HASH,
    bucket_hash,
    bucket_of,
    leaf,
    root_of,
)
from promptops.delivery.header import LIVE, REMOVED, Entry, Statement, statement_hash
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict
from promptops_server.infra.tables import installation
from promptops_server.registry.facet_rows import note_live
from promptops_server.registry.facets import SUSPENDED
from promptops_server.registry.touched import note_touched
from promptops_server.releases.artifacts import count_features, required_by, store_artifacts
from promptops_server.releases.model import Artifact, Change, Changed, Environment, Kind, Release
from promptops_server.releases.ports import Sign
from promptops_server.releases.rows import AnyRow, current_rows
from promptops_server.releases.tables import environment, live, release, release_change

EMPTY_BUCKETS = EMPTY_BUCKET_HASH * BUCKETS

AUDITED = 100
"""Changes that an audit event lists. The release's rows have all, and its statement's hash, the event's `object.hash`,
covers them; whole lists of 20,000 would make every reader of the log parse megabytes."""

_HASH = len(EMPTY_BUCKET_HASH)
# One row: the environment, its newest release, and the installation, which is a single row.
_STATE = (
    select(
        environment.c.head,
        environment.c.epoch,
        environment.c.buckets,
        environment.c.count.label("entries"),  # a row's own `count` is a method
        environment.c.features,
        release.c.statement_hash,
        release.c.acknowledged_at,
        installation.c.id.label("server"),
        installation.c.epoch.label("server_epoch"),
    )
    .select_from(environment)
    .join(
        release,
        (release.c.environment_id == environment.c.id) & (release.c.number == environment.c.head),
    )
    .join(installation, true())
    .where(environment.c.id == bindparam("id"))
)
_CLOSE = (
    update(live).where(live.c.id == bindparam("row_id")).values(to_release=bindparam("closed_by"))
)
_MOVE_HEAD = (
    update(environment)
    .where(environment.c.id == bindparam("row_id"), environment.c.head == bindparam("old_head"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("head", "epoch", "buckets", "count", "features")
        }
    )
)
_ALL_LEAVES = select(live.c.bucket, live.c.leaf).where(
    live.c.environment_id == bindparam("environment_id"), live.c.to_release.is_(None)
)
_LEAVES = _ALL_LEAVES.where(live.c.bucket.in_(bindparam("buckets", expanding=True)))
_LEAVES_OF_ONE = _ALL_LEAVES.where(live.c.bucket == bindparam("of_bucket"))
_INSERT_RELEASE = insert(release).returning(release.c.id)
_INSERT_CHANGE = insert(release_change)
_INSERT_LIVE = insert(live)


def seal(
    tx: Transaction,
    sign: Sign,
    *,
    project: str,
    environment: Environment,
    kind: Kind,
    changes: Sequence[Change],
    artifacts: Mapping[str, Artifact],
    actor: Actor,
    reason: str,
    ticket: str | None,
    commit: str,
    rule: str | None = None,
    before: Mapping[str, AnyRow] | None = None,
    origin: Mapping[str, Any] | None = None,
    tier: str | None = None,
) -> Release:
    """Write the release after `environment.head` and return it.

    `project` is the project's name, `rule` the access rule that allowed it. `artifacts` holds the compiled texts by
    digest; those stored already may be missing. `before` holds the rows in force at the changed paths, where the caller
    has read them inside the lock; `origin` and `tier`, the highest of what goes live, go into the audit event. `acknowledged_at` is the transaction's time, moved past the release
    before if the clock went back.

    Raises:
        Conflict: the environment has another head than the value given.
        ValueError: no change, or an address named twice.
    """
    changes = sorted(changes, key=lambda change: change.path)
    paths = [change.path for change in changes]
    if not changes or len(set(paths)) != len(paths):
        raise ValueError("a release changes at least one address, each once")
    conn = tx.conn
    state = conn.execute(_STATE, {"id": environment.id}).one()
    if state.head != environment.head:
        raise head_moved(environment.name, state.head)
    number = state.head + 1
    acknowledged = max(tx.now, state.acknowledged_at + 1)
    epoch = max(state.epoch, state.server_epoch)

    if before is None:
        before = current_rows(conn, environment.id, paths)
    entries = [_entry(change, number) for change in changes]
    store_artifacts(conn, environment.project_id, changes, artifacts)
    _move_intervals(conn, environment.id, number, changes, entries, before)
    note_live(conn, environment.project_id, environment.name, {c.path: _stands(c) for c in changes})
    buckets = rehash(state.buckets, _leaves(conn, environment.id, {bucket_of(p) for p in paths}))
    gone = [row.digest for row in before.values()]
    come = [change.digest for change in changes]
    needed = required_by(conn, environment.project_id, [*gone, *come])
    features = count_features(
        json.loads(state.features),
        gone=[needed[digest] for digest in gone if digest in needed],
        come=[needed[digest] for digest in come if digest in needed],
    )
    count = state.entries - len(before) + sum(change.state != REMOVED for change in changes)
    statement = Statement(
        installation=state.server,
        project=project,
        environment=environment.name,
        environment_id=environment.id,
        epoch=epoch,
        release=number,
        previous=state.statement_hash,
        changes=tuple(entries),
        root=root(buckets),
        count=count,
        acknowledged_at=to_text(acknowledged),
        requires=tuple(sorted(features)),
    )
    release_id, digest = write_release(
        tx,
        sign,
        statement,
        environment.project_id,
        kind,
        commit,
        acknowledged,
        actor,
        reason,
        ticket,
    )
    changed = tuple(
        Changed(change.path, change.state, change.version, _live_version(before.get(change.path)))
        for change in changes
    )
    conn.execute(
        _INSERT_CHANGE,
        [
            {
                "release_id": release_id,
                "path": line.path,
                "state": line.state,
                "version": line.version,
                "previous": line.previous,
            }
            for line in changed
        ],
    )
    moved = conn.execute(
        _MOVE_HEAD,
        {
            "row_id": environment.id,
            "old_head": state.head,
            "new_head": number,
            "new_epoch": epoch,
            "new_buckets": buckets,
            "new_count": count,
            "new_features": json.dumps(features),
        },
    )
    if moved.rowcount != 1:
        raise head_moved(environment.name, state.head)
    outbox.add(
        conn,
        "release",
        environment.id,
        {"epoch": epoch, "release": number},
        tx.now,
        announce=True,
    )
    seq = record(
        tx,
        AuditEvent(
            action=f"release.{kind}",
            object=AuditObject("release", f"{project}@{environment.name}", f"r{number}", digest),
            actor=actor,
            project=project,
            environment=environment.name,
            tier=tier,
            before={
                "release": state.head,
                "prompts": {p: _stood(before.get(p)) for p in paths[:AUDITED]},
            },
            after={
                "release": number,
                "commit": commit,
                "prompts": {
                    c.path: None if c.state == REMOVED else {"state": c.state, "version": c.version}
                    for c in changes[:AUDITED]
                },
                "changed": len(changes),
                **(origin or {}),
            },
            reason=reason,
            ticket=ticket,
            rule=rule,
        ),
        project_id=environment.project_id,
    )
    touched = {c.path: None if c.state == REMOVED else c.version for c in changes}
    note_touched(conn, environment.project_id, seq, touched)
    return Release(
        number=number,
        environment=environment.name,
        kind=kind,
        epoch=epoch,
        commit=commit,
        acknowledged_at=acknowledged,
        actor=actor.name,
        reason=reason,
        ticket=ticket,
        prompts=changed,
        changed=len(changed),
    )


def write_release(
    tx: Transaction,
    sign: Sign,
    statement: Statement,
    project_id: str,
    kind: str,
    commit: str,
    acknowledged_at: int,
    actor: Actor,
    reason: str,
    ticket: str | None,
) -> tuple[int, str]:
    """Sign the statement and insert its row; returns the row's id and the statement's hash.

    Only `seal` and the creation of an environment (release 0) call it.
    """
    text = statement.to_text()
    key_id, signature = sign(text, statement.acknowledged_at)
    digest = statement_hash(text)
    row_id = tx.conn.execute(
        _INSERT_RELEASE,
        {
            "project_id": project_id,
            "environment_id": statement.environment_id,
            "number": statement.release,
            "epoch": statement.epoch,
            "kind": kind,
            "commit_oid": commit,
            "actor": actor.subject,
            "actor_name": actor.name,
            "reason": reason,
            "ticket": ticket,
            "changed": len(statement.changes),
            "statement": text,
            "statement_hash": digest,
            "as_of": acknowledged_at,
            "key_id": key_id,
            "signature": signature,
            "acknowledged_at": acknowledged_at,
        },
    ).scalar_one()
    return int(row_id), digest


def head_moved(name: str, head: int) -> Conflict:
    """The refusal of a change that was based on another release than the newest one."""
    return Conflict(
        f"Environment {name} is at release {head} now: somebody released in between.",
        remedy=f'Look at what changed, then repeat with If-Match: "r{head}".',
        slug="head-moved",
        current={"release": head, "etag": f"r{head}"},
    )


def rehash(buckets: bytes, leaves: Mapping[int, Iterable[bytes]]) -> bytes:
    """The 256 bucket hashes after these buckets (number to all its leaves) were read anew."""
    fresh = bytearray(buckets)
    for number, of_bucket in leaves.items():
        fresh[number * _HASH : (number + 1) * _HASH] = bucket_hash(of_bucket)
    return bytes(fresh)


def root(buckets: bytes) -> str:
    """The hex root over the concatenated bucket hashes."""
    return root_of([buckets[at : at + _HASH] for at in range(0, len(buckets), _HASH)])


def _entry(change: Change, number: int) -> Entry:
    return Entry(change.path, change.state, change.version, number, change.digest, change.reason)


def _live_version(row: AnyRow | None) -> int | None:
    return int(row.version) if row is not None and row.state == LIVE else None


def _stands(change: Change) -> int | None:
    """What the registry remembers of an address, so that prompts are found by where they are live."""
    if change.state == REMOVED:
        return None
    return change.version if change.state == LIVE else SUSPENDED


def _stood(row: AnyRow | None) -> dict[str, Any] | None:
    return None if row is None else {"state": row.state, "version": row.version}


def _move_intervals(
    conn: Connection,
    environment_id: str,
    number: int,
    changes: Sequence[Change],
    entries: Sequence[Entry],
    before: Mapping[str, AnyRow],
) -> None:
    if before:
        conn.execute(_CLOSE, [{"row_id": r.id, "closed_by": number} for r in before.values()])
    fresh = [
        {
            "environment_id": environment_id,
            "path": change.path,
            "bucket": bucket_of(change.path),
            "state": change.state,
            "version": change.version,
            "digest": change.digest,
            "extension": change.content.extension if change.content else "",
            "blob_oid": change.content.blob if change.content else "",
            "reason": change.reason,
            "leaf": leaf(entry),
            "from_release": number,
            "to_release": None,
        }
        for change, entry in zip(changes, entries, strict=True)
        if change.state != REMOVED
    ]
    if fresh:
        conn.execute(_INSERT_LIVE, fresh)


def _leaves(conn: Connection, environment_id: str, numbers: set[int]) -> dict[int, list[bytes]]:
    """All leaves of these buckets as they stand now, the release's own included."""
    found: dict[int, list[bytes]] = {number: [] for number in numbers}
    if len(numbers) == 1:
        rows = conn.execute(
            _LEAVES_OF_ONE, {"environment_id": environment_id, "of_bucket": min(numbers)}
        )
    else:
        rows = conn.execute(_LEAVES, {"environment_id": environment_id, "buckets": sorted(numbers)})
    for row in rows:
        found[row.bucket].append(row.leaf)
    return found
