"""receipts: what followers report, and how long releases took to spread."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follower",
        sa.Column(
            "environment_id",
            sa.String(36),
            sa.ForeignKey("environment.id", name="fk_follower_environment_id"),
            nullable=False,
        ),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("sdk", sa.String(50), nullable=False),
        sa.Column("via", sa.String(8), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("release", sa.Integer, nullable=False),
        sa.Column("applied_at", sa.BigInteger, nullable=False),
        sa.Column("lag_ms", sa.Float, nullable=True),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "id", name="pk_follower"),
    )
    op.create_index(
        "ix_follower_host", "follower", ["environment_id", "host", "process", "id"]
    )
    op.create_index("ix_follower_last_seen", "follower", ["last_seen"])
    op.create_table(
        "release_spread",
        sa.Column(
            "environment_id",
            sa.String(36),
            sa.ForeignKey("environment.id", name="fk_release_spread_environment_id"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger, nullable=False),
        sa.Column("applied", sa.Integer, nullable=False),
        sa.Column("lags", sa.Text, nullable=False),
        sa.Column("slowest_ms", sa.Float, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "number", "epoch", name="pk_release_spread"),
    )
    op.create_index("ix_release_spread_updated_at", "release_spread", ["updated_at"])


def downgrade() -> None:
    op.drop_table("release_spread")
    op.drop_table("follower")
