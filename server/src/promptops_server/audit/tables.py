"""Tables of the audit log. Rows are only ever inserted; nothing cascades into them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from promptops_server.infra.tables import metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("log_id", String(36), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("occurred_at", BigInteger, nullable=False),
    Column("action", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("actor", String(36), nullable=False),
    Column("object_type", String(32), nullable=False),
    Column("object_id", String(700), nullable=False),
    Column("body", Text, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Index("ix_audit_event_object", "log_id", "object_id", "seq"),
    Index("ix_audit_event_actor", "log_id", "actor", "seq"),
    Index("ix_audit_event_action", "log_id", "action", "seq"),
)

audit_subtree = Table(
    "audit_subtree",
    metadata,
    Column("log_id", String(36), primary_key=True),
    # Of complete subtrees of 2^level entries, from `tree.LOWEST_LEVEL` up; written when a checkpoint is made.
    Column("level", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("log_id", String(36), primary_key=True),
    Column("size", Integer, primary_key=True),
    Column("root", String(64), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("signature", String(100), nullable=False),
    Column("text", Text, nullable=False),  # exactly what is signed
)
