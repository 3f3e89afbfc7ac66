"""Tables of redaction: the requests, and what became of every object that was rewritten."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from promptops_server.infra.tables import metadata
from promptops_server.registry.tables import PathText

redaction = Table(
    "redaction",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("state", String(16), nullable=False),  # requested, done, cancelled, expired
    Column("path", PathText, nullable=False),
    Column("version", Integer, nullable=True),
    Column("marker", String(100), nullable=False),  # what stands in place of the text
    Column("texts", Integer, nullable=False),  # how many texts are taken out
    Column("fingerprint", String(64), nullable=False),  # HMAC under a key that is wiped too
    Column("texts_sealed", LargeBinary, nullable=True),  # null once it has ended
    Column("reason", Text, nullable=False),
    Column("ticket", String(200), nullable=True),
    Column("found", Text, nullable=False),  # JSON: what would be touched, when it was requested
    Column("done", Text, nullable=True),  # JSON: what was touched
    Column("requested_by", String(36), nullable=False),
    Column("requested_name", String(100), nullable=False),
    Column("requested_identity", String(36), nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_by", String(36), nullable=True),  # who approved or cancelled it
    Column("ended_name", String(100), nullable=True),
    Column("ended_at", BigInteger, nullable=True),
    Column("cleaned_at", BigInteger, nullable=True),  # freed bytes and projections are gone too
    Index("ix_redaction_project", "project_id", "requested_at", "id"),
    Index("ix_redaction_state", "state", "expires_at"),
)

# Tombstones: the ids stay, the contents are gone. An old id leads to what stands there now, in one step.
redacted_object = Table(
    "redacted_object",
    metadata,
    Column("project_id", String(36), ForeignKey("project.id"), primary_key=True),
    Column("old_oid", String(64), primary_key=True),
    Column("new_oid", String(64), nullable=False),
    Column("type", Integer, nullable=False),  # Git's own numbers, as in `git_object`
    Column("redaction_id", String(36), nullable=False),
    Index("ix_redacted_object_new", "project_id", "new_oid"),
)
