"""Table of exceptions. A row is only ever completed: accepted once, revoked once."""

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

rule_exception = Table(
    "rule_exception",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("number", Integer, nullable=False),  # E1, E2, … in the project
    Column("rule", String(100), nullable=False),
    # Empty for the project, `claims/` for a module, else one prompt.
    Column("scope", PathText, nullable=False),
    Column("environment", String(100), nullable=True),  # null: wherever approval is asked
    Column("reason", Text, nullable=False),
    Column("control", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("requested_by", String(36), nullable=False),
    Column("requested_identity", String(64), nullable=False),
    Column("requested_name", String(200), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger, nullable=True),
    Column("accepted_by", String(36), nullable=True),
    Column("accepted_identity", String(64), nullable=True),
    Column("accepted_name", String(200), nullable=True),
    Column("accepted_reason", Text, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
    Column("revoked_by", String(36), nullable=True),
    Column("revoked_name", String(200), nullable=True),
    Column("revoked_reason", Text, nullable=True),
    UniqueConstraint("project_id", "number"),
    Index("ix_rule_exception_accepted", "project_id", "accepted_at"),
)
