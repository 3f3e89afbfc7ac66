"""the documentation of versions, worked out once: record digest, tier, completeness, findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "version_documentation",
        sa.Column("version_id", _big_id(), sa.ForeignKey("version.id"), autoincrement=False),
        sa.Column("project_id", sa.String(36), nullable=False),
        sa.Column("rules", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("tier", sa.String(16), nullable=True),
        sa.Column("tier_missing", sa.Text, nullable=False),
        sa.Column("residual_tier", sa.String(16), nullable=True),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("not_applicable", sa.Text, nullable=False),
        sa.Column("use_case", sa.String(100), nullable=True),
        sa.Column("owner", sa.String(200), nullable=True),
        sa.Column("backup", sa.String(200), nullable=True),
        sa.Column("decision_role", sa.String(16), nullable=True),
        sa.Column("review_due", sa.String(10), nullable=True),
        sa.Column("sectors", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version_id", name="pk_version_documentation"),
    )
    op.create_index(
        "ix_version_documentation_project_id", "version_documentation", ["project_id", "version_id"]
    )


def downgrade() -> None:
    op.drop_table("version_documentation")


def _big_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
