"""suites as they were read for versions of prompts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suite_reading",
        sa.Column(
            "prompt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("known_by", sa.String(length=80), nullable=False),
        sa.Column("suites", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_suite_reading_prompt_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_suite_reading_project_id")
        ),
        sa.PrimaryKeyConstraint("prompt_id", "number", name=op.f("pk_suite_reading")),
    )
    op.create_index("ix_suite_reading_project", "suite_reading", ["project_id"])


def downgrade() -> None:
    op.drop_index("ix_suite_reading_project", table_name="suite_reading")
    op.drop_table("suite_reading")
