"""The rows of `prompt` and `version`: prepared statements and their values.

Owns SQL only. Statements that one edited prompt needs are compiled once; the same ones serve a bulk import as batches.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from promptops.format.names import fold
from promptops_server.access.tables import user
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.bulk_insert import BulkInsert
from promptops_server.registry.facets import live_of, states_of_prompt
from promptops_server.registry.model import Project, Prompt, Version
from promptops_server.registry.tables import git_commit, prompt, version

BATCH = 400

IN_RANGE = (
    prompt.c.project_id == bindparam("project_id"),
    prompt.c.path >= bindparam("low"),
    prompt.c.path < bindparam("high"),
    prompt.c.archived_at.is_(None),
)
"""Conditions on `prompt`: of this project, not archived, its path from `low` to before `high`."""

_HEAD_COLUMNS = (
    prompt.c.id,
    prompt.c.path,
    prompt.c.extension,
    prompt.c.latest,
    prompt.c.valid,
    prompt.c.tags,
    prompt.c.owners,
    prompt.c.models,
    prompt.c.live,
    prompt.c.archived_at,
    prompt.c.created_at,
    version.c.blob_oid,
)
_HEADS = (
    select(*_HEAD_COLUMNS)
    .join(version, (version.c.prompt_id == prompt.c.id) & (version.c.number == prompt.c.latest))
    .where(prompt.c.project_id == bindparam("project_id"))
)
_HEAD = _HEADS.where(prompt.c.path_fold == bindparam("path_fold"))
_HEADS_IN = _HEADS.where(prompt.c.path_fold.in_(bindparam("folds", expanding=True)))

VERSION = (
    select(
        version,
        prompt.c.path,
        prompt.c.latest,
        prompt.c.archived_at,
        user.c.name.label("author_name"),
        git_commit.c.commit_time,
    )
    .join(prompt, prompt.c.id == version.c.prompt_id)
    .join(
        git_commit,
        (git_commit.c.project_id == version.c.project_id)
        & (git_commit.c.oid == version.c.commit_oid),
    )
    .outerjoin(user, user.c.id == version.c.author)
)
"""What a `Version` is read from; add the conditions."""

_INSERT_PROMPT = insert(prompt).returning(prompt.c.id, prompt.c.path)
_UPDATE_PROMPT = (
    update(prompt)
    .where(prompt.c.id == bindparam("b_id"))
    .values(
        {
            name: bindparam(name)
            for name in (
                *("extension", "latest", "valid", "name", "description", "tags", "owners"),
                *("model", "models", "archived_at", "updated_at"),
            )
        }
    )
)
_ARCHIVE_PROMPT = (
    update(prompt)
    .where(prompt.c.id == bindparam("b_id"))
    .values(archived_at=bindparam("now"), updated_at=bindparam("now"))
)
_VERSION_COLUMNS = (
    *("project_id", "prompt_id", "number", "commit_oid", "blob_oid", "behaviour", "record"),
    *("valid", "problems", "author", "author_text", "message", "moved_from", "created_at"),
)
_insert_versions = BulkInsert(version, _VERSION_COLUMNS)
_UNDER = (
    select(prompt.c.path)
    .where(
        prompt.c.project_id == bindparam("project_id"),
        prompt.c.path_fold >= bindparam("low"),
        prompt.c.path_fold < bindparam("high"),
    )
    .limit(1)
)
_PATHS_UNDER = (
    select(prompt.c.path)
    .where(
        prompt.c.project_id == bindparam("project_id"),
        prompt.c.path > bindparam("low"),
        prompt.c.path < bindparam("high"),
        prompt.c.archived_at.is_(None),
    )
    .order_by(prompt.c.path)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Head:
    """An address that exists, with the content of its newest version."""

    id: int
    path: str
    extension: str
    latest: int
    valid: bool
    tags: str
    owners: str
    models: str
    live: str
    archived: bool
    created_at: int
    blob: str

    @property
    def file_path(self) -> str:
        return self.path + self.extension


def head(conn: Connection, project_id: str, path: str) -> Head | None:
    """The address whose path is `path` in any case; compare the spelling."""
    row = conn.execute(_HEAD, {"project_id": project_id, "path_fold": fold(path)}).first()
    return None if row is None else _head(row)


def heads(conn: Connection, project_id: str, paths: Iterable[str]) -> dict[str, Head]:
    """Those of the addresses that exist, by their folded path."""
    folds = list({fold(path) for path in paths})
    if len(folds) == 1:
        only = conn.execute(_HEAD, {"project_id": project_id, "path_fold": folds[0]}).first()
        return {} if only is None else {folds[0]: _head(only)}
    found: dict[str, Head] = {}
    for at in range(0, len(folds), BATCH):
        rows = conn.execute(_HEADS_IN, {"project_id": project_id, "folds": folds[at : at + BATCH]})
        found.update((fold(row.path), _head(row)) for row in rows)
    return found


def _head(row: Row[*tuple[Any, ...]]) -> Head:
    return Head(
        row.id,
        row.path,
        row.extension,
        row.latest,
        row.valid,
        row.tags,
        row.owners,
        row.models,
        row.live,
        row.archived_at is not None,
        row.created_at,
        row.blob_oid,
    )


def any_under(conn: Connection, project_id: str, prefix: str) -> str | None:
    """The path of one prompt under a module (`prefix` ends with a slash), in any case, archived or not."""
    low = fold(prefix)
    row = conn.execute(_UNDER, {"project_id": project_id, "low": low, "high": after(low)}).first()
    return None if row is None else row.path


def paths_under(conn: Connection, project_id: str, module: str, most: int) -> list[str]:
    """The first prompts below a module (with its closing slash), by path, without archived ones."""
    given = {"project_id": project_id, "low": module, "high": after(module), "most": most}
    return list(conn.execute(_PATHS_UNDER, given).scalars())


def after(prefix: str) -> str:
    """The first text after all texts that start with `prefix`, which ends with a slash."""
    return prefix[:-1] + "0"  # "0" follows "/"


def insert_prompts(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """New addresses: path to row id."""
    result: dict[str, int] = {}
    if rows:
        for row in conn.execute(_INSERT_PROMPT, list(rows)):
            result[row.path] = row.id
    return result


def update_prompts(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Addresses with a newer version; `b_id` names the row."""
    if rows:
        conn.execute(_UPDATE_PROMPT, list(rows))


def archive_prompts(conn: Connection, ids: Sequence[int], now: int) -> None:
    """Addresses whose file is gone."""
    if ids:
        conn.execute(_ARCHIVE_PROMPT, [{"b_id": row, "now": now} for row in ids])


def set_extension(conn: Connection, prompt_id: int, extension: str) -> None:
    """The file was renamed from .yml to .yaml or back, its content unchanged."""
    conn.execute(update(prompt).where(prompt.c.id == prompt_id).values(extension=extension))


def insert_versions(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New versions."""
    _insert_versions(conn, map(itemgetter(*_VERSION_COLUMNS), rows))


def json_list(text: str) -> list[str]:
    """A column that holds a JSON array of texts."""
    return list(json.loads(text)) if text != "[]" else []


def as_version(project: Project, row: Row[*tuple[Any, ...]]) -> Version:
    """The value of a row selected by `VERSION`."""
    return Version(
        prompt_id=row.prompt_id,
        project=project.name,
        path=row.path,
        number=row.number,
        commit=row.commit_oid,
        blob=row.blob_oid,
        behaviour=row.behaviour,
        record=row.record,
        valid=row.valid,
        problems=tuple(json.loads(row.problems)) if row.problems != "[]" else (),
        author=row.author,
        author_name=row.author_name
        or (SYSTEM.name if row.author == SYSTEM.subject else row.author),
        author_text=row.author_text,
        message=row.message,
        moved_from=row.moved_from,
        created_at=row.created_at,
        committed_at=row.commit_time,
        archived=row.archived_at is not None,
        latest=row.latest,
        redacted_at=row.redacted_at,
    )


def as_prompt(project: Project, row: Row[*tuple[Any, ...]]) -> Prompt:
    """The value of a row of `prompt`."""
    return Prompt(
        id=row.id,
        project=project.name,
        path=row.path,
        extension=row.extension,
        latest=row.latest,
        valid=row.valid,
        name=row.name,
        description=row.description,
        tags=tuple(json_list(row.tags)),
        owners=tuple(json_list(row.owners)),
        model=row.model,
        archived_at=row.archived_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        states=states_of_prompt(row.latest, live_of(row.live)),
    )
