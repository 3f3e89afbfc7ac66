"""The table of working copies: a row per person, project and path.

The texts stand last: SQLite reads a row from its start, and a list then passes no text. There is no foreign key to the
project: PostgreSQL would check it by waiting for the project's lock, and projects are never removed.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from promptops_server.infra.tables import metadata
from promptops_server.registry.tables import PathText

working_copy = Table(
    "working_copy",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("owner", String(36), nullable=False),  # user id
    Column("path", PathText, nullable=False),
    Column("parent", Integer, nullable=True),  # version number; null: the prompt is new
    Column("revision", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("share_id", String(64), nullable=True, unique=True),
    Column("shared_at", BigInteger, nullable=True),
    Column("share_expires_at", BigInteger, nullable=True),
    Column("undo", String(16), nullable=True),  # what replaced `undo_text`
    Column("undo_parent", Integer, nullable=True),
    Column("message", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("undo_text", Text, nullable=True),
    UniqueConstraint("owner", "project_id", "path"),
    Index("ix_working_copy_updated", "updated_at"),
)
