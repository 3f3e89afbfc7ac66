"""Tables of the workflow. Decisions and comments are only ever added; a request's `state` follows from its decisions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from promptops_server.infra.tables import BigId, metadata
from promptops_server.registry.tables import PathText

review_request = Table(
    "review_request",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, … in the project
    Column("prompt_id", BigId, ForeignKey("prompt.id"), nullable=False),
    Column("path", PathText, nullable=False),
    Column("version", Integer, nullable=False),  # the version shown; the digests are what counts
    Column("behaviour", String(80), nullable=False),
    Column("record", String(80), nullable=False),
    Column("tier", String(8), nullable=False),
    Column("message", Text, nullable=False),
    Column("asked", Text, nullable=False),  # JSON array of user ids
    Column("state", String(20), nullable=False),  # as of the last decision; a lapse shows by time
    Column("opened_by", String(36), nullable=False),
    Column("opened_identity", String(64), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("approved_at", BigInteger, nullable=True),
    Column("used_at", BigInteger, nullable=True),
    Column("renewed_at", BigInteger, nullable=True),
    UniqueConstraint("project_id", "number"),
    Index("ix_review_request_state", "project_id", "state", "number"),
    Index("ix_review_request_content", "prompt_id", "behaviour", "record", "number"),
    Index("ix_review_request_path", "project_id", "path", "number"),
)

review_decision = Table(
    "review_decision",
    metadata,
    Column("request_id", String(36), ForeignKey("review_request.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("subject", String(36), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("name", String(200), nullable=False),  # as printed when it was made
    Column("role", String(32), nullable=False),
    Column("auth_method", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    # What it was made about; it counts for nothing else.
    Column("behaviour", String(80), nullable=False),
    Column("record", String(80), nullable=False),
    Column("tier", String(8), nullable=False),
    Column("accepted", Text, nullable=False),  # JSON array of keys answered n/a
    Column("conditions", Text, nullable=False),  # of a validation
    Column("report_hash", String(80), nullable=True),  # of a validation
    Column("signature", Text, nullable=True),  # JSON
    Index("ix_review_decision_subject", "subject", "at"),
)

review_comment = Table(
    "review_comment",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("request_id", String(36), ForeignKey("review_request.id"), nullable=False),
    Column("project_id", String(36), nullable=False),
    Column("thread", String(36), nullable=False),  # id of the comment it answers, or its own
    Column("line", Integer, nullable=True),  # of the prompt file, from 1
    Column("body", Text, nullable=False),
    Column("suggestion", Text, nullable=True),  # what the line should read instead
    Column("subject", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger, nullable=True),
    Column("resolved_by", String(36), nullable=True),
    Index("ix_review_comment_request", "request_id", "at", "id"),
)
