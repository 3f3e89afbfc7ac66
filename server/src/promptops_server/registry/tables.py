"""Tables of the registry: projects, Git objects and refs, prompts and their versions.

A project is a Git repository; its objects and refs are rows here. `prompt` is one row per address that ever existed,
with what lists and searches need about its newest version; `version` is immutable.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from promptops_server.infra.tables import BigId, metadata
from promptops_server.registry import search_table as search_table  # adds its DDL to `metadata`

# Paths are compared and ordered byte by byte on both databases: prefix ranges and cursors rely on it.
PathText = String(600).with_variant(String(600, collation="C"), "postgresql")

project = Table(
    "project",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_fold", String(100), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
)

git_object = Table(
    "git_object",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("oid", String(64), nullable=False),
    Column("type", Integer, nullable=False),  # Git's own numbers: 1 commit, 2 tree, 3 blob, 4 tag
    Column("size", Integer, nullable=False),  # inflated
    Column(
        "z", LargeBinary, nullable=False
    ),  # zlib, so that a pack entry is a header and these bytes
    UniqueConstraint("project_id", "oid"),
)

git_commit = Table(
    "git_commit",
    metadata,
    Column("project_id", String(36), ForeignKey("project.id"), primary_key=True),
    Column("oid", String(64), primary_key=True),
    Column("tree", String(64), nullable=False),
    Column("parents", Text, nullable=False),  # object ids, space between
    Column("generation", Integer, nullable=False),  # 1 + the highest of the parents
    Column(
        "commit_time", BigInteger, nullable=False
    ),  # seconds, as the commit says; never trusted as time
    Index("ix_git_commit_generation", "project_id", "generation"),
)

git_ref = Table(
    "git_ref",
    metadata,
    Column("project_id", String(36), ForeignKey("project.id"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("oid", String(64), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

prompt = Table(
    "prompt",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("path", PathText, nullable=False),
    Column("path_fold", PathText, nullable=False),
    Column("extension", String(16), nullable=False),  # .prompt.yml or .prompt.yaml
    Column("latest", Integer, nullable=False),  # number of the newest version
    Column("valid", Boolean, nullable=False),
    Column(
        "name", String(300), nullable=False
    ),  # the file's `name`, else the last part of the path
    Column("description", Text, nullable=False),
    Column("tags", Text, nullable=False),  # JSON array
    Column("owners", Text, nullable=False),  # JSON array
    Column("model", String(200), nullable=True),
    Column("models", Text, nullable=False),  # JSON array: its model's id, then those of variants
    Column("live", Text, nullable=False),  # JSON object: environment to version, 0 if suspended
    Column("archived_at", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "path_fold"),
    Index("ix_prompt_project_path", "project_id", "path"),
    Index(
        "ix_prompt_archived",
        "project_id",
        "path",
        sqlite_where=text("archived_at IS NOT NULL"),
        postgresql_where=text("archived_at IS NOT NULL"),
    ),
    Index(
        "ix_prompt_current",
        "project_id",
        "path",
        sqlite_where=text("archived_at IS NULL"),
        postgresql_where=text("archived_at IS NULL"),
    ),
    Index(
        "ix_prompt_changed",
        "project_id",
        "updated_at",
        "id",
        sqlite_where=text("archived_at IS NULL"),
        postgresql_where=text("archived_at IS NULL"),
    ),
    Index(
        "ix_prompt_archived_changed",
        "project_id",
        "updated_at",
        "id",
        sqlite_where=text("archived_at IS NOT NULL"),
        postgresql_where=text("archived_at IS NOT NULL"),
    ),
)

# What prompts are found by (see `facets`): a dictionary with the number of prompts of each, kept apart for archived ones.
facet = Table(
    "facet",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", String(200), nullable=False),  # lower case, except for environments
    Column("prompts", Integer, nullable=False),
    UniqueConstraint("project_id", "archived", "kind", "value"),
    Index("ix_facet_prompts", "project_id", "archived", "kind", "prompts", "value"),
)

prompt_facet = Table(
    "prompt_facet",
    metadata,
    Column("prompt_id", BigId, ForeignKey("prompt.id"), primary_key=True),
    Column("facet_id", BigId, ForeignKey("facet.id"), primary_key=True),
    Column("path", PathText, nullable=False),
    Index("ix_prompt_facet_path", "facet_id", "path", "prompt_id"),
    sqlite_with_rowid=False,
)

version = Table(
    "version",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", String(36), ForeignKey("project.id"), nullable=False),
    Column("prompt_id", BigId, ForeignKey("prompt.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("commit_oid", String(64), nullable=False),
    Column("blob_oid", String(64), nullable=False),
    Column("behaviour", String(80), nullable=True),  # null for an invalid file
    Column("record", String(80), nullable=True),
    Column("valid", Boolean, nullable=False),
    Column("problems", Text, nullable=False),  # JSON array, errors and warnings
    Column("author", String(36), nullable=False),  # who acted: user id
    Column("author_text", String(400), nullable=False),  # the commit's author line, as pushed
    Column("message", Text, nullable=False),
    Column("moved_from", String(600), nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("redacted_at", BigInteger, nullable=True),  # its content was changed by a redaction
    UniqueConstraint("prompt_id", "number"),
    Index(
        "ix_version_redacted",
        "prompt_id",
        "number",
        sqlite_where=text("redacted_at IS NOT NULL"),
        postgresql_where=text("redacted_at IS NOT NULL"),
    ),
    Index("ix_version_commit", "project_id", "commit_oid"),
    Index("ix_version_blob", "project_id", "blob_oid"),
    Index(
        "ix_version_moved_from",
        "project_id",
        "moved_from",
        sqlite_where=text("moved_from IS NOT NULL"),
        postgresql_where=text("moved_from IS NOT NULL"),
    ),
)

fragment_use = Table(
    "fragment_use",
    metadata,
    # One row per version and pin, for ever, as the version itself: what is live may be an old version.
    Column("prompt_id", BigId, ForeignKey("prompt.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("path", PathText, nullable=False),  # of the prompt that includes
    Column("fragment", PathText, nullable=False),
    Column("pin", String(80), nullable=False),  # as written: 3 or sha256:…
    Column("key", Text, nullable=False),  # where it stands first
    Index("ix_fragment_use_fragment", "project_id", "fragment", "path", "number"),
)
