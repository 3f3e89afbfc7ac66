"""Tables of emergency releases. Decisions are only ever added."""

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

from promptops_server.infra.tables import metadata
from promptops_server.registry.tables import PathText

emergency_release = Table(
    "emergency_release",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("environment_id", String(36), ForeignKey("environment.id"), nullable=False),
    Column("release", Integer, nullable=False),
    Column("incident", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("tier", String(8), nullable=False),  # the highest of its prompts; unknown counts as high
    # What a ratification takes, as asked when it was invoked: approvers, and how many of the control function.
    Column("approvals", Integer, nullable=False),
    Column("from_risk", Integer, nullable=False),
    Column("authors", Text, nullable=False),  # JSON array of identities
    Column("invoked_at", BigInteger, nullable=False),
    Column("invoked_by", String(36), nullable=False),
    Column("invoked_identity", String(64), nullable=False),
    Column("invoked_name", String(200), nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # open, ratified, rolled_back, suspended, replaced
    Column("ended_at", BigInteger, nullable=True),
    Column("ended_release", Integer, nullable=True),  # the release that took it back
    UniqueConstraint("environment_id", "release"),
    Index("ix_emergency_release_due", "state", "deadline"),
    Index("ix_emergency_release_project", "project_id", "invoked_at", "id"),
)

emergency_prompt = Table(
    "emergency_prompt",
    metadata,
    Column("emergency_id", String(36), ForeignKey("emergency_release.id"), primary_key=True),
    Column("path", PathText, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("behaviour", String(80), nullable=True),
    Column("record", String(80), nullable=True),
    Column("tier", String(8), nullable=True),  # null: unknown
    Index("ix_emergency_prompt_path", "path", "version"),
)

emergency_decision = Table(
    "emergency_decision",
    metadata,
    Column("emergency_id", String(36), ForeignKey("emergency_release.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("verdict", String(16), nullable=False),  # ratify, refuse
    Column("subject", String(36), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(32), nullable=False),
    Column("auth_method", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("signature", Text, nullable=True),  # JSON
)
