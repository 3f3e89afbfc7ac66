"""redaction of content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "redaction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("path", _path(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("marker", sa.String(length=100), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("texts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.String(length=200), nullable=True),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("done", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.String(length=36), nullable=False),
        sa.Column("requested_name", sa.String(length=100), nullable=False),
        sa.Column("requested_identity", sa.String(length=36), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("ended_name", sa.String(length=100), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("cleaned_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_redaction_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction")),
    )
    op.create_index(
        "ix_redaction_project", "redaction", ["project_id", "requested_at", "id"], unique=False
    )
    op.create_index("ix_redaction_state", "redaction", ["state", "expires_at"], unique=False)
    op.create_table(
        "redacted_object",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("old_oid", sa.String(length=64), nullable=False),
        sa.Column("new_oid", sa.String(length=64), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("redaction_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_redacted_object_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "old_oid", name=op.f("pk_redacted_object")),
    )
    op.create_index(
        "ix_redacted_object_new", "redacted_object", ["project_id", "new_oid"], unique=False
    )
    op.add_column("version", sa.Column("redacted_at", sa.BigInteger(), nullable=True))
    op.add_column("artifact", sa.Column("redacted_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_version_redacted",
        "version",
        ["prompt_id", "number"],
        unique=False,
        sqlite_where=sa.text("redacted_at IS NOT NULL"),
        postgresql_where=sa.text("redacted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_artifact_redacted",
        "artifact",
        ["project_id", "digest"],
        unique=False,
        sqlite_where=sa.text("redacted_at IS NOT NULL"),
        postgresql_where=sa.text("redacted_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_artifact_redacted", table_name="artifact")
    op.drop_index("ix_version_redacted", table_name="version")
    with op.batch_alter_table("artifact") as batch:
        batch.drop_column("redacted_at")
    with op.batch_alter_table("version") as batch:
        batch.drop_column("redacted_at")
    op.drop_table("redacted_object")
    op.drop_table("redaction")


def _path() -> sa.types.TypeEngine[str]:
    return sa.String(600).with_variant(sa.String(600, collation="C"), "postgresql")
