"""Tables of the audit log. Rows are only ever inserted; nothing cascades into them.

Triggers refuse UPDATE, DELETE and TRUNCATE (migration 0013), except where a transaction has a row in
`audit_maintenance`: erasure of a person and retention (see `maintenance`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, text

from promptops_server.infra.tables import metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("log_id", String(36), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("event_id", String(36), nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("action", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("actor", String(36), nullable=False),
    Column("object_type", String(32), nullable=False),
    # A person's row id where the object is a person; names of people lie in `audit_personal`.
    Column("object_id", String(700), nullable=False),
    Column("environment", String(100), nullable=True),
    Column("body", Text, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    Index("ix_audit_event_object", "log_id", "object_id", "seq"),
    # With the action, as one who acts often may do one thing seldom; without it each action is read (see `among`).
    Index("ix_audit_event_actor", "log_id", "actor", "action", "seq"),
    Index("ix_audit_event_action", "log_id", "action", "seq"),
    # Few events have another outcome or name an environment, so these cost most writes nothing.
    Index(
        "ix_audit_event_outcome",
        "log_id",
        "outcome",
        "seq",
        sqlite_where=text("outcome <> 'ok'"),
        postgresql_where=text("outcome <> 'ok'"),
    ),
    Index(
        "ix_audit_event_environment",
        "log_id",
        "environment",
        "action",
        "seq",
        sqlite_where=text("environment IS NOT NULL"),
        postgresql_where=text("environment IS NOT NULL"),
    ),
)

audit_personal = Table(
    "audit_personal",
    metadata,
    Column("log_id", String(36), primary_key=True),
    Column("seq", Integer, primary_key=True),
    # A user's row id, or "@" and the folded name where only that was known.
    Column("subject", String(110), primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("data", Text, nullable=False),  # JSON: place -> value
    Index("ix_audit_personal_subject", "subject", "log_id"),
    sqlite_with_rowid=False,  # one tree less to write with every event
)

# A row of the running transaction opens what the triggers guard; it is gone before the commit.
audit_maintenance = Table("audit_maintenance", metadata, Column("id", String(36), primary_key=True))

audit_erasure = Table(
    "audit_erasure",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("subject", String(36), nullable=False),
    Column("name", String(100), nullable=True),  # emptied when it is done
    Column("asked_at", BigInteger, nullable=False),
    Column("done_at", BigInteger, nullable=True),
)

# How far a log's beginning was removed under retention: `size` entries, a multiple of 256 below a checkpoint.
audit_removed = Table(
    "audit_removed",
    metadata,
    Column("log_id", String(36), primary_key=True),
    Column("size", Integer, primary_key=True),
    Column("prev_hash", String(64), nullable=False),  # the hash of the last entry removed
    Column("checkpoint", Integer, nullable=False),
    Column("removed_at", BigInteger, nullable=False),
)

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=True),  # empty: the whole installation
    Column("reason", Text, nullable=False),
    Column("placed_by", String(36), nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("lifted_by", String(36), nullable=True),
    Column("lifted_at", BigInteger, nullable=True),
    Column("lift_reason", Text, nullable=True),
    Index("ix_legal_hold_project", "project_id", "lifted_at"),
)

# How far a log was sent to an output (``syslog``, ``webhook``).
audit_output = Table(
    "audit_output",
    metadata,
    Column("output", String(16), primary_key=True),
    Column("log_id", String(36), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("checkpoint", Integer, nullable=False),
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
