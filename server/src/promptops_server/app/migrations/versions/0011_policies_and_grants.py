"""the installation's own policies, and grants by module and environment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OLD = "uq_role_grant_user_id_project_role"
_NEW = "uq_role_grant_user_id_project_module_environment_role"


def upgrade() -> None:
    with op.batch_alter_table("role_grant") as grant:
        grant.add_column(
            sa.Column("module", sa.String(length=600), server_default="", nullable=False)
        )
        grant.add_column(
            sa.Column("environment", sa.String(length=100), server_default="", nullable=False)
        )
        grant.drop_constraint(_OLD, type_="unique")
        grant.create_unique_constraint(
            _NEW, ["user_id", "project", "module", "environment", "role"]
        )
    op.create_table(
        "access_policy",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_access_policy")),
    )


def downgrade() -> None:
    op.drop_table("access_policy")
    # A limited grant has no form in the older schema; kept as a whole one it would widen.
    op.execute("DELETE FROM role_grant WHERE module <> '' OR environment <> ''")
    with op.batch_alter_table("role_grant") as grant:
        grant.drop_constraint(_NEW, type_="unique")
        grant.create_unique_constraint(_OLD, ["user_id", "project", "role"])
        grant.drop_column("environment")
        grant.drop_column("module")
