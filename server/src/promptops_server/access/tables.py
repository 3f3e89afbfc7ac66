"""Tables of people and their tokens."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from promptops_server.infra.tables import metadata

user = Table(
    "user_account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_fold", String(100), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("email", String(320), nullable=True),
    Column("kind", String(16), nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("password_hash", String(300), nullable=True),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # The human behind the account: its own id, or what it shares with their other accounts.
    Column("person", String(64), nullable=False, server_default=""),
    Column("email_fold", String(320), nullable=True),
    # Somebody else knows the password: nothing is signed with it until the person has changed it.
    Column("password_set_by_other", Boolean, nullable=False, server_default=false()),
    # Since when the person has had something of their own to sign in with.
    Column("established_at", BigInteger, nullable=True),
    # When somebody else changed that without a confirmation since, and the accounts that did; see `confirmation`.
    Column("reset_at", BigInteger, nullable=True),
    Column("reset_by", Text, nullable=True),
    Index("ix_user_account_person", "person"),
    Index("ix_user_account_email", "email_fold"),
)

grant = Table(
    "role_grant",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("user_account.id"), nullable=False),
    # The project's name, or "*" for every project: grants outlive no rename, since names never change meaning.
    Column("project", String(100), nullable=False),
    # The folder whose prompts it is limited to, "" for the whole project.
    Column("module", String(600), nullable=False, server_default=""),
    # The environment it is limited to, "" for any.
    Column("environment", String(100), nullable=False, server_default=""),
    Column("role", String(32), nullable=False),
    Column("granted_by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "project", "module", "environment", "role"),
)

access_policy = Table(
    "access_policy",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("comment", String(500), nullable=False),
    Column("author", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # One that was removed stays, inactive: what was in force once can be read again.
    Column("active", Boolean, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("user_account.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(32), nullable=True),
    Column("project", String(100), nullable=True),
    Column("environment", String(100), nullable=True),
    Column("auth_method", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
    Column("last_used_at", BigInteger, nullable=True),
    Index("ix_token_user", "user_id"),
)
