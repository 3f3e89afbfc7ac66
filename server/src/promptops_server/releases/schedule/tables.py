"""Tables of scheduled releases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from promptops_server.infra.tables import metadata

scheduled_release = Table(
    "scheduled_release",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("environment_id", String(36), ForeignKey("environment.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column(
        "state", String(16), nullable=False
    ),  # scheduled, running, done, failed, cancelled, missed
    Column("count", Integer, nullable=False),  # number of its scheduled_prompt rows
    Column("reason", Text, nullable=False),
    Column("ticket", String(200), nullable=True),
    Column("actor", String(36), nullable=False),
    Column("actor_name", String(100), nullable=False),
    Column("auth_method", String(16), nullable=False),
    Column("session", String(36), nullable=True),  # the token it was made with
    Column("head", Integer, nullable=False),  # the environment's head when it was made
    Column("only_if_head", Boolean, nullable=False),
    Column("promoted_from", String(100), nullable=True),
    Column("promoted_release", Integer, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String(36), nullable=True),  # the process that carries it out
    Column("claimed_at", BigInteger, nullable=True),
    Column("release", Integer, nullable=True),
    Column("problem", Text, nullable=True),  # JSON: why it failed
    Column("ended_at", BigInteger, nullable=True),
    Column("ended_by", String(100), nullable=True),
    Index("ix_scheduled_release_due", "state", "at"),
    Index("ix_scheduled_release_environment", "environment_id", "at", "id"),
    Index("ix_scheduled_release_project", "project_id", "at", "id"),
)

scheduled_prompt = Table(
    "scheduled_prompt",
    metadata,
    Column("schedule_id", String(36), ForeignKey("scheduled_release.id"), primary_key=True),
    Column("path", String(600), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # live or removed
)
