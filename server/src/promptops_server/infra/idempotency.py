"""`Idempotency-Key`: a repeated request gets the first answer again instead of a second change.

The answer is stored in the change's own transaction, so a crash leaves either both or none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, select, text

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import BadRequest, Conflict, ProblemError
from promptops_server.infra.tables import idempotency_key

MAX_KEY_LENGTH = 200

_KEEP = text(
    "INSERT INTO idempotency_key (actor, key, request_hash, status, body, created_at)"
    " VALUES (:actor, :key, :request_hash, :status, :body, :created_at) ON CONFLICT DO NOTHING"
)


def request_hash(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def run_once(
    tx: Transaction,
    actor: Actor,
    key: str | None,
    fingerprint: str,
    work: Callable[[], tuple[int, dict[str, Any]]],
) -> tuple[int, dict[str, Any]]:
    """Do `work` once per actor and key; returns status and JSON body, stored or fresh.

    Call it after the lock that serialises the change: only then does the second of two equal requests at once find the
    first one's answer. A change that no lock guards takes `answer_once`. Without a key, `work` simply runs.

    Raises:
        BadRequest: the key is too long.
        Conflict: the key was, or is at this moment, used for another request.
    """
    stored = _stored(tx.conn, actor, key, fingerprint)
    if stored is not None:
        return stored
    status, body = work()
    if _store(tx, actor, key, fingerprint, status, body) is not None:
        raise RuntimeError("run_once() needs the lock of what it changes; see answer_once()")
    return status, body


R = TypeVar("R")


def answer_once(
    db: Database,
    actor: Actor,
    key: str | None,
    fingerprint: str,
    work: Callable[[Callable[[Transaction, R], None]], R],
    render: Callable[[R], tuple[int, dict[str, Any]]],
) -> tuple[int, dict[str, Any]]:
    """The same for work that opens its transaction itself, after preparing.

    `work` is given a function and calls it last in its transaction with its result, which then is rendered and stored.

    Raises:
        BadRequest, Conflict: as `run_once`; and what `work` raises.
    """

    def keep(tx: Transaction, result: R) -> None:
        stored = _stored(tx.conn, actor, key, fingerprint)
        if stored is not None:
            raise _Answered(stored)
        meanwhile = _store(tx, actor, key, fingerprint, *render(result))
        if meanwhile is not None:
            raise _Answered(meanwhile)

    def look() -> tuple[int, dict[str, Any]] | None:
        if not key:
            return None
        with db.read() as conn:
            return _stored(conn, actor, key, fingerprint)

    before = look()
    if before is not None:
        return before
    try:
        return render(work(keep))
    except _Answered as answered:
        return answered.answer
    except ProblemError:
        # The same request, sent twice at once: what the first one changed may be what the second stumbled over.
        meanwhile = look()
        if meanwhile is None:
            raise
        return meanwhile


class _Answered(Exception):
    """Undoes a transaction whose request was answered by another one meanwhile."""

    def __init__(self, answer: tuple[int, dict[str, Any]]) -> None:
        super().__init__()
        self.answer = answer


def _stored(
    conn: Connection, actor: Actor, key: str | None, fingerprint: str
) -> tuple[int, dict[str, Any]] | None:
    if not key:
        return None
    if len(key) > MAX_KEY_LENGTH:
        raise BadRequest(
            f"Idempotency-Key is longer than {MAX_KEY_LENGTH} characters.",
            remedy="Send a shorter one, for example a UUID.",
        )
    row = conn.execute(
        select(idempotency_key).where(
            idempotency_key.c.actor == actor.subject, idempotency_key.c.key == key
        )
    ).first()
    if row is None:
        return None
    if row.request_hash != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used for a different request.",
            remedy="Use a new key for a new request.",
            slug="idempotency-key-reused",
        )
    return row.status, json.loads(row.body)


def _store(
    tx: Transaction,
    actor: Actor,
    key: str | None,
    fingerprint: str,
    status: int,
    body: dict[str, Any],
) -> tuple[int, dict[str, Any]] | None:
    """Keep the answer; returns the one another transaction kept for the same request since we looked.

    PostgreSQL waits here for a transaction that uses the key and is not committed yet; the look after that finds its row.
    """
    if not key:
        return None
    kept = tx.conn.execute(
        _KEEP,
        {
            "actor": actor.subject,
            "key": key,
            "request_hash": fingerprint,
            "status": status,
            "body": json.dumps(body),
            "created_at": tx.now,
        },
    )
    return _stored(tx.conn, actor, key, fingerprint) if kept.rowcount == 0 else None
