"""A page of the matrix: prompts at the head of main, or what is live in an environment, with a cell for every target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from promptops_server.evaluation.matrix.choose import choose
from promptops_server.evaluation.matrix.columns import columns_of
from promptops_server.evaluation.matrix.model import Column, Line, PromptRow
from promptops_server.evaluation.matrix.ports import Around
from promptops_server.evaluation.matrix.stored import cells_of
from promptops_server.evaluation.model import Verdict
from promptops_server.infra.cursor import Page
from promptops_server.infra.problems import NotFound
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.model import Project
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.tables import prompt, version
from promptops_server.registry.versions import get_version

HEAD = "head"
"""`at` for the newest versions on main; everything else is the name of an environment."""
MOST = 100
"""Prompts on a page."""
_LOOKS = 5
"""Pages that are looked through for one page of a filter by verdict."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the matrix. Empty texts and lists ask nothing; `verdicts` keeps prompts with such a cell."""

    q: str = ""
    module: str = ""
    targets: tuple[str, ...] = ()
    verdicts: frozenset[Verdict] = frozenset()
    at: str = HEAD


def read_matrix(
    conn: Connection,
    project: Project,
    asked: Asked,
    live: LiveVersion,
    around: Around,
    *,
    limit: int,
    cursor: str | None = None,
) -> tuple[tuple[Column, ...], Page[PromptRow]]:
    """The columns, and a page of prompts by path (with `q`: what matches best first).

    With `verdicts` a page may be short, or empty, and still have a cursor.

    Raises:
        NotFound: a target or the environment does not exist.
        BadRequest: the cursor is not from this list, the module breaks the grammar, or too much is asked.
    """
    columns = columns_of(conn, project.name, asked.targets, around)
    wanted = Wanted(q=asked.q, module=asked.module)
    if asked.at != HEAD:
        require_environment(conn, project, asked.at, live)
        wanted = replace(wanted, environment=asked.at)
    limit = min(limit, MOST)
    rows: list[PromptRow] = []
    for _ in range(_LOOKS if asked.verdicts else 1):
        page = list_prompts(conn, project, wanted, limit=limit - len(rows), cursor=cursor)
        lines = _lines(conn, project, [found.path for found in page.items], asked.at, live, around)
        rows += [row for row in rows_of(conn, project, lines, columns) if _fits(row, asked)]
        cursor = page.next
        if cursor is None or len(rows) >= limit:
            break
    return columns, Page(rows, cursor)


def read_prompt(
    conn: Connection,
    project: Project,
    path: str,
    asked: Asked,
    live: LiveVersion,
    around: Around,
) -> tuple[tuple[Column, ...], PromptRow]:
    """One prompt's cells.

    Raises:
        NotFound: there is no such prompt, target or environment, or it is not live there.
    """
    columns = columns_of(conn, project.name, asked.targets, around)
    if asked.at == HEAD:
        found = get_version(conn, project, path)
    else:
        number = live.live(conn, project.id, asked.at, path)
        if number is None:
            raise NotFound(f"{project.name}/{path} is not live in {asked.at}.", slug="not-live")
        found = get_version(conn, project, path, number)
    suites = around.suites(conn, project, [(found.path, found.number)])
    line = Line(found.path, found.number, found.behaviour, suites.get(found.path, {}))
    (row,) = rows_of(conn, project, [line], columns)
    return columns, row


def rows_of(
    conn: Connection, project: Project, lines: Sequence[Line], columns: Sequence[Column]
) -> Iterator[PromptRow]:
    """These prompts with a cell for every column."""
    stored = cells_of(conn, project.id, lines, {column.id for column in columns})
    for line in lines:
        cells = (choose(line, column, stored.get((line.path, column.id), ())) for column in columns)
        yield PromptRow(line, tuple(cells))


def require_environment(conn: Connection, project: Project, name: str, live: LiveVersion) -> None:
    """Raises NotFound when the project has no such environment."""
    live.live(conn, project.id, name, "")


def _lines(
    conn: Connection,
    project: Project,
    paths: Sequence[str],
    at: str,
    live: LiveVersion,
    around: Around,
) -> list[Line]:
    """What is wanted of these prompts, in their order."""
    numbers: dict[str, int] = {}
    if at != HEAD:
        for path, places in live.where(conn, project.id, paths).items():
            numbers.update((path, p.version) for p in places if p.environment == at)
        paths = [path for path in paths if path in numbers]  # suspended ones are live nowhere
    behaviours = _behaviours(conn, project.id, paths, set(numbers.values()))
    chosen = [(path, numbers.get(path) or max(behaviours[path])) for path in paths]
    suites = around.suites(conn, project, chosen)
    return [
        Line(path, number, behaviours[path].get(number), suites.get(path, {}))
        for path, number in chosen
    ]


def _behaviours(
    conn: Connection, project_id: str, paths: Sequence[str], numbers: Collection[int]
) -> dict[str, dict[int, str | None]]:
    """Per path, number to behaviour: of the newest versions, and of those with these numbers."""
    found: dict[str, dict[int, str | None]] = {path: {} for path in paths}
    if not paths:
        return found
    which = version.c.number == prompt.c.latest
    if numbers:
        which |= version.c.number.in_(sorted(numbers))
    rows = conn.execute(
        select(prompt.c.path, version.c.number, version.c.behaviour)
        .join(version, version.c.prompt_id == prompt.c.id)
        .where(prompt.c.project_id == project_id, prompt.c.path.in_(paths), which)
    )
    for row in rows:
        found[row.path][row.number] = row.behaviour
    return found


def _fits(row: PromptRow, asked: Asked) -> bool:
    return not asked.verdicts or any(cell.verdict in asked.verdicts for cell in row.cells)
