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
from promptops_server.infra.problems import BadRequest, Invalid, NotFound
from promptops_server.providers.tables import model_target
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
        return _columns(conn, found, around)
    usable = _usable(conn, project, wanted)
    missing = [name for name in names if fold(name) not in usable]
    if missing:
        raise NotFound(
            f"{project} may use no target {missing[0][:100]!r}; it may use: {_there(conn, project)}.",
            remedy="`promptops models list` shows the targets there are.",
            slug="no-target",
        )
    return _columns(conn, [usable[name] for name in wanted], around)


def check_targets(conn: Connection, project: str, names: Sequence[str]) -> None:
    """Refuse names of targets that are not there, so that a rule does not wait for what nobody can test.

    Raises:
        Invalid: naming them, and those the project may use.
    """
    usable = _usable(conn, project, names)
    missing = [name for name in names if fold(name) not in usable]
    if missing:
        named = ", ".join(repr(name[:100]) for name in missing)
        raise Invalid(
            f"{project} may use no model target {named}; it may use: {_there(conn, project)}.",
            remedy=f"`promptops models list --project {project}` shows them; an administrator adds others.",
            slug="unknown-target",
            targets=missing,
        )


def _there(conn: Connection, project: str, shown: int = 10) -> str:
    found = store.some(conn, limit=shown + 1, project=project)
    names = [stored.target.name for stored in found[:shown]] + ["…"] * (len(found) > shown)
    return ", ".join(names) or "none"


def find_columns(
    conn: Connection, project: str, names: Sequence[str], around: Around
) -> dict[str, Column]:
    """Those of the named targets that the project may use, by the name that was given."""
    wanted = {fold(name): name for name in names}
    usable = _usable(conn, project, list(wanted))
    columns = _columns(conn, list(usable.values()), around)
    return {wanted[key]: column for key, column in zip(usable, columns, strict=True)}


def _usable(conn: Connection, project: str, names: Sequence[str]) -> dict[str, Stored]:
    """By folded name."""
    found = store.by_names(conn, names)
    return {k: stored for k, stored in found.items() if stored.target.may_be_used_by(project)}


def _columns(conn: Connection, found: Sequence[Stored], around: Around) -> tuple[Column, ...]:
    tested = _tested_as(conn, [stored.target.id for stored in found])
    return tuple(_column(stored, tested.get(stored.target.id), around) for stored in found)


def _column(stored: Stored, tested: tuple[str, int] | None, around: Around) -> Column:
    target = stored.target
    return Column(
        id=target.id,
        name=target.name,
        model=target.model,
        endpoint=endpoint_text(target.provider, target.model, target.base_url, target.region),
        catalogue_digest=around.catalogue(target),
        answers_as=_answers_as(stored, tested),
        problem=around.problem(target),
        family=around.family(target),
    )


def _answers_as(stored: Stored, tested: tuple[str, int] | None) -> str:
    """The model as the endpoint named it when it was last asked: by a run, or by a check."""
    said = str((stored.checked or {}).get("model") or "")
    if said and (tested is None or (stored.checked_at or 0) > tested[1]):
        return said
    return "" if tested is None else tested[0]


def _tested_as(conn: Connection, target_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Per target what the newest cell with an answer says it was, and when."""
    if not target_ids:
        return {}
    cell = test_cell.alias()
    newest = (
        select(cell.c.updated_at)
        .where(cell.c.target_id == model_target.c.id, cell.c.model != "")
        .order_by(cell.c.updated_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = conn.execute(
        select(test_cell.c.target_id, test_cell.c.model, test_cell.c.updated_at)
        .join(model_target, model_target.c.id == test_cell.c.target_id)
        .where(
            model_target.c.id.in_(target_ids),
            test_cell.c.model != "",
            test_cell.c.updated_at == newest,
        )
    )
    return {row.target_id: (row.model, row.updated_at) for row in rows}
