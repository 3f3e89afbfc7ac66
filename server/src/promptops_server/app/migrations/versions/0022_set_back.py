"""whether the database was found older than what it once said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("installation") as table:
        table.add_column(sa.Column("set_back", sa.Text, nullable=True))
        table.add_column(sa.Column("epoch_began_at", sa.BigInteger, nullable=True))
    op.execute(
        "UPDATE installation SET epoch_began_at ="
        " (SELECT max(acknowledged_at) FROM release WHERE kind = 'epoch')"
    )


def downgrade() -> None:
    with op.batch_alter_table("installation") as table:
        table.drop_column("epoch_began_at")
        table.drop_column("set_back")
