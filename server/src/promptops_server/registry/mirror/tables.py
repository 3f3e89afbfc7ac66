"""Tables of mirrors: what is mirrored where, and what each mirror was last known to hold.

`registry.git.store` asks in the statement that moves a ref whether the project has an enabled mirror.
"""

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
    UniqueConstraint,
    text,
)

from promptops_server.infra.tables import metadata

mirror = Table(
    "mirror",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("name", String(100), nullable=False),  # one per project today, called "mirror"
    Column("url", String(1000), nullable=False),  # never with a password in it
    Column("all_branches", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),  # counts the changes people made; the entity tag
    Column("credentials", Text, nullable=False),  # JSON: kind, user, public parts; no secret
    Column("secret_sealed", LargeBinary, nullable=True),
    Column("state", String(16), nullable=False),  # what the last attempt said; see `model.shown`
    Column("problem", Text, nullable=True),  # JSON: code, detail, remedy
    Column("refs", Text, nullable=False),  # JSON array: refs that diverged or were refused
    Column("overwrite", Text, nullable=False),  # JSON object: ref to the id that may be lost
    Column("attempts", Integer, nullable=False),  # failed ones in a row
    Column("requested_at", BigInteger, nullable=True),  # a person wants a push now
    Column("next_attempt_at", BigInteger, nullable=True),
    Column("attempted_at", BigInteger, nullable=True),
    Column("pushed_at", BigInteger, nullable=True),  # when everything had arrived
    Column("lease", String(36), nullable=True),  # the run that pushes now
    Column("lease_until", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
    Index(
        "ix_mirror_due",
        "next_attempt_at",
        sqlite_where=text("next_attempt_at IS NOT NULL"),
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
)

mirror_ref = Table(
    "mirror_ref",
    metadata,
    Column("mirror_id", String(36), ForeignKey("mirror.id"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("oid", String(64), nullable=False),
    Column("pushed_at", BigInteger, nullable=False),
)
