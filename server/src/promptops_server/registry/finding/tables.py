"""Tables of finding: saved views, and which prompts an event of the audit log touched."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

view = Table(
    "view",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    # Names are unique among the shared views, and among one person's own: "" or the maker's user id.
    Column("scope", String(36), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_fold", String(100), nullable=False),
    Column("maker", String(36), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("query", Text, nullable=False),  # JSON object: the parameters of a list of prompts
    Column("columns", Text, nullable=False),  # JSON array
    Column("revision", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "scope", "name_fold"),
)

# Only for events that touch prompts other than the one they are about: pushes, imports, releases.
prompt_activity = Table(
    "prompt_activity",
    metadata,
    Column("project_id", String(36), ForeignKey("project.id"), primary_key=True),
    Column("path", PathText, primary_key=True),
    Column("seq", Integer, primary_key=True),  # of the event in the project's log
    Column("version", Integer, nullable=True),  # null: archived, or no longer live
    Index("ix_prompt_activity_seq", "project_id", "seq", "path"),
    sqlite_with_rowid=False,
)
