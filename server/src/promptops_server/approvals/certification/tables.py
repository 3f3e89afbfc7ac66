"""Tables of certification. One open row per prompt and environment that asks for approval; ended rows are evidence."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from promptops_server.infra.tables import metadata
from promptops_server.registry.tables import PathText

_OPEN = "ended_at IS NULL"

certification_due = Table(
    "certification_due",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("environment_id", String(36), nullable=False),
    Column("path", PathText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("behaviour", String(80), nullable=False),
    Column("record", String(80), nullable=False),
    Column("tier", String(8), nullable=True),  # null: unknown, and counts as high
    Column("cause", String(16), nullable=False),  # periodic, returned
    Column("approved_at", BigInteger, nullable=True),  # or last certified
    Column("review_due", BigInteger, nullable=True),  # what the record itself says
    Column("due_at", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("warned_at", BigInteger, nullable=True),
    Column("overdue_at", BigInteger, nullable=True),  # when it was noticed
    # Whether what is live is to be suspended: asked at high tier, answered by an approver.
    Column("suspension", String(16), nullable=True),  # asked, kept
    Column("kept_reason", Text, nullable=True),
    Column("kept_by", String(36), nullable=True),
    Column("ended_at", BigInteger, nullable=True),
    Column("outcome", String(16), nullable=True),  # certified, replaced, gone
    Index(
        "uq_certification_due_open",
        "environment_id",
        "path",
        unique=True,
        sqlite_where=text(_OPEN),
        postgresql_where=text(_OPEN),
    ),
    Index(
        "ix_certification_due_list",
        "project_id",
        "due_at",
        "id",
        sqlite_where=text(_OPEN),
        postgresql_where=text(_OPEN),
    ),
    Index(
        "ix_certification_due_time",
        "due_at",
        sqlite_where=text(_OPEN),
        postgresql_where=text(_OPEN),
    ),
    Index("ix_certification_due_path", "project_id", "path", "started_at"),
)

certification_decision = Table(
    "certification_decision",
    metadata,
    Column("due_id", String(36), ForeignKey("certification_due.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("step", String(16), nullable=False),  # review, approve
    Column("subject", String(36), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(32), nullable=False),
    Column("auth_method", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("behaviour", String(80), nullable=False),
    Column("record", String(80), nullable=False),
    Column("tier", String(8), nullable=False),
    Column("signature", Text, nullable=True),  # JSON
)
