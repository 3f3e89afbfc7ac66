"""Use case: take a signing key back. From then on nothing it signed counts for followers; heads are signed anew by another.

When it is the key that signs, its successor signs at once: the announced key if there is one, else a new one. What the
revoked key signed in the audit log and in evidence packs stays as it is: those are held against copies kept elsewhere.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from promptops.delivery.trust import sign_key, sign_revocation
from promptops_server import audit
from promptops_server.delivery.keys import Keys, lock_keys, store_key
from promptops_server.delivery.known_keys import KnownKey, known_keys, successor_of
from promptops_server.delivery.tables import signing_key
from promptops_server.infra import clock
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Conflict, NotFound


def revoke_key(
    db: Database, keys: Keys, actor: Actor, key_id: str, *, reason: str, rule: str = ""
) -> KnownKey:
    """Revoke a key of the installation; returns the one that signs from now on.

    Raises:
        NotFound: there is no such key.
        Conflict: it is revoked already.
        Unavailable: the database did not answer, or a key that is needed is not loaded here.
    """
    keys.refresh()
    with db.write() as tx:
        lock_keys(tx.conn)
        there = known_keys(tx.conn)
        found = next((key for key in there if key.key_id == key_id), None)
        if found is None:
            raise NotFound(
                f"There is no signing key {key_id}.",
                remedy="promptops-server keys list shows them.",
            )
        if found.revoked_at is not None:
            raise Conflict(f"Key {key_id} was revoked at {clock.to_text(found.revoked_at)}.")
        signs, private = _successor(tx, keys, there, found)
        moment = clock.to_text(tx.now)
        tx.conn.execute(
            update(signing_key)
            .where(signing_key.c.key_id == key_id)
            .values(
                retired_at=min(found.retired_at or tx.now, tx.now),
                revoked_at=tx.now,
                revoked_by=signs,
                revocation=sign_revocation(private, key_id, moment),
            )
        )
        now_signing = next(key for key in known_keys(tx.conn) if key.key_id == signs)
        audit.record(
            tx,
            audit.AuditEvent(
                "key.revoke",
                audit.AuditObject("signing_key", key_id),
                actor,
                reason=reason,
                after={"signing": signs, "revoked_at": moment},
                rule=rule,
            ),
        )
    keys.learn_now()
    return now_signing


def _successor(
    tx: Transaction, keys: Keys, there: list[KnownKey], revoked: KnownKey
) -> tuple[str, Ed25519PrivateKey]:
    """The key that signs without the revoked one, and its secret half."""
    follows = successor_of(revoked, there, tx.now)
    if follows is not None:
        if follows.signs_from > tx.now:
            _change(tx, follows, signs_from=tx.now)
        elif revoked.signs_from > tx.now:
            _change(tx, follows, retired_at=None)  # nothing is to take over from it any more
        return follows.key_id, keys.private_of(follows.key_id)
    private = Ed25519PrivateKey.generate()
    # Signed by the key that goes: whoever pinned that one finds the new one by it, before it is dropped.
    signature = sign_key(keys.private_of(revoked.key_id), private.public_key().public_bytes_raw())
    key_id = store_key(
        tx.conn, keys, private, tx.now,
        signs_from=tx.now, signed_by=revoked.key_id, signature=signature,
    )  # fmt: skip
    return key_id, private


def _change(tx: Transaction, key: KnownKey, **values: int | None) -> None:
    tx.conn.execute(update(signing_key).where(signing_key.c.key_id == key.key_id).values(**values))
