"""`Idempotency-Key`: a repeated request gets the first answer again instead of a second change.

The answer is stored in the change's own transaction, so a crash leaves either both or none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import BadRequest, Conflict
from promptops_server.infra.tables import idempotency_key

MAX_KEY_LENGTH = 200


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

    Call it after the lock that serialises the change. Without a key, `work` simply runs.

    Raises:
        BadRequest: the key is too long.
        Conflict: the key was used for another request.
    """
    if not key:
        return work()
    if len(key) > MAX_KEY_LENGTH:
        raise BadRequest(
            f"Idempotency-Key is longer than {MAX_KEY_LENGTH} characters.",
            remedy="Send a shorter one, for example a UUID.",
        )
    row = tx.conn.execute(
        select(idempotency_key).where(
            idempotency_key.c.actor == actor.subject, idempotency_key.c.key == key
        )
    ).first()
    if row is not None:
        if row.request_hash != fingerprint:
            raise Conflict(
                "This Idempotency-Key was used for a different request.",
                remedy="Use a new key for a new request.",
                slug="idempotency-key-reused",
            )
        return row.status, json.loads(row.body)
    status, body = work()
    tx.conn.execute(
        insert(idempotency_key).values(
            actor=actor.subject,
            key=key,
            request_hash=fingerprint,
            status=status,
            body=json.dumps(body),
            created_at=tx.now,
        )
    )
    return status, body
