"""first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Written out here, not called from the code: what this migration made must not change with it later.
_SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS prompt_search USING fts5(words, detail=column,"
    " prefix='1 2 3', tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")",
)
_SEARCH_POSTGRES = (
    "CREATE TABLE IF NOT EXISTS prompt_search (prompt_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX IF NOT EXISTS ix_prompt_search_words ON prompt_search USING gin (words)",
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("log_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("object_type", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=700), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "seq", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_event_event_id")),
    )
    op.create_index("ix_audit_event_actor", "audit_event", ["log_id", "actor", "seq"], unique=False)
    op.create_index(
        "ix_audit_event_object", "audit_event", ["log_id", "object_id", "seq"], unique=False
    )
    op.create_table(
        "idempotency_key",
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "job_worker",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_worker")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("dispatched_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("dispatched_at IS NULL"),
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_fold", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name_fold", name=op.f("uq_project_name_fold")),
    )
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_by", sa.String(length=32), nullable=True),
        sa.Column("signature", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_fold", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name_fold", name=op.f("uq_user_account_name_fold")),
    )
    op.create_table(
        "artifact",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("requires", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_artifact_project_id")
        ),
        sa.PrimaryKeyConstraint("digest", "project_id", name=op.f("pk_artifact")),
    )
    op.create_table(
        "environment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_fold", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("approval_required", sa.Boolean(), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("buckets", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_environment_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment")),
        sa.UniqueConstraint(
            "project_id", "name_fold", name=op.f("uq_environment_project_id_name_fold")
        ),
    )
    op.create_table(
        "git_commit",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("oid", sa.String(length=64), nullable=False),
        sa.Column("tree", sa.String(length=64), nullable=False),
        sa.Column("parents", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("commit_time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_git_commit_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "oid", name=op.f("pk_git_commit")),
    )
    op.create_index(
        "ix_git_commit_generation", "git_commit", ["project_id", "generation"], unique=False
    )
    op.create_table(
        "git_object",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("oid", sa.String(length=64), nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("z", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_git_object_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_git_object")),
        sa.UniqueConstraint("project_id", "oid", name=op.f("uq_git_object_project_id_oid")),
    )
    op.create_table(
        "git_ref",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("oid", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_git_ref_project_id")),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_git_ref")),
    )
    op.create_table(
        "prompt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column(
            "path",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "path_fold",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("extension", sa.String(length=16), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("owners", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_prompt_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("project_id", "path_fold", name=op.f("uq_prompt_project_id_path_fold")),
    )
    op.create_index(
        "ix_prompt_archived",
        "prompt",
        ["project_id", "path"],
        unique=False,
        sqlite_where=sa.text("archived_at IS NOT NULL"),
        postgresql_where=sa.text("archived_at IS NOT NULL"),
    )
    op.create_index("ix_prompt_project_path", "prompt", ["project_id", "path"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("project", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("granted_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_role_grant_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint(
            "user_id", "project", "role", name=op.f("uq_role_grant_user_id_project_role")
        ),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=True),
        sa.Column("project", sa.String(length=100), nullable=True),
        sa.Column("environment", sa.String(length=100), nullable=True),
        sa.Column("auth_method", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    op.create_index("ix_token_user", "token", ["user_id"], unique=False)
    op.create_table(
        "live",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("environment_id", sa.String(length=36), nullable=False),
        sa.Column("path", sa.String(length=600), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("extension", sa.String(length=16), nullable=False),
        sa.Column("blob_oid", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("from_release", sa.Integer(), nullable=False),
        sa.Column("to_release", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.id"], name=op.f("fk_live_environment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live")),
    )
    op.create_index(
        "ix_live_bucket",
        "live",
        ["environment_id", "bucket"],
        unique=False,
        sqlite_where=sa.text("to_release IS NULL"),
        postgresql_where=sa.text("to_release IS NULL"),
    )
    op.create_index(
        "ix_live_history", "live", ["environment_id", "path", "from_release"], unique=False
    )
    op.create_index(
        "uq_live_now",
        "live",
        ["environment_id", "path"],
        unique=True,
        sqlite_where=sa.text("to_release IS NULL"),
        postgresql_where=sa.text("to_release IS NULL"),
    )
    op.create_table(
        "prompt_tag",
        sa.Column(
            "prompt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column(
            "path",
            sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_prompt_tag_prompt_id")),
        sa.PrimaryKeyConstraint("prompt_id", "tag", name=op.f("pk_prompt_tag")),
    )
    op.create_index("ix_prompt_tag_path", "prompt_tag", ["project_id", "tag", "path"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("environment_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("commit_oid", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.String(length=200), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_hash", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.id"], name=op.f("fk_release_environment_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_release_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint(
            "environment_id", "number", name=op.f("uq_release_environment_id_number")
        ),
    )
    op.create_index(
        "ix_release_time", "release", ["environment_id", "acknowledged_at"], unique=False
    )
    op.create_table(
        "version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column(
            "prompt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("commit_oid", sa.String(length=64), nullable=False),
        sa.Column("blob_oid", sa.String(length=64), nullable=False),
        sa.Column("behaviour", sa.String(length=80), nullable=True),
        sa.Column("record", sa.String(length=80), nullable=True),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("author_text", sa.String(length=400), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("moved_from", sa.String(length=600), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_version_project_id")),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_version_prompt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
        sa.UniqueConstraint("prompt_id", "number", name=op.f("uq_version_prompt_id_number")),
    )
    op.create_index("ix_version_blob", "version", ["project_id", "blob_oid"], unique=False)
    op.create_index("ix_version_commit", "version", ["project_id", "commit_oid"], unique=False)
    op.create_table(
        "release_change",
        sa.Column(
            "release_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("path", sa.String(length=600), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_change_release_id")
        ),
        sa.PrimaryKeyConstraint("release_id", "path", name=op.f("pk_release_change")),
    )

    # Full-text search is made of different things on the two databases.
    conn = op.get_bind()
    for statement in _SEARCH_SQLITE if conn.dialect.name == "sqlite" else _SEARCH_POSTGRES:
        conn.exec_driver_sql(statement)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE IF EXISTS prompt_search")
    op.drop_table("release_change")
    op.drop_index("ix_version_commit", table_name="version")
    op.drop_index("ix_version_blob", table_name="version")
    op.drop_table("version")
    op.drop_index("ix_release_time", table_name="release")
    op.drop_table("release")
    op.drop_index("ix_prompt_tag_path", table_name="prompt_tag")
    op.drop_table("prompt_tag")
    op.drop_index(
        "uq_live_now",
        table_name="live",
        sqlite_where=sa.text("to_release IS NULL"),
        postgresql_where=sa.text("to_release IS NULL"),
    )
    op.drop_index("ix_live_history", table_name="live")
    op.drop_index(
        "ix_live_bucket",
        table_name="live",
        sqlite_where=sa.text("to_release IS NULL"),
        postgresql_where=sa.text("to_release IS NULL"),
    )
    op.drop_table("live")
    op.drop_index("ix_token_user", table_name="token")
    op.drop_table("token")
    op.drop_table("role_grant")
    op.drop_index("ix_prompt_project_path", table_name="prompt")
    op.drop_index(
        "ix_prompt_archived",
        table_name="prompt",
        sqlite_where=sa.text("archived_at IS NOT NULL"),
        postgresql_where=sa.text("archived_at IS NOT NULL"),
    )
    op.drop_table("prompt")
    op.drop_table("git_ref")
    op.drop_table("git_object")
    op.drop_index("ix_git_commit_generation", table_name="git_commit")
    op.drop_table("git_commit")
    op.drop_table("environment")
    op.drop_table("artifact")
    op.drop_table("user_account")
    op.drop_table("signing_key")
    op.drop_table("project")
    op.drop_index(
        "ix_outbox_waiting",
        table_name="outbox",
        sqlite_where=sa.text("dispatched_at IS NULL"),
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_table("job_worker")
    op.drop_table("installation")
    op.drop_table("idempotency_key")
    op.drop_index("ix_audit_event_object", table_name="audit_event")
    op.drop_index("ix_audit_event_actor", table_name="audit_event")
    op.drop_table("audit_event")
