"""Two environments beside each other, or an environment and `main`: which prompts differ, and how.

Owns the comparison of sides. Rows are compared in the database, in the order of paths, so that prompts that are the
same on both sides are never loaded. One prompt in detail is the registry's `history.diff`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import (
    Connection,
    and_,
    case,
    func,
    null,
    or_,
    select,
    tuple_,
)

from promptops.format import parse
from promptops.format.diff_sections import ChangeClass, SectionName, compare_prompts
from promptops.format.diff_sequences import Effort
from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.git import read
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path, path_fault
from promptops_server.registry.rows import VERSION, as_version, heads
from promptops_server.registry.tables import prompt, version
from promptops_server.releases.model import State
from promptops_server.releases.rows import AnyRow, chunks
from promptops_server.releases.sides import Side, rows_of, side_of

Kind: TypeAlias = Literal["only_in_from", "only_in_to", "version", "suspended", "same"]
KINDS: tuple[Kind, ...] = ("only_in_from", "only_in_to", "version", "suspended", "same")

_BATCH = 20
_MOST_BYTES = 4 * 1024 * 1024
"""Of files read for one page; sections of the prompts behind that are left to the diff of one prompt."""
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Stand:
    """What stands at an address on one side. `content` is the version there, also of a suspended prompt."""

    state: State
    version: int
    content: Version | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One prompt on both sides; None where it is not there.

    Digests tell whether behaviour and record differ, None where only one side has the prompt or a file is not valid.
    `sections` and `classes` are None for files that are not valid, or too large for a page.
    """

    path: str
    kind: Kind
    before: Stand | None
    after: Stand | None
    behaviour_changed: bool | None
    record_changed: bool | None
    sections: tuple[SectionName, ...] | None
    classes: tuple[ChangeClass, ...] | None


@dataclass(frozen=True, slots=True)
class SidesCompared:
    """A page of what differs from one side to the other. `counts` is by kind, on the first page alone."""

    start: Side
    end: Side
    page: Page[Compared]
    counts: Mapping[Kind, int] | None


def compare_sides(
    conn: Connection,
    project: Project,
    start: str,
    end: str,
    *,
    limit: int,
    cursor: str | None = None,
    module: str = "",
    same: bool = False,
) -> SidesCompared:
    """A page by path of the prompts that differ; with `same` also of those that do not.

    Two versions of a prompt differ by their numbers, even where the later one brought the earlier content back; digests
    tell that. Pages after the first are of the releases the first one showed.

    Raises:
        BadRequest: a side or the module breaks the grammar, or the cursor is not from here.
        NotFound, Invalid: as `sides.side_of`.
    """
    if module:
        address_path(module)
    last, seen = _read_cursor(cursor)
    sides = (
        side_of(conn, project.id, start, seen[0] if seen else None),
        side_of(conn, project.id, end, seen[1] if seen else None),
    )
    rows = _page(conn, project, sides, module, last, limit + 1, same)
    shown = rows[:limit]
    following = (
        encode(shown[-1].path, sides[0].release, sides[1].release) if len(rows) > limit else None
    )
    counts = None if cursor else _counts(conn, project, sides, module)
    return SidesCompared(*sides, Page(list(_compared(conn, project, shown)), following), counts)


def _read_cursor(cursor: str | None) -> tuple[str, tuple[int | None, int | None] | None]:
    if cursor is None:
        return "", None
    path, *releases = decode(cursor, str, int, int)
    if path_fault(path) or not all(-1 <= number <= _LARGEST for number in releases):
        raise BadRequest(
            "The cursor is not one this list gave out.",
            remedy="Start again without `cursor`.",
            slug="bad-cursor",
        )
    first, second = (None if number < 0 else number for number in releases)
    return path, (first, second)


def _page(
    conn: Connection,
    project: Project,
    sides: tuple[Side, Side],
    module: str,
    last: str,
    limit: int,
    same: bool,
) -> list[AnyRow]:
    """The next rows by path: those there before, each with the other side looked up, and those there only after."""
    a, b = (rows_of(s, project.id, n, module) for s, n in zip(sides, "ab", strict=True))
    there = (
        select(
            a.c.path,
            a.c.state.label("before_state"),
            a.c.version.label("before_version"),
            b.c.state.label("after_state"),
            b.c.version.label("after_version"),
        )
        .select_from(a.outerjoin(b, b.c.path == a.c.path))
        .where(a.c.path > last)
        .order_by(a.c.path)
        .limit(limit)
    )
    if not same:
        there = there.where(
            or_(b.c.path.is_(None), b.c.version != a.c.version, b.c.state != a.c.state)
        )
    found = list(conn.execute(there))
    fresh = (
        select(
            b.c.path,
            null().label("before_state"),
            null().label("before_version"),
            b.c.state.label("after_state"),
            b.c.version.label("after_version"),
        )
        .select_from(b.outerjoin(a, a.c.path == b.c.path))
        .where(b.c.path > last, a.c.path.is_(None))
        .order_by(b.c.path)
        .limit(limit)
    )
    if len(found) == limit:  # no need to look behind the end of the page
        fresh = fresh.where(b.c.path < found[-1].path)
    # Paths are ASCII, and the database orders them byte by byte: as Python does.
    return sorted([*found, *conn.execute(fresh)], key=lambda row: str(row.path))[:limit]


def _counts(
    conn: Connection, project: Project, sides: tuple[Side, Side], module: str
) -> dict[Kind, int]:
    a, b = (rows_of(s, project.id, n, module) for s, n in zip(sides, "ab", strict=True))
    kind = case(
        (b.c.path.is_(None), "only_in_from"),
        (b.c.state != a.c.state, "suspended"),
        (b.c.version != a.c.version, "version"),
        else_="same",
    ).label("kind")
    found = conn.execute(
        select(kind, func.count()).select_from(a.outerjoin(b, b.c.path == a.c.path)).group_by(kind)
    )
    counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    counts.update((row[0], int(row[1])) for row in found)
    counts["only_in_to"] = int(
        conn.execute(
            select(func.count())
            .select_from(b.outerjoin(a, a.c.path == b.c.path))
            .where(a.c.path.is_(None))
        ).scalar_one()
    )
    return counts


def _compared(conn: Connection, project: Project, rows: Sequence[AnyRow]) -> Iterator[Compared]:
    versions = _versions(conn, project, rows)
    effort = Effort()
    spent = 0
    for some in chunks(rows, _BATCH):
        stands = [
            (
                row.path,
                _stand(row.path, row.before_state, row.before_version, versions),
                _stand(row.path, row.after_state, row.after_version, versions),
            )
            for row in some
        ]
        wanted = {
            stand.content.blob
            for _, before, after in stands
            if before is None or after is None or before.content != after.content
            for stand in (before, after)
            if stand is not None and stand.content is not None
        }
        blobs = read.blobs(conn, project.id, wanted) if spent < _MOST_BYTES else {}
        spent += sum(map(len, blobs.values()))
        for path, before, after in stands:
            yield _one(path, before, after, blobs, effort)


def _one(
    path: str,
    before: Stand | None,
    after: Stand | None,
    blobs: Mapping[str, bytes],
    effort: Effort,
) -> Compared:
    old = before.content if before is not None else None
    new = after.content if after is not None else None
    sections: tuple[SectionName, ...] | None = None
    classes: tuple[ChangeClass, ...] | None = None
    if old is not None and new is not None and old.blob == new.blob:
        sections, classes = (), ()
    elif all(version is None or version.blob in blobs for version in (old, new)):
        files = [None if v is None else parse(blobs[v.blob]).file for v in (old, new)]
        if all(file is not None or v is None for file, v in zip(files, (old, new), strict=True)):
            found = compare_prompts(files[0], files[1], effort=effort)
            sections = tuple(section.name for section in found.sections)
            classes = found.classes
    return Compared(
        path,
        _kind(before, after),
        before,
        after,
        _differ(old, new, "behaviour"),
        _differ(old, new, "record"),
        sections,
        classes,
    )


def _kind(before: Stand | None, after: Stand | None) -> Kind:
    if before is None:
        return "only_in_to"
    if after is None:
        return "only_in_from"
    if before.state != after.state:
        return "suspended"
    return "same" if before.version == after.version else "version"


def _differ(old: Version | None, new: Version | None, digest: str) -> bool | None:
    a, b = getattr(old, digest, None), getattr(new, digest, None)
    return None if a is None or b is None else a != b


def _stand(
    path: str,
    state: State | None,
    number: int | None,
    versions: Mapping[tuple[str, int], Version],
) -> Stand | None:
    if state is None or number is None:
        return None
    return Stand(state, number, versions.get((path, number)))


def _versions(
    conn: Connection, project: Project, rows: Sequence[AnyRow]
) -> dict[tuple[str, int], Version]:
    """The versions on both sides of these rows, by path and number."""
    known = heads(conn, project.id, [row.path for row in rows])
    ids = {head.path: head.id for head in known.values()}
    wanted = {
        (ids[row.path], number)
        for row in rows
        if row.path in ids
        for number in (row.before_version, row.after_version)
        if number is not None
    }
    found: dict[tuple[str, int], Version] = {}
    for some in chunks(sorted(wanted), 200):
        query = VERSION.where(
            and_(
                prompt.c.project_id == project.id,
                tuple_(version.c.prompt_id, version.c.number).in_(some),
            )
        )
        for row in conn.execute(query):
            value = as_version(project, row)
            found[value.path, value.number] = value
    return found
