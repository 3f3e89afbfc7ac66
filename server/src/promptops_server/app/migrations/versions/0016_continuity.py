"""exceptions, certifications, retirements and emergency releases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certification_due",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("environment_id", sa.String(length=36), nullable=False),
        sa.Column(
            "path",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("behaviour", sa.String(length=80), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("tier", sa.String(length=8), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("review_due", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("warned_at", sa.BigInteger(), nullable=True),
        sa.Column("overdue_at", sa.BigInteger(), nullable=True),
        sa.Column("suspension", sa.String(length=16), nullable=True),
        sa.Column("kept_reason", sa.Text(), nullable=True),
        sa.Column("kept_by", sa.String(length=36), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_certification_due_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification_due")),
    )
    op.create_index(
        "ix_certification_due_list",
        "certification_due",
        ["project_id", "due_at", "id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_certification_due_path", "certification_due", ["project_id", "path", "started_at"]
    )
    op.create_index(
        "ix_certification_due_time",
        "certification_due",
        ["due_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_certification_due_open",
        "certification_due",
        ["environment_id", "path"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "prompt_retirement",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column(
            "path",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_by", sa.String(length=36), nullable=False),
        sa.Column("retired_name", sa.String(length=200), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.String(length=36), nullable=True),
        sa.Column("undone_name", sa.String(length=200), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_prompt_retirement_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_retirement")),
    )
    op.create_index(
        "uq_prompt_retirement_open",
        "prompt_retirement",
        ["project_id", "path"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )

    op.create_table(
        "rule_exception",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column(
            "scope",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("environment", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.String(length=36), nullable=False),
        sa.Column("requested_identity", sa.String(length=64), nullable=False),
        sa.Column("requested_name", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_by", sa.String(length=36), nullable=True),
        sa.Column("accepted_identity", sa.String(length=64), nullable=True),
        sa.Column("accepted_name", sa.String(length=200), nullable=True),
        sa.Column("accepted_reason", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(length=36), nullable=True),
        sa.Column("revoked_name", sa.String(length=200), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_rule_exception_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_exception")),
        sa.UniqueConstraint(
            "project_id", "number", name=op.f("uq_rule_exception_project_id_number")
        ),
    )
    op.create_index("ix_rule_exception_accepted", "rule_exception", ["project_id", "accepted_at"])

    op.create_table(
        "certification_decision",
        sa.Column("due_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("auth_method", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("behaviour", sa.String(length=80), nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("tier", sa.String(length=8), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["due_id"], ["certification_due.id"], name=op.f("fk_certification_decision_due_id")
        ),
        sa.PrimaryKeyConstraint("due_id", "position", name=op.f("pk_certification_decision")),
    )
    op.create_table(
        "emergency_release",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("environment_id", sa.String(length=36), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("incident", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tier", sa.String(length=8), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("from_risk", sa.Integer(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("invoked_at", sa.BigInteger(), nullable=False),
        sa.Column("invoked_by", sa.String(length=36), nullable=False),
        sa.Column("invoked_identity", sa.String(length=64), nullable=False),
        sa.Column("invoked_name", sa.String(length=200), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_release", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.id"], name=op.f("fk_emergency_release_environment_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_emergency_release_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_release")),
        sa.UniqueConstraint(
            "environment_id", "release", name=op.f("uq_emergency_release_environment_id_release")
        ),
    )
    op.create_index("ix_emergency_release_due", "emergency_release", ["state", "deadline"])
    op.create_index(
        "ix_emergency_release_project", "emergency_release", ["project_id", "invoked_at", "id"]
    )

    op.create_table(
        "emergency_decision",
        sa.Column("emergency_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("auth_method", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["emergency_id"],
            ["emergency_release.id"],
            name=op.f("fk_emergency_decision_emergency_id"),
        ),
        sa.PrimaryKeyConstraint("emergency_id", "position", name=op.f("pk_emergency_decision")),
    )
    op.create_table(
        "emergency_prompt",
        sa.Column("emergency_id", sa.String(length=36), nullable=False),
        sa.Column(
            "path",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("behaviour", sa.String(length=80), nullable=True),
        sa.Column("record", sa.String(length=80), nullable=True),
        sa.Column("tier", sa.String(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["emergency_id"],
            ["emergency_release.id"],
            name=op.f("fk_emergency_prompt_emergency_id"),
        ),
        sa.PrimaryKeyConstraint("emergency_id", "path", name=op.f("pk_emergency_prompt")),
    )
    op.create_index("ix_emergency_prompt_path", "emergency_prompt", ["path", "version"])


def downgrade() -> None:

    op.drop_table("emergency_prompt")
    op.drop_table("emergency_decision")

    op.drop_table("emergency_release")
    op.drop_table("certification_decision")

    op.drop_table("rule_exception")

    op.drop_table("prompt_retirement")

    op.drop_table("certification_due")
