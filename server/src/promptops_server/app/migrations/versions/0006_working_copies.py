"""working copies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "working_copy",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=False),
        sa.Column(
            "path",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("share_id", sa.String(length=64), nullable=True),
        sa.Column("shared_at", sa.BigInteger(), nullable=True),
        sa.Column("share_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("undo", sa.String(length=16), nullable=True),
        sa.Column("undo_parent", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("undo_text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_copy")),
        sa.UniqueConstraint(
            "owner", "project_id", "path", name=op.f("uq_working_copy_owner_project_id_path")
        ),
        sa.UniqueConstraint("share_id", name=op.f("uq_working_copy_share_id")),
    )
    op.create_index("ix_working_copy_updated", "working_copy", ["updated_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_working_copy_updated", table_name="working_copy")
    op.drop_table("working_copy")
