"""history across moves, environments compared in path order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_THERE = sa.text("moved_from IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_version_moved_from",
        "version",
        ["project_id", "moved_from"],
        unique=False,
        sqlite_where=_THERE,
        postgresql_where=_THERE,
    )
    # Byte by byte, as `prompt.path` is: the two are compared in the order of both. SQLite does so anyway.
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE live ALTER COLUMN path TYPE VARCHAR(600) COLLATE "C"')


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE live ALTER COLUMN path TYPE VARCHAR(600) COLLATE "default"')
    op.drop_index(
        "ix_version_moved_from",
        table_name="version",
        sqlite_where=_THERE,
        postgresql_where=_THERE,
    )
