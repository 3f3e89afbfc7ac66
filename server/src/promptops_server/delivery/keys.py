"""The installation's signing keys: made on first use, kept sealed in the database, used from memory.

Owns the secret halves, signing, and the list that is published. Leaves which key signs when to `known_keys`, the next key
to `rotate_key`, taking one back to `revoke_key`, what is signed to `releases` (statements),
`vouch` (the hourly `as_of`), `audit` (checkpoints) and `compliance` (evidence packs), and what clients trust to `promptops.delivery.trust`.
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass

import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select, text

from promptops.audit import checkpoint
from promptops.delivery.header import Header, key_id_of, signature_is_right, signing_bytes
from promptops.evidence.offline.whole import evidence_signing_bytes
from promptops_server.delivery.errors import KeyUnreadable
from promptops_server.delivery.known_keys import KnownKey, announced_at, known_keys, signing_at
from promptops_server.delivery.tables import signing_key
from promptops_server.infra import clock
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.sealing import SealBroken, Sealer
from promptops_server.infra.tables import installation

log = structlog.get_logger(__name__)

_LIST_SECONDS = 5.0  # how long another server's new key may stay unpublished here
_NEVER = 2**63
_SEALED_FOR = "promptops signing keys v1"

# Any constant works; it must only differ from the other advisory locks of this product.
_KEYS_LOCK = text("SELECT pg_advisory_xact_lock(7310417884)")


@dataclass(frozen=True, slots=True)
class _Active:
    known: KnownKey
    private: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        return self.known.key_id


@dataclass(frozen=True, slots=True)
class _Published:
    read_at: float
    publics: dict[str, bytes]
    revoked: frozenset[str]
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
        self._held: dict[str, _Active] = {}
        """What may sign, now or later, by id."""
        self._active: _Active | None = None
        self._next_at = 0
        """When to look which of them signs, in microseconds."""
        self._published: _Published | None = None
        self._mutex = threading.Lock()

    def ensure(self) -> str:
        """Load the active key, or make the installation's first; returns its id. Call it at start-up.

        Raises:
            KeyUnreadable: the key was sealed with another secret.
        """
        with self._db.read() as conn:
            there = known_keys(conn)
        if not there:
            self._create()
        self._read(force=True)
        return self._loaded().key_id

    def refresh(self) -> None:
        """Learn of keys that another process announced or revoked; costs a query every few seconds.

        Raises:
            KeyUnreadable: a new key was sealed with another secret.
            Unavailable: the database did not answer.
        """
        self._read()

    def learn_now(self) -> None:
        """As `refresh`, at once: this process changed keys. Raises as it does."""
        self._read(force=True)

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
        now = clock.now_us()
        if now >= self._next_at or self._active is None:
            self._choose(now)
        if self._active is None:
            raise Unavailable(
                "No signing key is loaded.", remedy="Start the server; it loads the key."
            )
        return self._active

    def _choose(self, now: int) -> None:
        """Take the key that signs now, and note when the next one's time comes."""
        known = [held.known for held in self._held.values()]
        signs, follows = signing_at(known, now), announced_at(known, now)
        self._active = None if signs is None else self._held[signs.key_id]
        self._next_at = _NEVER if follows is None else follows.signs_from

    def document(self) -> bytes:
        """The published list of keys, as `GET /delivery/v1/keys` answers it. At most 5 seconds old."""
        return self._list().document

    def signed_here(self, header: Header) -> bool:
        """Whether one of this installation's keys signed the header."""
        public = self._list().publics.get(header.key_id)
        return public is not None and signature_is_right(header, public)

    def revoked(self) -> frozenset[str]:
        """The ids of the keys that count no longer, as of a few seconds ago."""
        return self._list().revoked

    def private_of(self, key_id: str) -> Ed25519PrivateKey:
        """A key's secret half, for `rotate_key` and `revoke_key`. Raises Unavailable when it is not loaded."""
        held = self._held.get(key_id)
        if held is None:
            raise Unavailable(
                f"The signing key {key_id} is not loaded.", remedy="Try again in ten seconds."
            )
        return held.private

    def seal(self, private: Ed25519PrivateKey, key_id: str) -> bytes:
        """A secret half as it is stored."""
        return self._sealer.seal(private.private_bytes_raw(), key_id)

    def _list(self) -> _Published:
        published = self._read()
        if published is None:
            raise Unavailable(
                "The database holds no installation yet.", remedy="Start the server once."
            )
        return published

    def _read(self, *, force: bool = False) -> _Published | None:
        published = self._published
        if (
            not force
            and published is not None
            and time.monotonic() - published.read_at < _LIST_SECONDS
        ):
            return published
        with self._db.read() as conn:
            owner = conn.execute(select(installation.c.id)).scalar()
            keys = known_keys(conn)
            wanted = [k.key_id for k in keys if k.revoked_at is None and k.key_id not in self._held]
            sealed = _sealed(conn, wanted)
        by_id = {key.key_id: key for key in keys if key.revoked_at is None}
        opened = {k: self._open(k, text) for k, text in sealed.items()}
        with self._mutex:
            privates = {k: held.private for k, held in self._held.items()} | opened
            self._held = {k: _Active(key, privates[k]) for k, key in by_id.items() if k in privates}
            self._choose(clock.now_us())
            if owner is None:  # nobody is to be told of them yet
                return None
            self._published = _Published(
                time.monotonic(),
                {key.key_id: key.public_bytes for key in by_id.values()},
                frozenset(key.key_id for key in keys if key.revoked_at is not None),
                orjson.dumps({"installation": owner, "keys": [key.listed() for key in keys]}),
            )
            return self._published

    def _create(self) -> None:
        private = Ed25519PrivateKey.generate()
        with self._db.write() as tx:
            lock_keys(tx.conn)  # two servers may start at once
            if known_keys(tx.conn):
                return
            key_id = store_key(tx.conn, self, private, tx.now, signs_from=tx.now)
        log.info("signing_key_created", key_id=key_id)

    def _open(self, key_id: str, sealed: bytes) -> Ed25519PrivateKey:
        try:
            private = self._sealer.open(sealed, key_id)
        except SealBroken:
            raise KeyUnreadable(
                f"The signing key {key_id} was sealed with another secret key than the one given.",
                remedy="Give the secret key this database was set up with: PROMPTOPS_SECRET_KEY, "
                "or the file secret.key in the data folder.",
            ) from None
        return Ed25519PrivateKey.from_private_bytes(private)


def lock_keys(conn: Connection) -> None:
    """Be the only one that changes keys until the transaction ends."""
    if conn.dialect.name != "sqlite":
        conn.execute(_KEYS_LOCK)


def store_key(
    conn: Connection,
    keys: Keys,
    private: Ed25519PrivateKey,
    now: int,
    *,
    signs_from: int,
    signed_by: str | None = None,
    signature: str | None = None,
) -> str:
    """Write a new key; returns its id."""
    public = private.public_key().public_bytes_raw()
    key_id = key_id_of(public)
    conn.execute(
        insert(signing_key),
        {
            "key_id": key_id,
            "public": base64.b64encode(public).decode(),
            "private_sealed": keys.seal(private, key_id),
            "signed_by": signed_by,
            "signature": signature,
            "created_at": now,
            "retired_at": None,
            "signs_from": signs_from,
        },
    )
    return key_id


def _sealed(conn: Connection, key_ids: list[str]) -> dict[str, bytes]:
    if not key_ids:
        return {}
    rows = conn.execute(
        select(signing_key.c.key_id, signing_key.c.private_sealed).where(
            signing_key.c.key_id.in_(key_ids)
        )
    )
    return {row.key_id: bytes(row.private_sealed) for row in rows}
