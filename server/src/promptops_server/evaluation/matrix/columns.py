"""The columns of the matrix: the targets a project may use, as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from promptops.format.names import fold
from promptops_server.evaluation.matrix.keys import endpoint_text
from promptops_server.evaluation.matrix.model import Column
from promptops_server.evaluation.matrix.ports import Around
from promptops_server.evaluation.tables import test_cell
from promptops_server.infra.problems import BadRequest, NotFound
from promptops_server.providers.targets import store
from promptops_server.providers.targets.store import Stored

MOST: Final = 50
"""Targets of one matrix."""


def columns_of(
    conn: Connection, project: str, names: Sequence[str], around: Around
) -> tuple[Column, ...]:
    """The named targets in this order, or all that the project may use, by name; at most `MOST`.

    Raises:
        NotFound: a name is no target that this project may use.
        BadRequest: more than `MOST` are named.
    """
    wanted = list(dict.fromkeys(fold(name) for name in names))
    if len(wanted) > MOST:
        raise BadRequest(
            f"{len(wanted)} targets are asked for; {MOST} is the limit.",
            remedy="Name fewer.",
            slug="too-many-targets",
        )
    if not wanted:
        found = store.some(conn, limit=MOST, project=project)
        return tuple(_column(conn, stored, around) for stored in found)
    usable = _usable(conn, project, wanted)
    missing = [name for name in names if fold(name) not in usable]
    if missing:
        there = store.some(conn, limit=10, project=project)
        known = ", ".join(stored.target.name for stored in there) or "none"
        raise NotFound(
            f"{project} may use no target {missing[0][:100]!r}; it may use: {known}.",
            remedy="`promptops models list` shows the targets there are.",
            slug="no-target",
        )
    return tuple(_column(conn, usable[name], around) for name in wanted)


def find_columns(
    conn: Connection, project: str, names: Sequence[str], around: Around
) -> dict[str, Column]:
    """Those of the named targets that the project may use, by the name that was given."""
    wanted = {fold(name): name for name in names}
    usable = _usable(conn, project, list(wanted))
    return {wanted[key]: _column(conn, stored, around) for key, stored in usable.items()}


def _usable(conn: Connection, project: str, names: Sequence[str]) -> dict[str, Stored]:
    """By folded name."""
    found = store.by_names(conn, names)
    return {k: stored for k, stored in found.items() if stored.target.may_be_used_by(project)}


def _column(conn: Connection, stored: Stored, around: Around) -> Column:
    target = stored.target
    return Column(
        id=target.id,
        name=target.name,
        model=target.model,
        endpoint=endpoint_text(target.provider, target.model, target.base_url, target.region),
        catalogue_digest=around.catalogue(target),
        answers_as=_answers_as(conn, stored),
        problem=around.problem(target),
    )


def _answers_as(conn: Connection, stored: Stored) -> str:
    """The model as the endpoint named it when it was last asked: by a run, or by a check."""
    tested = conn.execute(
        select(test_cell.c.model, test_cell.c.updated_at)
        .where(test_cell.c.target_id == stored.target.id, test_cell.c.model != "")
        .order_by(test_cell.c.updated_at.desc())
        .limit(1)
    ).first()
    said = str((stored.checked or {}).get("model") or "")
    if said and (tested is None or (stored.checked_at or 0) > tested.updated_at):
        return said
    return "" if tested is None else str(tested.model)
