"""Tables of environments and releases.

`live` keeps validity intervals in release numbers: what was live at release r are the rows with
``from_release <= r`` and ``to_release`` null or above r. So "what is live" and "what was live at T" are one query.
"""

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
    Text,
    UniqueConstraint,
    text,
)

from promptops_server.infra.tables import BigId, metadata
from promptops_server.registry.tables import PathText

environment = Table(
    "environment",
    metadata,
    Column("id", String(36), primary_key=True),  # never reused, part of every signed header
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_fold", String(100), nullable=False),
    Column("position", Integer, nullable=False),  # order of promotion
    Column("approval_required", Boolean, nullable=False),
    Column("head", Integer, nullable=False),  # number of the newest release; 0 while empty
    Column("epoch", Integer, nullable=False),
    Column(
        "buckets", LargeBinary, nullable=False
    ),  # 256 bucket hashes of 32 bytes (docs/delivery-protocol.md)
    Column("count", Integer, nullable=False),  # entries after the newest release
    Column(
        "features", Text, nullable=False
    ),  # JSON: feature -> number of live artifacts needing it
    Column("created_at", BigInteger, nullable=False),
    Column("rules", Text, nullable=False, server_default="{}"),  # JSON: rule -> its settings
    UniqueConstraint("project_id", "name_fold"),
)

release = Table(
    "release",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("environment_id", String(36), ForeignKey("environment.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 0 is the signed statement of the empty environment
    Column("epoch", Integer, nullable=False),
    # create (number 0, the empty environment), publish, rollback, unpublish, suspend
    Column("kind", String(16), nullable=False),
    Column("commit_oid", String(64), nullable=False),
    Column("actor", String(36), nullable=False),
    Column("actor_name", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("ticket", String(200), nullable=True),
    Column("changed", Integer, nullable=False),  # number of its release_change rows
    Column("statement", Text, nullable=False),
    Column("statement_hash", String(64), nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("signature", String(100), nullable=False),
    Column("acknowledged_at", BigInteger, nullable=False),
    UniqueConstraint("environment_id", "number"),
    Index("ix_release_time", "environment_id", "acknowledged_at"),
)

release_change = Table(
    "release_change",
    metadata,
    Column("release_id", BigId, ForeignKey("release.id"), primary_key=True),
    Column("path", String(600), primary_key=True),
    Column("state", String(16), nullable=False),  # live, suspended, removed
    Column("version", Integer, nullable=False),
    Column("previous", Integer, nullable=True),  # version live before, if any
)

live = Table(
    "live",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("environment_id", String(36), ForeignKey("environment.id"), nullable=False),
    Column("path", PathText, nullable=False),
    Column("bucket", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # live or suspended
    Column("version", Integer, nullable=False),
    Column("digest", String(80), nullable=False),  # artifact; empty while suspended
    # The file on the environment's branch: its ending and its blob; empty while suspended.
    Column("extension", String(16), nullable=False),
    Column("blob_oid", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),  # the entry's hash in the signed root
    Column("from_release", Integer, nullable=False),
    Column("to_release", Integer, nullable=True),
    Index(
        "uq_live_now",
        "environment_id",
        "path",
        unique=True,
        sqlite_where=text("to_release IS NULL"),
        postgresql_where=text("to_release IS NULL"),
    ),
    Index(
        "ix_live_bucket",
        "environment_id",
        "bucket",
        sqlite_where=text("to_release IS NULL"),
        postgresql_where=text("to_release IS NULL"),
    ),
    Index("ix_live_history", "environment_id", "path", "from_release"),
)

artifact = Table(
    "artifact",
    metadata,
    Column("digest", String(80), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("requires", Text, nullable=False),  # JSON array of feature names
    # A tombstone: the text is empty and is served to nobody; statements that name the digest stay as they were signed.
    Column("redacted_at", BigInteger, nullable=True),
    Index(
        "ix_artifact_redacted",
        "project_id",
        "digest",
        sqlite_where=text("redacted_at IS NOT NULL"),
        postgresql_where=text("redacted_at IS NOT NULL"),
    ),
)
