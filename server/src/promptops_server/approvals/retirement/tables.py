"""Table of retirements; bringing a prompt back completes its row, and the next retirement adds another."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text, text

from promptops_server.infra.tables import metadata
from promptops_server.registry.tables import PathText

_OPEN = "undone_at IS NULL"

prompt_retirement = Table(
    "prompt_retirement",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("path", PathText, nullable=False),
    Column("reason", Text, nullable=False),
    Column("retired_at", BigInteger, nullable=False),
    Column("retired_by", String(36), nullable=False),
    Column("retired_name", String(200), nullable=False),
    Column("undone_at", BigInteger, nullable=True),
    Column("undone_by", String(36), nullable=True),
    Column("undone_name", String(200), nullable=True),
    Column("undone_reason", Text, nullable=True),
    Index(
        "uq_prompt_retirement_open",
        "project_id",
        "path",
        unique=True,
        sqlite_where=text(_OPEN),
        postgresql_where=text(_OPEN),
    ),
)
