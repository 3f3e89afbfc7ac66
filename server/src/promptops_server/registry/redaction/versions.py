"""Which versions a redaction changes, and which were changed: their content, or that of a fragment they include."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from promptops.format.names import fold
from promptops_server.registry.git.store import batches
from promptops_server.registry.model import Project
from promptops_server.registry.tables import fragment_use, prompt, version

_CHUNK = 400
_COLUMNS = (
    version.c.id,
    version.c.prompt_id,
    version.c.number,
    version.c.blob_oid,
    version.c.behaviour,
    version.c.valid,
    prompt.c.path,
    prompt.c.latest,
)
_OF_BLOBS = (
    select(*_COLUMNS)
    .join(prompt, prompt.c.id == version.c.prompt_id)
    .where(
        version.c.project_id == bindparam("project"),
        version.c.blob_oid.in_(bindparam("blobs", expanding=True)),
    )
)
_USING = (
    select(*_COLUMNS)
    .join(prompt, prompt.c.id == version.c.prompt_id)
    .join(
        fragment_use,
        (fragment_use.c.prompt_id == version.c.prompt_id)
        & (fragment_use.c.number == version.c.number),
    )
    .where(
        fragment_use.c.project_id == bindparam("project"),
        fragment_use.c.fragment == bindparam("fragment"),
        fragment_use.c.pin.in_(bindparam("pins", expanding=True)),
    )
)
_REDACTED = (
    select(prompt.c.path, version.c.number)
    .join(prompt, prompt.c.id == version.c.prompt_id)
    .where(
        prompt.c.project_id == bindparam("project"),
        prompt.c.path_fold.in_(bindparam("folds", expanding=True)),
        version.c.redacted_at.is_not(None),
    )
)


@dataclass(frozen=True, slots=True)
class Affected:
    """A version as it is before the redaction. `direct` when its own file holds a text."""

    id: int
    prompt_id: int
    path: str
    number: int
    blob: str
    behaviour: str | None
    valid: bool
    newest: bool
    direct: bool

    @property
    def address(self) -> str:
        """Path and number."""
        return f"{self.path}@{self.number}"


def affected_versions(conn: Connection, project_id: str, blobs: Iterable[str]) -> list[Affected]:
    """The versions made of these files, and those that include one of them, through however many fragments."""
    found: dict[int, Affected] = {}
    for some in batches(sorted(blobs), _CHUNK):
        for row in conn.execute(_OF_BLOBS, {"project": project_id, "blobs": some}):
            found[row.id] = _affected(row, direct=True)
    waiting = list(found.values())
    while waiting:
        pins: dict[str, set[str]] = defaultdict(set)
        for one in waiting:
            pins[one.path].add(str(one.number))
            if one.behaviour is not None:
                pins[one.path].add(one.behaviour)
        waiting = []
        for path, names in pins.items():
            for some in batches(sorted(names), _CHUNK):
                given = {"project": project_id, "fragment": path, "pins": some}
                for row in conn.execute(_USING, given):
                    if row.id not in found:
                        found[row.id] = _affected(row, direct=False)
                        waiting.append(found[row.id])
    return sorted(found.values(), key=lambda v: (v.path, v.number))


def by_path(versions: Iterable[Affected]) -> dict[str, frozenset[int]]:
    """Their numbers, by path."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for one in versions:
        numbers[one.path].add(one.number)
    return {path: frozenset(found) for path, found in numbers.items()}


def redacted_versions(
    conn: Connection, project_id: str, paths: Iterable[str]
) -> Mapping[str, frozenset[int]]:
    """The versions at these paths that a redaction changed: none of them may be released. Paths without are missing."""
    found: dict[str, set[int]] = defaultdict(set)
    wanted = set(paths)
    for some in batches(sorted({fold(path) for path in wanted}), _CHUNK):
        for row in conn.execute(_REDACTED, {"project": project_id, "folds": some}):
            if row.path in wanted:
                found[row.path].add(row.number)
    return {path: frozenset(numbers) for path, numbers in found.items()}


def holding(
    conn: Connection, project: Project, path: str, number: int | None
) -> list[tuple[int, str]]:
    """Number and file of the versions at an address, or of the one named; none where there is no such prompt."""
    query = (
        select(version.c.number, version.c.blob_oid)
        .join(prompt, prompt.c.id == version.c.prompt_id)
        .where(
            prompt.c.project_id == project.id,
            prompt.c.path_fold == fold(path),
            prompt.c.path == path,
        )
        .order_by(version.c.number)
    )
    if number is not None:
        query = query.where(version.c.number == number)
    return [(row.number, row.blob_oid) for row in conn.execute(query)]


def _affected(r: Row[*tuple[Any, ...]], *, direct: bool) -> Affected:
    return Affected(
        r.id,
        r.prompt_id,
        r.path,
        r.number,
        r.blob_oid,
        r.behaviour,
        r.valid,
        r.number == r.latest,
        direct,
    )
