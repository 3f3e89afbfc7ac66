"""The table of documentation: what was worked out about the record of a version. Derived; it can be made again."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from promptops_server.infra.tables import BigId, metadata

version_documentation = Table(
    "version_documentation",
    metadata,
    Column("version_id", BigId, ForeignKey("version.id"), primary_key=True, autoincrement=False),
    Column("project_id", String(36), nullable=False),
    Column("rules", Integer, nullable=False),  # `promptops.format.record.RULES` it was made by
    Column("digest", String(80), nullable=False),
    Column("tier", String(16), nullable=True),  # null while a missing answer could change it
    Column("tier_missing", Text, nullable=False),  # JSON array of keys
    Column("residual_tier", String(16), nullable=True),
    Column("complete", Boolean, nullable=False),
    Column("findings", Text, nullable=False),  # JSON array, errors only, the first ones
    Column("not_applicable", Text, nullable=False),  # JSON object: key to reason
    Column("use_case", String(100), nullable=True),
    Column("owner", String(200), nullable=True),
    Column("backup", String(200), nullable=True),
    Column("decision_role", String(16), nullable=True),
    Column("review_due", String(10), nullable=True),  # a day, 2027-05-31
    Column("sectors", Text, nullable=False),  # JSON array
    Index("ix_version_documentation_project_id", "project_id", "version_id"),
)
