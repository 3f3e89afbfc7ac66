"""Tables of model targets: what is configured, and what was spent with it."""

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
    text,
)

from promptops_server.infra.tables import metadata

model_target = Table(
    "model_target",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_fold", String(100), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("model", String(200), nullable=False),  # as the endpoint knows it
    Column("catalogue_id", String(200), nullable=True),  # priced and adapted as this; null: `model`
    Column("base_url", String(1000), nullable=True),  # null: the provider's own
    Column("alias", Boolean, nullable=False),
    Column("region", String(60), nullable=False),
    Column("data_class", String(24), nullable=False),
    Column("projects", Text, nullable=True),  # JSON array of names; null: every project
    Column("limits", Text, nullable=False),  # JSON: see `model.Limits`
    Column("budget_month", BigInteger, nullable=True),  # millionths of a US dollar
    Column("credential", String(16), nullable=False),  # none, env, file, sealed
    Column("credential_name", String(1000), nullable=False),
    Column("secret_sealed", LargeBinary, nullable=True),
    Column("options", Text, nullable=False),  # JSON object; the provider's own
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),  # counts the changes; the entity tag
    Column("checked_at", BigInteger, nullable=True),
    Column("check_result", Text, nullable=True),  # JSON: what the last `models check` found
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger, nullable=True),  # results keep pointing at removed targets
    Index(
        "uq_model_target_name_fold",  # a removed target's name is free again
        "name_fold",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
)

model_spend = Table(
    "model_spend",
    metadata,
    Column("target_id", String(36), ForeignKey("model_target.id"), primary_key=True),
    Column("month", String(7), primary_key=True),  # 2026-11, UTC
    Column("reserved", BigInteger, nullable=False),  # millionths of a US dollar not yet settled
    Column("spent", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
)

model_reservation = Table(
    "model_reservation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("target_id", String(36), ForeignKey("model_target.id"), nullable=False),
    Column("month", String(7), nullable=False),
    Column(
        "amount", BigInteger, nullable=False
    ),  # millionths of a US dollar; part of `model_spend.reserved`
    Column("holder", String(36), nullable=False),  # the run it is for; empty for a single call
    Column("until", BigInteger, nullable=False),  # unsettled by then, it counts as spent
    Index("ix_model_reservation_until", "target_id", "until"),
    Index("ix_model_reservation_holder", "holder"),
)
