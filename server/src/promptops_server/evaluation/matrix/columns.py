"""The columns of the matrix: the targets a project may use, as they are now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from promptops_server.evaluation.matrix.keys import endpoint_text
from promptops_server.evaluation.matrix.model import Column
from promptops_server.evaluation.matrix.ports import Around
from promptops_server.evaluation.tables import test_cell
from promptops_server.infra.problems import BadRequest, NotFound
from promptops_server.providers.model import Credential, Target
from promptops_server.providers.tables import model_target

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
    wanted = list(dict.fromkeys(name.casefold() for name in names))
    if len(wanted) > MOST:
        raise BadRequest(
            f"{len(wanted)} targets are asked for; {MOST} is the limit.",
            remedy="Name fewer.",
            slug="too-many-targets",
        )
    usable = {row.name_fold: row for row in _rows(conn) if _target(row).may_be_used_by(project)}
    missing = [name for name in names if name.casefold() not in usable]
    if missing:
        known = ", ".join(row.name for row in list(usable.values())[:10]) or "none"
        raise NotFound(
            f"{project} may use no target {missing[0][:100]!r}; it may use: {known}.",
            remedy="`promptops models list` shows the targets there are.",
            slug="no-target",
        )
    chosen = [usable[name] for name in wanted] if wanted else list(usable.values())[:MOST]
    return tuple(_column(conn, row, around) for row in chosen)


def find_columns(
    conn: Connection, project: str, names: Sequence[str], around: Around
) -> dict[str, Column]:
    """Those of the named targets that the project may use, by the name that was given."""
    wanted = {name.casefold(): name for name in names}
    return {
        wanted[row.name_fold]: _column(conn, row, around)
        for row in _rows(conn)
        if row.name_fold in wanted and _target(row).may_be_used_by(project)
    }


def _rows(conn: Connection) -> Sequence[Row[Any]]:
    return conn.execute(
        select(model_target)
        .where(model_target.c.removed_at.is_(None))
        .order_by(model_target.c.name_fold)
    ).all()


def _target(row: Row[Any]) -> Target:
    return Target(
        id=row.id,
        name=row.name,
        provider=row.provider,
        model=row.model,
        catalogue_id=row.catalogue_id,
        base_url=row.base_url,
        alias=row.alias,
        region=row.region,
        data_class=row.data_class,
        projects=None if row.projects is None else tuple(json.loads(row.projects)),
        credential=Credential(row.credential, row.credential_name),
        options=json.loads(row.options),
        enabled=row.enabled,
        revision=row.revision,
    )


def _column(conn: Connection, row: Row[Any], around: Around) -> Column:
    target = _target(row)
    return Column(
        id=target.id,
        name=target.name,
        model=target.model,
        endpoint=endpoint_text(target.provider, target.model, target.base_url, target.region),
        catalogue_digest=around.catalogue(target),
        answers_as=_answers_as(conn, row),
        problem=around.problem(target),
    )


def _answers_as(conn: Connection, row: Row[Any]) -> str:
    """The model as the endpoint named it when it was last asked: by a run, or by a check."""
    tested = conn.execute(
        select(test_cell.c.model, test_cell.c.updated_at)
        .where(test_cell.c.target_id == row.id, test_cell.c.model != "")
        .order_by(test_cell.c.updated_at.desc())
        .limit(1)
    ).first()
    checked = json.loads(row.check_result) if row.check_result else {}
    said = str(checked.get("model") or "") if isinstance(checked, dict) else ""
    if said and (tested is None or (row.checked_at or 0) > tested.updated_at):
        return said
    return "" if tested is None else str(tested.model)
