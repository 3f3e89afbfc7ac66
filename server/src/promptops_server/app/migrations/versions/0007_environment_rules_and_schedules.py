"""environment rules and schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "environment", sa.Column("rules", sa.Text(), server_default="{}", nullable=False)
    )
    op.create_table(
        "scheduled_release",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("environment_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("auth_method", sa.String(length=16), nullable=False),
        sa.Column("session", sa.String(length=36), nullable=True),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("only_if_head", sa.Boolean(), nullable=False),
        sa.Column("promoted_from", sa.String(length=100), nullable=True),
        sa.Column("promoted_release", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.id"], name=op.f("fk_scheduled_release_environment_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_scheduled_release_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_release")),
    )
    op.create_index("ix_scheduled_release_due", "scheduled_release", ["state", "at"])
    op.create_index(
        "ix_scheduled_release_environment", "scheduled_release", ["environment_id", "at", "id"]
    )
    op.create_index("ix_scheduled_release_project", "scheduled_release", ["project_id", "at", "id"])
    op.create_table(
        "scheduled_prompt",
        sa.Column("schedule_id", sa.String(length=36), nullable=False),
        sa.Column("path", sa.String(length=600), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["scheduled_release.id"],
            name=op.f("fk_scheduled_prompt_schedule_id"),
        ),
        sa.PrimaryKeyConstraint("schedule_id", "path", name=op.f("pk_scheduled_prompt")),
    )


def downgrade() -> None:
    op.drop_table("scheduled_prompt")
    op.drop_index("ix_scheduled_release_project", table_name="scheduled_release")
    op.drop_index("ix_scheduled_release_environment", table_name="scheduled_release")
    op.drop_index("ix_scheduled_release_due", table_name="scheduled_release")
    op.drop_table("scheduled_release")
    op.drop_column("environment", "rules")
