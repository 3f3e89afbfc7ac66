"""The installation's signing keys without their secret halves: which there are, and what each is good for at a time.

Pure but for reading the rows. A key is announced before it signs, signs, is retired by the next one (what it signed stays
right), and may be revoked at any point (then nothing it signed counts for followers). Leaves the secret halves to `keys`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from promptops_server.delivery.tables import signing_key
from promptops_server.infra import clock

KeyState = Literal["announced", "signing", "retired", "revoked"]


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of the installation. Times are microseconds since 1970."""

    key_id: str
    public: str
    """Base64 of 32 bytes."""
    created_at: int
    signs_from: int
    """From when on new signatures are made with it, until a later key's time comes."""
    retired_at: int | None
    signed_by: str | None
    """The key that vouches for it."""
    signature: str | None
    revoked_at: int | None
    revoked_by: str | None
    revocation: str | None

    @property
    def public_bytes(self) -> bytes:
        """The key itself."""
        return base64.b64decode(self.public)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key's bytes, in hexadecimal."""
        return hashlib.sha256(self.public_bytes).hexdigest()

    def listed(self) -> dict[str, str | None]:
        """As `GET /delivery/v1/keys` has it."""
        return {
            "key_id": self.key_id,
            "algorithm": "ed25519",
            "public": self.public,
            "created_at": clock.to_text(self.created_at),
            "signs_from": clock.to_text(self.signs_from),
            "signed_by": self.signed_by,
            "signature": self.signature,
            "revoked_at": None if self.revoked_at is None else clock.to_text(self.revoked_at),
            "revoked_by": self.revoked_by,
            "revocation": self.revocation,
        }


def known_keys(conn: Connection) -> list[KnownKey]:
    """Every signing key there was, the oldest first."""
    columns = signing_key.c
    rows = conn.execute(
        select(
            columns.key_id, columns.public, columns.created_at, columns.signs_from,
            columns.retired_at, columns.signed_by, columns.signature, columns.revoked_at,
            columns.revoked_by, columns.revocation,
        ).order_by(columns.created_at, columns.key_id)
    )  # fmt: skip
    # A server of the version before writes no `signs_from`.
    return [
        KnownKey(**{**row._mapping, "signs_from": row.signs_from or row.created_at}) for row in rows
    ]


def signing_at(keys: Iterable[KnownKey], now: int) -> KnownKey | None:
    """The key that signs at a time: of those whose time has come and that are not revoked, the newest."""
    ready = [key for key in keys if key.revoked_at is None and key.signs_from <= now]
    return max(ready, key=lambda key: (key.signs_from, key.created_at, key.key_id), default=None)


def announced_at(keys: Iterable[KnownKey], now: int) -> KnownKey | None:
    """The key that will sign next, if one is announced."""
    coming = [key for key in keys if key.revoked_at is None and key.signs_from > now]
    return min(coming, key=lambda key: key.signs_from, default=None)


def state_of(key: KnownKey, keys: Iterable[KnownKey], now: int) -> KeyState:
    """What a key is good for at a time."""
    if key.revoked_at is not None:
        return "revoked"
    if key.signs_from > now:
        return "announced"
    return "signing" if signing_at(keys, now) == key else "retired"


def successor_of(revoked: KnownKey, keys: Sequence[KnownKey], now: int) -> KnownKey | None:
    """The key that signs once this one counts no more; None when a new one has to be made."""
    others = [key for key in keys if key.key_id != revoked.key_id]
    signs = signing_at(keys, now)
    if signs is not None and signs.key_id != revoked.key_id:
        return signs
    return announced_at(others, now)


def trust_lines(keys: Sequence[KnownKey], now: int) -> list[str]:
    """A `trust_key` file for applications: every key that counts, each under a line that says which it is."""
    there = [(key, state_of(key, keys, now)) for key in keys]
    return [
        line
        for key, state in there
        if state != "revoked"
        for line in (
            f"# {key.key_id}, {state}, signs from {clock.to_text(key.signs_from)}",
            key.public,
        )
    ]
