"""personal data, holds, retention and outputs beside the audit log; its tables only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

GUARDED = ("audit_event", "audit_personal", "audit_subtree", "audit_checkpoint", "audit_removed")
"""Tables from which only maintenance deletes, and in which nobody changes a row."""


def upgrade() -> None:
    with op.batch_alter_table("audit_event") as batch:
        batch.add_column(sa.Column("environment", sa.String(length=100), nullable=True))
        # The id is a UUIDv7 that nothing looks up: an index over it costs every event a write.
        batch.drop_constraint("uq_audit_event_event_id", type_="unique")
    sqlite = op.get_bind().dialect.name == "sqlite"
    value = "json_extract(body, '$.environment')" if sqlite else "body::json ->> 'environment'"
    op.execute(
        f"UPDATE audit_event SET environment = {value} WHERE body LIKE '%\"environment\":\"%'"  # noqa: S608
    )
    op.create_index(
        "ix_audit_event_environment",
        "audit_event",
        ["log_id", "environment", "action", "seq"],
        sqlite_where=sa.text("environment IS NOT NULL"),
        postgresql_where=sa.text("environment IS NOT NULL"),
    )
    op.drop_index("ix_audit_event_actor", table_name="audit_event")
    op.create_index("ix_audit_event_actor", "audit_event", ["log_id", "actor", "action", "seq"])
    op.create_index(
        "ix_audit_event_outcome",
        "audit_event",
        ["log_id", "outcome", "seq"],
        sqlite_where=sa.text("outcome <> 'ok'"),
        postgresql_where=sa.text("outcome <> 'ok'"),
    )
    op.create_table(
        "audit_personal",
        sa.Column("log_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=110), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "seq", "subject", name=op.f("pk_audit_personal")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_personal_subject", "audit_personal", ["subject", "log_id"])
    op.create_table(
        "audit_maintenance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_maintenance")),
    )
    op.create_table(
        "audit_erasure",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_erasure")),
    )
    op.create_table(
        "audit_removed",
        sa.Column("log_id", sa.String(length=36), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_audit_removed")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=36), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String(length=36), nullable=True),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index("ix_legal_hold_project", "legal_hold", ["project_id", "lifted_at"])
    op.create_table(
        "audit_output",
        sa.Column("output", sa.String(length=16), nullable=False),
        sa.Column("log_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("output", "log_id", name=op.f("pk_audit_output")),
    )
    _guard_sqlite() if sqlite else _guard_postgresql()


def _guard_sqlite() -> None:
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table}"
            " WHEN NOT EXISTS (SELECT 1 FROM audit_maintenance)"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN"
        "  IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_maintenance) THEN RETURN OLD; END IF;"
        "  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;"
        " END $$"
    )
    for table in GUARDED:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        )


def downgrade() -> None:
    for table in GUARDED:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {table}_kept")
            op.execute(f"DROP TRIGGER {table}_unchanged")
        else:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
            op.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_append_only()")
    for table in ("audit_output", "legal_hold", "audit_removed", "audit_erasure", "audit_maintenance", "audit_personal"):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_audit_event_actor", table_name="audit_event")
    op.create_index("ix_audit_event_actor", "audit_event", ["log_id", "actor", "seq"])
    op.drop_index("ix_audit_event_outcome", table_name="audit_event")
    op.drop_index("ix_audit_event_environment", table_name="audit_event")
    with op.batch_alter_table("audit_event") as batch:
        batch.drop_column("environment")
        batch.create_unique_constraint("uq_audit_event_event_id", ["event_id"])
