"""The signed statement of one release: its values, exact texts, signature bytes and strict parsing.

Owns what is signed and what counts as well-formed. Leaves to others: which keys are trusted
(`trust`), whether a header may be followed from the state held (`verify`), and hashing of whole
maps (`entries`). No I/O.

Texts are hashed and signed exactly as received and never re-serialised, so a member added by a
newer server does not change a hash here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from promptops.delivery import strict
from promptops.delivery.once import once
from promptops.errors import InvalidHeader

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

LIVE = "live"
SUSPENDED = "suspended"
REMOVED = "removed"
PROTOCOL_VERSION = 1

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_PATH = re.compile(rf"{_NAME}(?:/{_NAME})*")
_ONE_NAME = re.compile(_NAME)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_POSITION = re.compile(r"([1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})")


class Position(NamedTuple):
    """Where an environment stands. Compared as a pair; written `epoch-release`."""

    epoch: int
    release: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.release}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read `epoch-release`; raises `InvalidHeader`."""
        match = _POSITION.fullmatch(text)
        if match is None:
            raise InvalidHeader(
                "position", f"must be epoch-release such as 1-42, not {strict.show(text)}"
            )
        return cls(int(match[1]), int(match[2]))


class Entry(NamedTuple):
    """What is said about one address in one environment; `path` is the address without the project.

    `digest` is empty unless `state` is `live`; `reason` is empty unless it is `suspended` or
    `removed`.
    """

    path: str
    state: str
    version: int
    release: int
    digest: str
    reason: str

    def to_text(self) -> str:
        """The compact JSON that is hashed and stored."""
        return strict.compact_json(list(self))


@dataclass(frozen=True)
class Statement:
    """What one release says. `changes` are in the order written; `root` and `count` hold after
    them.
    """

    installation: str
    project: str
    environment: str
    environment_id: str
    epoch: int
    release: int
    previous: str
    changes: tuple[Entry, ...]
    root: str
    count: int
    acknowledged_at: str
    requires: tuple[str, ...] = ()

    @property
    def position(self) -> Position:
        """Epoch and release, the order in which statements follow each other."""
        return Position(self.epoch, self.release)

    def to_text(self) -> str:
        """The text to sign: compact JSON on one line, members in the protocol's order.

        A well-formed statement comes back equal from `parse_statement`.
        """
        return strict.compact_json(
            {
                "v": PROTOCOL_VERSION,
                "installation": self.installation,
                "project": self.project,
                "environment": self.environment,
                "environment_id": self.environment_id,
                "epoch": self.epoch,
                "release": self.release,
                "previous": self.previous,
                "changes": [list(change) for change in self.changes],
                "root": self.root,
                "count": self.count,
                "acknowledged_at": self.acknowledged_at,
                "requires": list(self.requires),
            }
        )


@dataclass(frozen=True)
class Header:
    """A statement's exact text with a signature. `as_of` is when the server last vouched that this
    is the head.
    """

    statement_text: str
    as_of: str
    key_id: str
    signature: str

    @once
    def statement(self) -> Statement:
        """The parsed statement (parsed once); raises `InvalidHeader`."""
        return parse_statement(self.statement_text)

    @once
    def hash(self) -> str:
        """Hex SHA-256 of the statement's bytes: the next release's `previous`."""
        return statement_hash(self.statement_text)

    @property
    def position(self) -> Position:
        """The statement's position; raises `InvalidHeader`."""
        return self.statement.position

    def to_value(self) -> dict[str, str]:
        """The JSON object as a plain dict, to be put inside a larger document."""
        return {
            "statement": self.statement_text,
            "as_of": self.as_of,
            "key_id": self.key_id,
            "signature": self.signature,
        }

    def to_json(self) -> str:
        """The JSON text, as Redis and the disk copy hold it."""
        return strict.compact_json(self.to_value())

    @classmethod
    def from_value(cls, value: object, where: str = "header") -> Header:
        """Read a decoded JSON object, its statement included; raises `InvalidHeader`."""
        members = strict.mapping(value, where)
        header = cls(
            statement_text=strict.text(members, "statement", where),
            as_of=strict.text(members, "as_of", where),
            key_id=strict.text(members, "key_id", where),
            signature=strict.text(members, "signature", where),
        )
        parse_time(header.as_of, f"{where}.as_of")
        if not _KEY_ID.fullmatch(header.key_id):
            strict.refuse(f"{where}.key_id", "must be 16 lower-case hex digits", header.key_id)
        if len(strict.unbase64(header.signature, f"{where}.signature")) != 64:
            strict.refuse(f"{where}.signature", "must be the base64 of 64 bytes", header.signature)
        _ = header.statement
        return header

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "header") -> Header:
        """Read JSON text; raises `InvalidHeader`."""
        return cls.from_value(strict.load_json(text, where), where)


def parse_statement(text: str, where: str = "statement") -> Statement:
    """Read a statement's exact text strictly; raises `InvalidHeader` naming the member.

    Unknown members are ignored, as the protocol promises to newer servers; known ones must be
    right.
    """
    if "\n" in text or "\r" in text:
        raise InvalidHeader(where, "must be on one line")
    members = strict.mapping(strict.load_json(text, where), where)
    version = strict.integer(members, "v", where, least=1)
    if version != PROTOCOL_VERSION:
        raise InvalidHeader(
            f"{where}.v",
            f"is {version}, but this client speaks {PROTOCOL_VERSION}; install a newer client",
        )
    release = strict.integer(members, "release", where, least=0)
    previous = strict.text(members, "previous", where)
    if release == 0 and previous:
        strict.refuse(f"{where}.previous", "must be empty for release 0", previous)
    if release > 0 and not _HEX64.fullmatch(previous):
        strict.refuse(f"{where}.previous", "must be 64 lower-case hex digits", previous)
    statement = Statement(
        installation=strict.nonempty(members, "installation", where),
        project=strict.matching(members, "project", where, _ONE_NAME, "a name"),
        environment=strict.matching(members, "environment", where, _ONE_NAME, "a name"),
        environment_id=strict.nonempty(members, "environment_id", where),
        epoch=strict.integer(members, "epoch", where, least=1),
        release=release,
        previous=previous,
        changes=parse_entries(
            strict.sequence(members, "changes", where), f"{where}.changes", removed_allowed=True
        ),
        root=strict.matching(members, "root", where, _HEX64, "64 lower-case hex digits"),
        count=strict.integer(members, "count", where, least=0),
        acknowledged_at=strict.text(members, "acknowledged_at", where),
        requires=_features(strict.sequence(members, "requires", where), f"{where}.requires"),
    )
    parse_time(statement.acknowledged_at, f"{where}.acknowledged_at")
    if release == 0 and statement.changes:
        raise InvalidHeader(f"{where}.changes", "must be empty for release 0")
    for index, change in enumerate(statement.changes):
        if change.release != release:
            raise InvalidHeader(
                f"{where}.changes[{index}].release",
                f"is {change.release}, but the change belongs to release {release}",
            )
    return statement


def parse_entry(value: object, where: str = "entry", *, removed_allowed: bool = False) -> Entry:
    """Read one `[path, state, version, release, digest, reason]`; raises `InvalidHeader`.

    `removed_allowed` admits the state that only a change may have.
    """
    if not isinstance(value, list | tuple) or len(value) != 6:
        raise InvalidHeader(where, "must be [path, state, version, release, digest, reason]")
    path, state, version, release, digest, reason = value
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        strict.refuse(f"{where}.path", "must be an address without its project", path)
    states = (LIVE, SUSPENDED, REMOVED) if removed_allowed else (LIVE, SUSPENDED)
    if not isinstance(state, str) or state not in states:
        strict.refuse(f"{where}.state", f"must be one of {', '.join(states)}", state)
    for name, number in (("version", version), ("release", release)):
        if type(number) is not int or not 1 <= number <= strict.LARGEST:
            strict.refuse(f"{where}.{name}", "must be an integer from 1", number)
    if not isinstance(digest, str) or not isinstance(reason, str):
        raise InvalidHeader(where, "digest and reason must be text")
    strict.encodable(reason, f"{where}.reason")
    if state == LIVE:
        if not _DIGEST.fullmatch(digest):
            strict.refuse(f"{where}.digest", "must be sha256: and 64 lower-case hex digits", digest)
        if reason:
            strict.refuse(f"{where}.reason", "must be empty for a live prompt", reason)
    elif digest:
        strict.refuse(f"{where}.digest", f"must be empty when {state}", digest)
    return Entry(path, state, version, release, digest, reason)


def parse_entries(
    values: Sequence[object], where: str = "entries", *, removed_allowed: bool = False
) -> tuple[Entry, ...]:
    """Read entries, each path at most once; raises `InvalidHeader`."""
    entries = tuple(
        parse_entry(value, f"{where}[{index}]", removed_allowed=removed_allowed)
        for index, value in enumerate(values)
    )
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.path in seen:
            raise InvalidHeader(f"{where}[{index}].path", f"{entry.path} is named twice")
        seen.add(entry.path)
    return entries


def statement_hash(text: str) -> str:
    """Hex SHA-256 of a statement's exact UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(artifact_text: str) -> str:
    """The digest of an artifact: `sha256:` and the hex SHA-256 of its exact UTF-8 bytes."""
    return "sha256:" + hashlib.sha256(artifact_text.encode()).hexdigest()


def signing_bytes(statement_text: str, as_of: str, key_id: str) -> bytes:
    """The bytes that a header's signature covers."""
    return f"promptops-header-v1\n{as_of}\n{key_id}\n{statement_text}".encode()


def key_id_of(public_bytes: bytes) -> str:
    """The identifier of a public key: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public_bytes).hexdigest()[:16]


def sign_header(
    private_key: Ed25519PrivateKey,
    statement: Statement | str,
    as_of: datetime | str,
    *,
    key_id: str | None = None,
) -> Header:
    """Sign a statement (or its exact text) as the head at `as_of`.

    Give `key_id` where it is known: deriving it costs a point multiplication each time.
    """
    text = statement if isinstance(statement, str) else statement.to_text()
    when = as_of if isinstance(as_of, str) else format_time(as_of)
    name = key_id or key_id_of(private_key.public_key().public_bytes_raw())
    signature = private_key.sign(signing_bytes(text, when, name))
    return Header(text, when, name, base64.b64encode(signature).decode())


def signature_is_right(header: Header, public_bytes: bytes) -> bool:
    """Whether the header was signed with the private half of this key."""
    from cryptography.exceptions import InvalidSignature

    try:
        _public_key(public_bytes).verify(
            base64.b64decode(header.signature, validate=True),
            signing_bytes(header.statement_text, header.as_of, header.key_id),
        )
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)  # a process trusts a few keys, and meets them with every release
def _public_key(public_bytes: bytes) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public_bytes)


def format_time(moment: datetime) -> str:
    """An aware time as the protocol writes it: UTC, microseconds, `Z`. Such texts sort as the
    times do.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be signed; use datetime.now(UTC)")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_time(text: str, where: str = "time") -> datetime:
    """Read `2026-01-02T04:00:00.000000Z`; raises `InvalidHeader`."""
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    return strict.refuse(where, "must be a UTC time such as 2026-01-02T04:00:00.000000Z", text)


def _features(values: Sequence[object], where: str) -> tuple[str, ...]:
    names: list[str] = []
    for index, value in enumerate(values):
        if not isinstance(value, str) or not _ONE_NAME.fullmatch(value):
            strict.refuse(f"{where}[{index}]", "must be the name of a feature", value)
        names.append(value)
    return tuple(names)
