"""Tables of sign-in: sessions, one-time codes, wrong attempts, identities at the provider."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from promptops_server.infra.tables import metadata

browser_session = Table(
    "browser_session",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("user_account.id"), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    # password or sso
    Column("auth_method", String(16), nullable=False),
    # The person still has to enrol a second factor: until then the session opens nothing else.
    Column("limited", Boolean, nullable=False),
    Column("ip", String(64), nullable=True),
    Column("agent", String(200), nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    # When the identity provider last saw the person prove who they are, and its own name for its session.
    Column("proved_at", BigInteger, nullable=True),
    Column("provider_session", String(255), nullable=True),
    Index("ix_browser_session_user", "user_id", "id"),
    Index("ix_browser_session_provider", "provider_session"),
)

totp = Table(
    "totp",
    metadata,
    Column("user_id", String(36), ForeignKey("user_account.id"), primary_key=True),
    # The confirmed secret, and one that waits for its first code; both sealed.
    Column("sealed", LargeBinary, nullable=True),
    Column("pending", LargeBinary, nullable=True),
    Column("confirmed_at", BigInteger, nullable=True),
    # The last time step whose code was accepted: none is accepted twice.
    Column("last_step", BigInteger, nullable=False),
    # An administrator took the second factor away and the person has not enrolled again.
    Column("reset_by_other", Boolean, nullable=False),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("user_id", String(36), ForeignKey("user_account.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("used_at", BigInteger, nullable=True),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    # SHA-256 of what is counted (a name, an address, a name from an address): names typed here may be passwords.
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    # When this name last signed in from this address.
    Column("good_at", BigInteger, nullable=True),
    Index("ix_sign_in_failure_last", "last_at"),
)

sso_identity = Table(
    "sso_identity",
    metadata,
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", String(36), ForeignKey("user_account.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Index("ix_sso_identity_user", "user_id"),
)

sso_terminal = Table(
    "sso_terminal",
    metadata,
    Column("id", String(36), primary_key=True),
    # SHA-256 of the code a person types, and of the secret the terminal asks with.
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("user_id", String(36), nullable=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_sso_terminal_expires", "expires_at"),
)

signing_session = Table(
    "signing_session",
    metadata,
    Column("user_id", String(36), ForeignKey("user_account.id"), primary_key=True),
    # The session's or token's id.
    Column("session", String(36), primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)
