"""keys that are announced and revoked, and what followers refuse."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("signing_key") as table:
        table.add_column(sa.Column("signs_from", sa.BigInteger, nullable=True))
        table.add_column(sa.Column("revoked_at", sa.BigInteger, nullable=True))
        table.add_column(sa.Column("revoked_by", sa.String(32), nullable=True))
        table.add_column(sa.Column("revocation", sa.String(100), nullable=True))
    op.execute("UPDATE signing_key SET signs_from = created_at")
    with op.batch_alter_table("follower") as table:
        table.add_column(sa.Column("refused", sa.String(40), nullable=True))
        table.add_column(sa.Column("refused_release", sa.String(24), nullable=True))
        table.add_column(sa.Column("refused_since", sa.BigInteger, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("follower") as table:
        table.drop_column("refused_since")
        table.drop_column("refused_release")
        table.drop_column("refused")
    with op.batch_alter_table("signing_key") as table:
        table.drop_column("revocation")
        table.drop_column("revoked_by")
        table.drop_column("revoked_at")
        table.drop_column("signs_from")
