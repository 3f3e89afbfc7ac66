"""The signing keys as administrators see them: state, who announced or revoked each and why, and what applications trust.

The reasons are read from the audit log, which alone keeps them. Secret halves stay in `delivery.keys`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from promptops_server.audit import INSTALLATION_LOG
from promptops_server.audit.read import Filter, read_log
from promptops_server.delivery.known_keys import (
    KeyState,
    KnownKey,
    known_keys,
    state_of,
    successor_of,
    trust_lines,
)
from promptops_server.delivery.rotate_key import DEFAULT_HOURS, LONGEST_HOURS
from promptops_server.infra.body_fields import Lines
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database

_TOLD = 100
"""Announcements and revocations whose reasons are looked up, each: more than an installation has keys."""


class KeyReason(BaseModel):
    """Who did it to a key, and why."""

    by: str | None = Field(description="null: erased")
    reason: str | None


class KeyOut(BaseModel):
    """A signing key, without its secret half."""

    id: str
    purposes: list[Literal["headers", "checkpoints", "evidence"]]
    algorithm: Literal["ed25519"] = "ed25519"
    public: str = Field(description="base64: a line of `trust_key`")
    fingerprint: str = Field(description="SHA-256 of the public key, in hexadecimal")
    state: KeyState = Field(
        description="announced: it will sign; retired: what it signed stays right; revoked: nothing it signed counts"
    )
    in_use: bool = Field(description="new signatures are made with it; older keys still verify")
    signs_from: str
    created_at: str
    retired_at: str | None = Field(description="when the next one began, or will begin, to sign")
    signed_by: str | None = Field(description="the key that vouches for it")
    revoked_at: str | None
    announced: KeyReason | None = Field(description="null: the audit log does not say")
    revoked: KeyReason | None
    successor: str | None = Field(
        description="the key that would sign if this one were revoked now; null: a new one would be made"
    )


class KeyList(BaseModel):
    """Every signing key there was, oldest first."""

    items: list[KeyOut]
    trust_key: str = Field(
        description="the text of a trust_key file for applications: the keys that count"
    )


class NextKey(BaseModel):
    """The next signing key is made and published now, and signs later, so that applications know it by then."""

    model_config = ConfigDict(extra="forbid")

    signs_after_hours: float = Field(DEFAULT_HOURS, ge=0, le=LONGEST_HOURS)
    reason: Annotated[Lines, Field(min_length=3, max_length=2000)]


class RevokedKey(BaseModel):
    """Why a key is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Lines, Field(min_length=3, max_length=2000)]


def list_keys(db: Database) -> KeyList:
    """Every key as of now.

    Raises:
        Unavailable: the database did not answer.
    """
    with db.read() as conn:
        keys = known_keys(conn)
        announced = _reasons(conn, "key.announce")
        revoked = _reasons(conn, "key.revoke")
    now = now_us()
    items = [
        _shown(key, keys, now, announced.get(key.key_id), revoked.get(key.key_id)) for key in keys
    ]
    return KeyList(items=items, trust_key="".join(f"{line}\n" for line in trust_lines(keys, now)))


def _reasons(conn: Connection, action: str) -> dict[str, KeyReason]:
    where = Filter(action=action, outcome="ok")
    page = read_log(conn, INSTALLATION_LOG, where, limit=_TOLD, after=None)
    return {str(event["object"]["id"]): _reason(event) for event in page.items}


def _reason(event: dict[str, Any]) -> KeyReason:
    return KeyReason(by=event["actor"]["name"], reason=event["reason"])


def _shown(
    key: KnownKey,
    keys: list[KnownKey],
    now: int,
    announced: KeyReason | None,
    revoked: KeyReason | None,
) -> KeyOut:
    state = state_of(key, keys, now)
    next_one = successor_of(key, keys, now)
    return KeyOut(
        id=key.key_id,
        purposes=["headers", "checkpoints", "evidence"],
        public=key.public,
        fingerprint=key.fingerprint,
        state=state,
        in_use=state == "signing",
        signs_from=to_text(key.signs_from),
        created_at=to_text(key.created_at),
        retired_at=_time(key.retired_at),
        signed_by=key.signed_by,
        revoked_at=_time(key.revoked_at),
        announced=announced,
        revoked=revoked,
        successor=next_one and next_one.key_id,
    )


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)
