"""The matrix as the publish gate asks it: what is known of versions on targets, read inside the project lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.evaluation.matrix.choose import choose
from promptops_server.evaluation.matrix.columns import find_columns
from promptops_server.evaluation.matrix.model import Cell, Line
from promptops_server.evaluation.matrix.ports import Around
from promptops_server.evaluation.matrix.stored import cells_of
from promptops_server.registry.model import Project

Facts = Mapping[tuple[str, str], Cell]
"""Path and target name to the cell."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A version that is asked about."""

    path: str
    version: int
    behaviour: str | None


def matrix_facts(
    conn: Connection,
    project: Project,
    versions: Sequence[Tested],
    targets: Sequence[str],
    around: Around,
    *,
    suite: str | None = None,
) -> Facts:
    """The cells of these versions on these targets.

    Every suite that belongs to the prompt must have been run, as it is now; with `suite` that one alone. What has no
    suite to be run is `untested`, and so is a target that the project may not use.
    """
    columns = find_columns(conn, project.name, targets, around)
    wanted = [(tested.path, tested.version) for tested in versions]
    now = around.suites(conn, project, wanted, [suite] if suite else [])
    lines = [
        Line(t.path, t.version, t.behaviour, _asked(now.get(t.path, {}), suite)) for t in versions
    ]
    stored = cells_of(conn, project.id, lines, {column.id for column in columns.values()})
    found: dict[tuple[str, str], Cell] = {}
    for line in lines:
        for name in targets:
            column = columns.get(name)
            if column is None:
                cell = Cell(name, "untested", "no target of this name that the project may use")
            elif not line.suites:
                lacking = f"there is no suite {suite}" if suite else "no suite belongs to it"
                cell = Cell(name, "untested", lacking)
            else:
                cell = choose(line, column, stored.get((line.path, column.id), ()))
            found[line.path, name] = cell
    return found


def _asked(suites: Mapping[str, str], suite: str | None) -> Mapping[str, str]:
    if suite is None:
        return suites
    return {name: digest for name, digest in suites.items() if name == suite}
