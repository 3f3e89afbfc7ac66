"""people behind accounts, sessions, one-time codes, the identity provider, signing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "user_account",
        sa.Column("person", sa.String(length=64), server_default="", nullable=False),
    )
    op.add_column("user_account", sa.Column("email_fold", sa.String(length=320), nullable=True))
    op.add_column(
        "user_account",
        sa.Column(
            "password_set_by_other", sa.Boolean(), server_default=sa.false(), nullable=False
        ),
    )
    op.add_column("user_account", sa.Column("established_at", sa.BigInteger(), nullable=True))
    op.add_column("user_account", sa.Column("reset_at", sa.BigInteger(), nullable=True))
    op.add_column("user_account", sa.Column("reset_by", sa.Text(), nullable=True))
    account = sa.table(
        "user_account",
        sa.column("id", sa.String),
        sa.column("email", sa.String),
        sa.column("email_fold", sa.String),
        sa.column("person", sa.String),
        sa.column("password_hash", sa.String),
        sa.column("created_at", sa.BigInteger),
        sa.column("established_at", sa.BigInteger),
    )
    connection = op.get_bind()
    connection.execute(account.update().values(person=account.c.id))
    connection.execute(
        account.update()
        .where(account.c.password_hash.is_not(None))
        .values(established_at=account.c.created_at)
    )
    known = connection.execute(
        sa.select(account.c.id, account.c.email).where(account.c.email.is_not(None))
    ).all()
    for row in known:  # in Python: SQLite folds ASCII letters only
        connection.execute(
            account.update()
            .where(account.c.id == row.id)
            .values(email_fold=row.email.casefold()[:320])
        )
    op.create_index("ix_user_account_person", "user_account", ["person"])
    op.create_index("ix_user_account_email", "user_account", ["email_fold"])
    op.create_table(
        "browser_session",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("auth_method", sa.String(length=16), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("proved_at", sa.BigInteger(), nullable=True),
        sa.Column("provider_session", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_browser_session_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sa.UniqueConstraint("hash", name=op.f("uq_browser_session_hash")),
    )
    op.create_index("ix_browser_session_user", "browser_session", ["user_id", "id"])
    op.create_index("ix_browser_session_provider", "browser_session", ["provider_session"])
    op.create_table(
        "totp",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("reset_by_other", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_totp_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("good_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_last", "sign_in_failure", ["last_at"])
    op.create_table(
        "sso_identity",
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sso_identity_user_id")
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_sso_identity")),
    )
    op.create_index("ix_sso_identity_user", "sso_identity", ["user_id"])
    op.create_table(
        "sso_terminal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_terminal")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_sso_terminal_code_hash")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sso_terminal_secret_hash")),
    )
    op.create_index("ix_sso_terminal_expires", "sso_terminal", ["expires_at"])
    op.create_table(
        "signing_session",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("session", sa.String(length=36), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_signing_session_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "session", name=op.f("pk_signing_session")),
    )


def downgrade() -> None:
    for table in (
        "signing_session",
        "sso_terminal",
        "sso_identity",
        "sign_in_failure",
        "recovery_code",
        "totp",
        "browser_session",
    ):
        op.drop_table(table)
    op.drop_index("ix_user_account_email", table_name="user_account")
    op.drop_index("ix_user_account_person", table_name="user_account")
    for column in ("reset_by", "reset_at", "established_at"):
        op.drop_column("user_account", column)
    op.drop_column("user_account", "password_set_by_other")
    op.drop_column("user_account", "email_fold")
    op.drop_column("user_account", "person")
