"""Use case: announce the next signing key. It is published at once, vouched for by the key that signs now, and signs later.

The time between is for applications: whoever reaches the server learns of the key by itself within minutes, whoever is
given keys by a setting gets it from the operator. The older key stays good for what it signed.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from promptops.delivery.trust import sign_key
from promptops_server import audit
from promptops_server.delivery.keys import Keys, lock_keys, store_key
from promptops_server.delivery.known_keys import KnownKey, announced_at, known_keys, signing_at
from promptops_server.delivery.tables import signing_key
from promptops_server.infra import clock
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Invalid, Unavailable

DEFAULT_HOURS = 24.0
LONGEST_HOURS = 90 * 24.0
_HOUR_US = 3_600_000_000


def rotate_key(
    db: Database, keys: Keys, actor: Actor, *, hours: float, reason: str, rule: str = ""
) -> KnownKey:
    """Make the next key; it signs after so many hours. Returns it.

    Raises:
        Invalid: the time is none of 0 to 90 days.
        Conflict: a key is announced already.
        Unavailable: the database did not answer, or the key that signs is not loaded here.
    """
    if not 0 <= hours <= LONGEST_HOURS:
        raise Invalid(
            f"A key cannot sign after {hours:g} hours.", remedy="Give 0 to 2160 hours (90 days)."
        )
    keys.refresh()
    private = Ed25519PrivateKey.generate()
    with db.write() as tx:
        lock_keys(tx.conn)
        there = known_keys(tx.conn)
        coming, signs = announced_at(there, tx.now), signing_at(there, tx.now)
        if coming is not None:
            raise Conflict(
                f"Key {coming.key_id} is announced already, and signs from {clock.to_text(coming.signs_from)} on.",
                remedy="Wait for it, or revoke it.",
            )
        if signs is None:
            raise Unavailable("No key signs now.", remedy="Start a server.")
        signs_from = tx.now + int(hours * _HOUR_US)
        signature = sign_key(keys.private_of(signs.key_id), private.public_key().public_bytes_raw())
        key_id = store_key(
            tx.conn, keys, private, tx.now,
            signs_from=signs_from, signed_by=signs.key_id, signature=signature,
        )  # fmt: skip
        tx.conn.execute(
            update(signing_key)
            .where(signing_key.c.key_id == signs.key_id)
            .values(retired_at=signs_from)
        )
        made = next(key for key in known_keys(tx.conn) if key.key_id == key_id)
        audit.record(
            tx,
            audit.AuditEvent(
                "key.announce",
                audit.AuditObject("signing_key", key_id),
                actor,
                reason=reason,
                before={"signing": signs.key_id},
                after={"fingerprint": made.fingerprint, "signs_from": clock.to_text(signs_from)},
                rule=rule,
            ),
        )
    keys.learn_now()
    return made
