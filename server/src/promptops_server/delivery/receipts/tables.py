"""Tables of receipts. Nothing here is evidence: rows are updated in place and removed when they are old."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from promptops_server.infra.tables import metadata

follower = Table(
    "follower",
    metadata,
    Column("environment_id", String(36), ForeignKey("environment.id"), primary_key=True),
    Column("id", String(32), primary_key=True),  # random for each process
    Column("host", String(255), nullable=False),
    Column("process", Integer, nullable=False),
    Column("sdk", String(50), nullable=False),
    Column("via", String(8), nullable=False),  # http or redis
    Column("epoch", Integer, nullable=False),
    Column("release", Integer, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    Column("lag_ms", Float, nullable=True),  # empty: it began with this release
    Column("last_seen", BigInteger, nullable=False),
    Column("refused", String(40), nullable=True),  # the code of why it takes nothing over
    Column("refused_release", String(24), nullable=True),
    Column("refused_since", BigInteger, nullable=True),
    Index("ix_follower_host", "environment_id", "host", "process", "id"),
    Index("ix_follower_last_seen", "last_seen"),
)

release_spread = Table(
    "release_spread",
    metadata,
    Column("environment_id", String(36), ForeignKey("environment.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("acknowledged_at", BigInteger, nullable=False),
    Column("applied", Integer, nullable=False),  # followers whose lag was measured
    Column("lags", Text, nullable=False),  # JSON: step -> count (see `lags`)
    Column("slowest_ms", Float, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_release_spread_updated_at", "updated_at"),
)
