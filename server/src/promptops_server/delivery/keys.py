"""The installation's signing keys: made on first use, kept sealed in the database, used from memory.

Owns creating, signing and the list that is published. Leaves what is signed to `releases` (statements),
`vouch` (the hourly `as_of`), `audit` (checkpoints) and `compliance` (evidence packs), and what clients trust to `promptops.delivery.trust`.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Row, insert, select, text

from promptops.audit import checkpoint
from promptops.delivery.header import Header, key_id_of, signature_is_right, signing_bytes
from promptops.evidence.offline.whole import evidence_signing_bytes
from promptops_server.delivery.errors import KeyUnreadable
from promptops_server.delivery.tables import signing_key
from promptops_server.infra import clock
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.sealing import SealBroken, Sealer
from promptops_server.infra.tables import installation

log = structlog.get_logger(__name__)

_LIST_SECONDS = 5.0  # how long another server's new key may stay unpublished here
_SEALED_FOR = "promptops signing keys v1"

_KEYS = select(signing_key).order_by(signing_key.c.created_at, signing_key.c.key_id)
# Any constant works; it must only differ from the other advisory locks of this product.
_FIRST_KEY_LOCK = text("SELECT pg_advisory_xact_lock(7310417883)")


@dataclass(frozen=True, slots=True)
class _Active:
    key_id: str
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class _Published:
    read_at: float
    publics: dict[str, bytes]
    document: bytes


class Keys:
    """The keys of one installation; one per process, safe between threads.

    Args:
        db: where the sealed keys are.
        secret: the installation's secret key, at least 16 bytes, from the setting or the data folder.

    Raises:
        ValueError: the secret is too short.
    """

    def __init__(self, db: Database, secret: bytes) -> None:
        self._db = db
        self._sealer = Sealer(secret, _SEALED_FOR)
        self._active: _Active | None = None
        self._published: _Published | None = None
        self._mutex = threading.Lock()

    def ensure(self) -> str:
        """Load the active key, or make the installation's first; returns its id. Call it at start-up.

        Raises:
            KeyUnreadable: the key was sealed with another secret.
        """
        with self._db.read() as conn:
            row = _active_row(conn)
        if row is None:
            row = self._create()
        self._active = _Active(row.key_id, self._open(row))
        return self._active.key_id

    def sign(self, statement_text: str, as_of_text: str) -> tuple[str, str]:
        """Sign a statement's exact text as the head at `as_of_text` (RFC 3339 with microseconds and `Z`).

        Needs no database, so that it may be called inside a transaction. Returns key id and base64 signature.

        Raises:
            Unavailable: `ensure` has not been called.
        """
        active = self._loaded()
        signature = active.private.sign(signing_bytes(statement_text, as_of_text, active.key_id))
        return active.key_id, base64.b64encode(signature).decode()

    def sign_checkpoint(self, text: str) -> tuple[str, str]:
        """Sign an audit checkpoint's exact text. Needs no database. Returns key id and base64 signature.

        Raises:
            Unavailable: `ensure` has not been called.
        """
        active = self._loaded()
        signature = active.private.sign(checkpoint.signing_bytes(text, active.key_id))
        return active.key_id, base64.b64encode(signature).decode()

    def sign_evidence(self, manifest: bytes) -> tuple[str, str]:
        """Sign the bytes of an evidence pack's manifest. Needs no database. Returns key id and base64 signature.

        Raises:
            Unavailable: `ensure` has not been called.
        """
        active = self._loaded()
        signature = active.private.sign(evidence_signing_bytes(manifest, active.key_id))
        return active.key_id, base64.b64encode(signature).decode()

    def _loaded(self) -> _Active:
        if self._active is None:
            raise Unavailable(
                "No signing key is loaded.", remedy="Start the server; it loads the key."
            )
        return self._active

    def document(self) -> bytes:
        """The published list of keys, as `GET /delivery/v1/keys` answers it. At most 5 seconds old."""
        return self._list().document

    def signed_here(self, header: Header) -> bool:
        """Whether one of this installation's keys signed the header."""
        public = self._list().publics.get(header.key_id)
        return public is not None and signature_is_right(header, public)

    def _list(self) -> _Published:
        published = self._published
        if published is not None and time.monotonic() - published.read_at < _LIST_SECONDS:
            return published
        with self._db.read() as conn:
            owner = conn.execute(select(installation.c.id)).scalar()
            rows = conn.execute(_KEYS).all()
        if owner is None:
            raise Unavailable(
                "The database holds no installation yet.", remedy="Start the server once."
            )
        self._published = _Published(
            time.monotonic(),
            {row.key_id: base64.b64decode(row.public) for row in rows},
            orjson.dumps({"installation": owner, "keys": [_listed(row) for row in rows]}),
        )
        return self._published

    def _create(self) -> Row[Any]:
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        key_id = key_id_of(public)
        with self._mutex, self._db.write() as tx:
            if tx.conn.dialect.name != "sqlite":  # two servers may start at once
                tx.conn.execute(_FIRST_KEY_LOCK)
            existing = _active_row(tx.conn)
            if existing is not None:
                return existing
            tx.conn.execute(
                insert(signing_key),
                {
                    "key_id": key_id,
                    "public": base64.b64encode(public).decode(),
                    "private_sealed": self._sealer.seal(private.private_bytes_raw(), key_id),
                    "signed_by": None,
                    "signature": None,
                    "created_at": tx.now,
                    "retired_at": None,
                },
            )
            made = _active_row(tx.conn)
        assert made is not None
        log.info("signing_key_created", key_id=key_id)
        return made

    def _open(self, row: Row[Any]) -> Ed25519PrivateKey:
        try:
            private = self._sealer.open(bytes(row.private_sealed), row.key_id)
        except SealBroken:
            raise KeyUnreadable(
                f"The signing key {row.key_id} was sealed with another secret key than the one given.",
                remedy="Give the secret key this database was set up with: PROMPTOPS_SECRET_KEY, "
                "or the file secret.key in the data folder.",
            ) from None
        return Ed25519PrivateKey.from_private_bytes(private)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of the installation, without its secret half. Times are microseconds since 1970."""

    key_id: str
    public: str
    """Base64 of 32 bytes."""
    fingerprint: str
    """SHA-256 of the public key's bytes, in hexadecimal."""
    in_use: bool
    """New signatures are made with it; an older key still verifies what it signed."""
    created_at: int
    retired_at: int | None
    signed_by: str | None
    """The key that vouches for it."""


def known_keys(conn: Connection) -> list[KnownKey]:
    """Every signing key there was, the oldest first."""
    active = _active_row(conn)
    return [
        KnownKey(
            key_id=row.key_id,
            public=row.public,
            fingerprint=hashlib.sha256(base64.b64decode(row.public)).hexdigest(),
            in_use=active is not None and row.key_id == active.key_id,
            created_at=row.created_at,
            retired_at=row.retired_at,
            signed_by=row.signed_by,
        )
        for row in conn.execute(_KEYS)
    ]


def _active_row(conn: Connection) -> Row[Any] | None:
    rows = [row for row in conn.execute(_KEYS) if row.retired_at is None]
    return rows[-1] if rows else None


def _listed(row: Row[Any]) -> dict[str, str | None]:
    return {
        "key_id": row.key_id,
        "algorithm": "ed25519",
        "public": row.public,
        "created_at": clock.to_text(row.created_at),
        "signed_by": row.signed_by,
        "signature": row.signature,
    }
