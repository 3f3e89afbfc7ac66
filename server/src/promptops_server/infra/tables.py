"""The shared table collection, and the tables that belong to no capability.

Each capability declares its own tables in its own `tables.py` on `metadata`; `app.migrations` creates them.
Ids are UUIDv7 text, times are microseconds since 1970 (see `clock`), digests and object ids are lower-case hex.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# An integer that SQLite accepts as rowid alias and PostgreSQL as 64-bit identity.
BigId = BigInteger().with_variant(Integer(), "sqlite")

installation = Table(
    "installation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("epoch", Integer, nullable=False),
    # None in the first one.
    Column("epoch_began_at", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    # How it was found that the database is older than what it once said; none while it counts.
    Column("set_back", Text, nullable=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("topic", String(64), nullable=False),
    Column("key", String(200), nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("dispatched_at", BigInteger, nullable=True),
    Index(
        "ix_outbox_waiting",
        "id",
        sqlite_where=text("dispatched_at IS NULL"),
        postgresql_where=text("dispatched_at IS NULL"),
    ),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("actor", String(36), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# Only where several workers share a database; see `worker_pulse`.
job_worker = Table(
    "job_worker",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
