"""facets of prompts, saved views, activity filters."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH = 1_000
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PATH = sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql")

# Written out here, not called from the code: what this migration made must not change with it later.
_PREFIXES = {
    "gpt": ("gpt", "chatgpt", "davinci", "babbage"),
    "llama": ("llama", "codellama"),
    "qwen": ("qwen", "qwq", "qvq"),
    "mistral": (
        *("mistral", "mixtral", "ministral", "codestral"),
        *("devstral", "magistral", "pixtral", "voxtral"),
    ),
    "glm": ("glm", "chatglm"),
    "yi": (),
    **{
        name: (name,)
        for name in (
            *("claude", "gemini", "gemma", "deepseek", "phi", "command", "grok", "nova"),
            *("granite", "nemotron", "smollm", "kimi", "jamba", "olmo", "falcon"),
        )
    },
}
_WORD = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)


def upgrade() -> None:
    _make_tables()
    _fill()
    op.drop_index("ix_prompt_tag_path", table_name="prompt_tag")
    op.drop_table("prompt_tag")


def _make_tables() -> None:
    for column in ("models", "live"):
        empty = "'[]'" if column == "models" else "'{}'"
        op.add_column(
            "prompt", sa.Column(column, sa.Text(), nullable=False, server_default=sa.text(empty))
        )
    if op.get_bind().dialect.name != "sqlite":  # there a default would copy the whole table to go
        for column in ("models", "live"):
            op.alter_column("prompt", column, server_default=None)
    for name, columns, where in _INDEXES:
        op.create_index(
            name,
            "prompt",
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "facet",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("prompts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_facet_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facet")),
        sa.UniqueConstraint(
            *("project_id", "archived", "kind", "value"),
            name=op.f("uq_facet_project_id_archived_kind_value"),
        ),
    )
    op.create_index(
        "ix_facet_prompts", "facet", ["project_id", "archived", "kind", "prompts", "value"]
    )
    op.create_table(
        "prompt_facet",
        sa.Column("prompt_id", _BIG_ID, nullable=False),
        sa.Column("facet_id", _BIG_ID, nullable=False),
        sa.Column("path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_prompt_facet_prompt_id")
        ),
        sa.ForeignKeyConstraint(["facet_id"], ["facet.id"], name=op.f("fk_prompt_facet_facet_id")),
        sa.PrimaryKeyConstraint("prompt_id", "facet_id", name=op.f("pk_prompt_facet")),
        sqlite_with_rowid=False,
    )


    op.create_table(
        "view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_fold", sa.String(length=100), nullable=False),
        sa.Column("maker", sa.String(length=36), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_view_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view")),
        sa.UniqueConstraint(
            "project_id", "scope", "name_fold", name=op.f("uq_view_project_id_scope_name_fold")
        ),
    )
    op.create_table(
        "prompt_activity",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("path", _PATH, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_prompt_activity_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "path", "seq", name=op.f("pk_prompt_activity")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_prompt_activity_seq", "prompt_activity", ["project_id", "seq"])
    op.create_index("ix_audit_event_action", "audit_event", ["log_id", "action", "seq"])


_INDEXES = (
    ("ix_prompt_current", ["project_id", "path"], "archived_at IS NULL"),
    ("ix_prompt_changed", ["project_id", "updated_at", "id"], "archived_at IS NULL"),
    ("ix_prompt_archived_changed", ["project_id", "updated_at", "id"], "archived_at IS NOT NULL"),
)


def _fill() -> None:
    """Facets of the prompts there are, in batches by id; models of variants follow with each prompt's next version."""
    conn = op.get_bind()
    ids: dict[tuple[str, bool, str, str], int] = {}
    counts: Counter[int] = Counter()
    for rows in _batches(conn):
        live = _live(conn, rows)
        facets = {row.id: sorted(set(_facets(row, live.get(row.id, {})))) for row in rows}
        postings = []
        for row in rows:
            for kind, value in facets[row.id]:
                key = (row.project_id, row.archived_at is not None, kind, value)
                if key not in ids:
                    ids[key] = len(ids) + 1
                    conn.execute(_INSERT_FACET, {"id": ids[key], **_named(key)})
                counts[ids[key]] += 1
                postings.append({"prompt_id": row.id, "facet_id": ids[key], "path": row.path})
        if postings:
            conn.execute(_INSERT_POSTING, postings)
        conn.execute(
            sa.text("UPDATE prompt SET models = :models, live = :live WHERE id = :id"),
            [
                {
                    "id": row.id,
                    "models": json.dumps([row.model], ensure_ascii=False) if row.model else "[]",
                    "live": json.dumps(live.get(row.id, {}), sort_keys=True),
                }
                for row in rows
            ],
        )
        _index(conn, rows, facets)
    if counts:
        conn.execute(
            sa.text("UPDATE facet SET prompts = :prompts WHERE id = :id"),
            [{"id": facet, "prompts": many} for facet, many in counts.items()],
        )
        if conn.dialect.name != "sqlite":
            conn.execute(sa.text("SELECT setval(pg_get_serial_sequence('facet', 'id'), :last)"), {"last": len(ids)})
    op.create_index("ix_prompt_facet_path", "prompt_facet", ["facet_id", "path", "prompt_id"])


_FACET = sa.table(
    "facet",
    sa.column("id"),
    sa.column("project_id"),
    sa.column("archived", sa.Boolean()),
    sa.column("kind"),
    sa.column("value"),
    sa.column("prompts"),
)
_POSTING = sa.table(
    "prompt_facet", sa.column("prompt_id"), sa.column("facet_id"), sa.column("path")
)
_INSERT_FACET = sa.insert(_FACET)
_INSERT_POSTING = sa.insert(_POSTING)


def _named(key: tuple[str, bool, str, str]) -> dict[str, Any]:
    names = ("project_id", "archived", "kind", "value")
    return {**dict(zip(names, key, strict=True)), "prompts": 0}


def _batches(conn: sa.Connection) -> Iterator[list[Any]]:
    last = 0
    while True:
        rows = conn.execute(
            sa.text(
                "SELECT id, project_id, path, latest, valid, tags, owners, model, archived_at"
                " FROM prompt WHERE id > :last ORDER BY id LIMIT :batch"
            ),
            {"last": last, "batch": _BATCH},
        ).all()
        if not rows:
            return
        yield list(rows)
        last = rows[-1].id


def _live(conn: sa.Connection, rows: list[Any]) -> dict[int, dict[str, int]]:
    """Per prompt, environment to version, 0 where it is suspended."""
    statement = sa.text(
        "SELECT prompt.id, environment.name, live.state, live.version FROM prompt"
        " JOIN environment ON environment.project_id = prompt.project_id"
        " JOIN live ON live.environment_id = environment.id AND live.path = prompt.path"
        " AND live.to_release IS NULL WHERE prompt.id >= :first AND prompt.id <= :last"
    )
    found: dict[int, dict[str, int]] = {}
    for row in conn.execute(statement, {"first": rows[0].id, "last": rows[-1].id}):
        found.setdefault(row.id, {})[row.name] = row.version if row.state == "live" else 0
    return found


def _facets(row: Any, live: dict[str, int]) -> Iterator[tuple[str, str]]:
    if not row.valid:
        yield "invalid", ""
    for kind, text in (("tag", row.tags), ("owner", row.owners)):
        for value in json.loads(text):
            yield kind, _key(value)
    if row.model:
        yield from _models(_key(row.model))
    versions = {version for version in live.values() if version}
    yield "state", "published" if row.latest in versions else "draft"
    if any(version < row.latest for version in versions):
        yield "state", "behind"
    if 0 in live.values():
        yield "state", "suspended"
    for environment, version in live.items():
        if version:
            yield "environment", environment


def _models(model: str) -> Iterator[tuple[str, str]]:
    if model not in _PREFIXES:
        yield "model", model
    bare = model.rstrip("/").rpartition("/")[2]
    for word in re.split(r"[^a-z0-9]+", bare):
        if re.fullmatch(r"o[1-9][0-9]*", word):
            yield "family", "gpt"
            return
        for family, prefixes in _PREFIXES.items():
            if word == family or (prefixes and word.startswith(prefixes)):
                yield "family", family
                return


def _key(text: str) -> str:
    return text.strip().lower()[:200]


def _index(conn: sa.Connection, rows: list[Any], facets: dict[int, list[tuple[str, str]]]) -> None:
    """Owners and facets as words of the search index."""
    sqlite = conn.dialect.name == "sqlite"
    values = []
    for row in rows:
        words = {_word(row.project_id, k, v) for k, v in facets[row.id] if k not in ("state", "environment")}
        for owner in json.loads(row.owners):
            words.update(_split(owner))
        if words:
            more = sorted(words)
            values.append({"row": row.id, "more": " " + " ".join(more) if sqlite else more})
    if values:
        conn.execute(
            sa.text(
                "UPDATE prompt_search SET words = words || :more WHERE rowid = :row"
                if sqlite
                else "UPDATE prompt_search SET words = words ||"
                " array_to_tsvector(CAST(:more AS text[])) WHERE prompt_id = :row"
            ),
            values,
        )


def _word(project_id: str, kind: str, value: str) -> str:
    return "__" + hashlib.sha256(f"{project_id}\n{kind}\n{value}".encode()).hexdigest()[:16]


def _split(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text)
    plain = unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))
    return [word[:60] for word in _WORD.findall(plain.lower())]


def downgrade() -> None:
    op.drop_index("ix_audit_event_action", table_name="audit_event")
    op.drop_index("ix_prompt_activity_seq", table_name="prompt_activity")
    op.drop_table("prompt_activity")
    op.drop_table("view")
    op.create_table(
        "prompt_tag",
        sa.Column("prompt_id", _BIG_ID, nullable=False),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_prompt_tag_prompt_id")),
        sa.PrimaryKeyConstraint("prompt_id", "tag", name=op.f("pk_prompt_tag")),
    )
    op.execute(
        "INSERT INTO prompt_tag (prompt_id, tag, project_id, path)"
        " SELECT DISTINCT prompt_facet.prompt_id, substr(facet.value, 1, 100), facet.project_id,"
        " prompt_facet.path FROM prompt_facet JOIN facet ON facet.id = prompt_facet.facet_id"
        " WHERE facet.kind = 'tag'"
    )
    op.create_index("ix_prompt_tag_path", "prompt_tag", ["project_id", "tag", "path"])
    op.drop_index("ix_prompt_facet_path", table_name="prompt_facet")
    op.drop_table("prompt_facet")
    op.drop_index("ix_facet_prompts", table_name="facet")
    op.drop_table("facet")
    for name, _, where in reversed(_INDEXES):
        op.drop_index(
            name,
            table_name="prompt",
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    for column in ("live", "models"):
        # Not as a batch: SQLite would then copy the table, and dropping the old one breaks what refers to it.
        op.execute(f"ALTER TABLE prompt DROP COLUMN {column}")
