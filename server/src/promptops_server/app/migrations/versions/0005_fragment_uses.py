"""fragment uses: one row per version and pin, filled from the files of all versions.

Reads every version's file once, in batches; on a large registry the upgrade takes a second per 20,000 versions or so.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
import yaml
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PATH = sa.String(length=600).with_variant(sa.String(length=600, collation="C"), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BATCH = 500

_VERSIONS = sa.text(
    "SELECT version.id, version.prompt_id, version.number, version.project_id, version.valid,"
    " version.problems, version.blob_oid, prompt.path FROM version"
    " JOIN prompt ON prompt.id = version.prompt_id"
    " WHERE version.id > :after ORDER BY version.id LIMIT :most"
)
_BLOBS = sa.text(
    "SELECT project_id, oid, z FROM git_object WHERE project_id = :project_id AND oid IN :oids"
).bindparams(sa.bindparam("oids", expanding=True))

# The template grammar as it was when this was written.
_PLAIN = re.compile(
    r"\{\{(?:[ \t]*[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*[ \t]*"
    r'|[ \t]*"(?:[^"\\]|\\.)*"[ \t]*'
    r"|[ \t]*>[ \t]*(?P<include>[^{}]*?)[ \t]*"
    r"|[^{}]*)\}\}",
    re.ASCII | re.DOTALL,
)
_OTHER = re.compile(r"\{\{[ \t]*>[ \t]*(?P<include>[^{}]*?)[ \t]*\}\}")
_TARGET = re.compile(
    r"(?P<path>[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,9})"
    r"@(?P<pin>[1-9][0-9]{0,8}|sha256:[0-9a-f]{64})",
    re.ASCII,
)
_MOST_PATH = 500


def upgrade() -> None:
    table = op.create_table(
        "fragment_use",
        sa.Column("prompt_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("path", _PATH, nullable=False),
        sa.Column("fragment", _PATH, nullable=False),
        sa.Column("pin", sa.String(length=80), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompt.id"], name=op.f("fk_fragment_use_prompt_id")
        ),
        sa.PrimaryKeyConstraint("prompt_id", "number", "position", name=op.f("pk_fragment_use")),
    )
    op.create_index(
        "ix_fragment_use_fragment",
        "fragment_use",
        ["project_id", "fragment", "path", "number"],
        unique=False,
    )
    conn = op.get_bind()
    after = 0
    while True:
        versions = conn.execute(_VERSIONS, {"after": after, "most": _BATCH}).all()
        if not versions:
            return
        after = versions[-1].id
        rows = list(_rows(versions, _files(conn, versions)))
        if rows:
            conn.execute(table.insert(), rows)


def downgrade() -> None:
    op.drop_index("ix_fragment_use_fragment", table_name="fragment_use")
    op.drop_table("fragment_use")


def _files(conn: sa.Connection, versions: Any) -> dict[tuple[str, str], bytes]:
    """The files that could include a fragment, by project and blob id."""
    wanted: dict[str, set[str]] = {}
    for version in versions:
        wanted.setdefault(version.project_id, set()).add(version.blob_oid)
    files: dict[tuple[str, str], bytes] = {}
    for project_id, oids in wanted.items():
        for row in conn.execute(_BLOBS, {"project_id": project_id, "oids": sorted(oids)}):
            data = zlib.decompress(row.z)
            if b"{" in data and b">" in data and b"@" in data:
                files[project_id, row.oid] = data
    return files


def _rows(versions: Any, files: dict[tuple[str, str], bytes]) -> Iterator[dict[str, Any]]:
    for version in versions:
        data = files.get((version.project_id, version.blob_oid))
        if data is None or not _was_read(version):
            continue
        for position, ((fragment, pin), key) in enumerate(_includes(data).items()):
            yield {
                "prompt_id": version.prompt_id,
                "number": version.number,
                "position": position,
                "project_id": version.project_id,
                "path": version.path,
                "fragment": fragment,
                "pin": pin,
                "key": key,
            }


def _was_read(version: Any) -> bool:
    """Whether the file is a valid prompt, but perhaps for a fragment that does not exist."""
    if version.valid:
        return True
    problems = json.loads(version.problems)
    return all(p.get("code") == "fragment" for p in problems if p.get("severity") == "error")


def _includes(data: bytes) -> dict[tuple[str, str], str]:
    """Each fragment and pin of a file, with the key where it stands first."""
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar is a text
    try:
        file = yaml.load(data.decode("utf-8-sig"), loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return {}
    if not isinstance(file, dict):
        return {}
    token = _OTHER if file.get("template") == "jinja2" else _PLAIN
    found: dict[tuple[str, str], str] = {}
    for key, text in _texts(file):
        for match in token.finditer(text):
            target = _TARGET.fullmatch(match["include"] or "")
            if target is not None and len(target["path"]) <= _MOST_PATH:
                found.setdefault((target["path"], target["pin"]), key)
    return found


def _texts(file: dict[str, Any]) -> Iterator[tuple[str, str]]:
    groups: list[tuple[str, Any]] = [("messages", file.get("messages"))]
    variants = file.get("variants")
    for name, variant in variants.items() if isinstance(variants, dict) else ():
        if isinstance(variant, dict):
            simple = re.fullmatch(r"[A-Za-z0-9_-]+", name)
            at = f"variants.{name}" if simple else f'variants["{name}"]'
            groups.append((f"{at}.messages", variant.get("messages")))
    for at, messages in groups:
        for number, message in enumerate(messages if isinstance(messages, list) else ()):
            content = message.get("content") if isinstance(message, dict) else None
            yield from _strings(f"{at}[{number}].content", content)


def _strings(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(f"{key}[{number}]", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in ("type", "cache_control"):
                yield from _strings(f"{key}.{name}", item)
