"""Values of people and tokens; no framework."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

TOKEN_PREFIX = "pot_"  # noqa: S105 - the visible start of every token, for secret scanners


@dataclass(frozen=True, slots=True)
class User:
    """A person or a service account. `name` is unique without regard to case."""

    id: str
    name: str
    display_name: str
    email: str | None
    kind: str
    admin: bool
    active: bool
    created_at: int
    person: str = ""
    """The human behind the account; shared by all their accounts."""
    reset_at: int | None = None
    """Since when a change by somebody else waits for a confirmation; see `confirmation`."""


@dataclass(frozen=True, slots=True)
class Token:
    """What may be shown of a token; its secret is shown once, when it is made."""

    id: str
    user: str
    """The holder's name."""
    name: str
    role: str | None
    project: str | None
    environment: str | None
    auth_method: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None


def new_secret() -> str:
    """A new token: 256 random bits, so that an unsalted fast hash is enough to store."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """Hex SHA-256, what the database keeps."""
    return hashlib.sha256(secret.encode()).hexdigest()
