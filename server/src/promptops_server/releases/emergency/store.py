"""Emergency releases as rows. The caller holds the project lock where it writes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, tuple_, update

from promptops_server.infra import cursor
from promptops_server.infra.problems import NotFound
from promptops_server.releases.emergency.model import (
    EmergencyDecision,
    EmergencyPrompt,
    EmergencyRelease,
    State,
)
from promptops_server.releases.emergency.tables import (
    emergency_decision,
    emergency_prompt,
    emergency_release,
)
from promptops_server.releases.rows import AnyRow
from promptops_server.releases.tables import environment

PROMPTS_IN_LIST = 100
"""Prompts shown per emergency in a list; one alone shows all."""

_COLUMNS = emergency_release.c
_ROWS = select(emergency_release, environment.c.name.label("environment")).join(
    environment, environment.c.id == _COLUMNS.environment_id
)


def add(conn: Connection, prompts: Sequence[EmergencyPrompt], **values: Any) -> None:
    """Write a new one with its prompts."""
    conn.execute(insert(emergency_release).values(state="open", **values))
    conn.execute(
        insert(emergency_prompt),
        [
            {
                "emergency_id": values["id"],
                "path": p.path,
                "version": p.version,
                "behaviour": p.behaviour,
                "record": p.record,
                "tier": p.tier,
            }
            for p in prompts
        ],
    )


def get(conn: Connection, environment_id: str, release: int) -> EmergencyRelease:
    """The emergency of a release, with all its prompts and decisions.

    Raises:
        NotFound: that release was none.
    """
    row = conn.execute(
        _ROWS.where(_COLUMNS.environment_id == environment_id, _COLUMNS.release == release)
    ).first()
    if row is None:
        raise NotFound(
            f"Release r{release} of this environment was no emergency.",
            remedy="`promptops emergency list` shows them.",
            slug="unknown-emergency",
        )
    return _whole(conn, row)


def by_id(conn: Connection, emergency_id: str) -> EmergencyRelease | None:
    """The same by its row id."""
    row = conn.execute(_ROWS.where(_COLUMNS.id == emergency_id)).first()
    return None if row is None else _whole(conn, row)


def add_decision(conn: Connection, found: EmergencyRelease, **values: Any) -> None:
    """Write the next decision about it."""
    position = conn.execute(
        select(func.count()).where(emergency_decision.c.emergency_id == found.id)
    ).scalar_one()
    conn.execute(
        insert(emergency_decision).values(emergency_id=found.id, position=position, **values)
    )


def end(
    conn: Connection, found: EmergencyRelease, state: State, now: int, release: int | None
) -> bool:
    """Close it, if it is still open; whether it was."""
    changed = conn.execute(
        update(emergency_release)
        .where(_COLUMNS.id == found.id, _COLUMNS.state == "open")
        .values(state=state, ended_at=now, ended_release=release)
    )
    return changed.rowcount == 1


def due(conn: Connection, now: int, limit: int = 100) -> list[tuple[str, str]]:
    """Id and project of those whose time has ended and that nobody ratified, the oldest first."""
    rows = conn.execute(
        select(_COLUMNS.id, _COLUMNS.project_id)
        .where(_COLUMNS.state == "open", _COLUMNS.deadline <= now)
        .order_by(_COLUMNS.deadline)
        .limit(limit)
    )
    return [(row.id, row.project_id) for row in rows]


def next_deadline(conn: Connection) -> int | None:
    """When the next open one ends; None when none is open."""
    at = conn.execute(select(func.min(_COLUMNS.deadline)).where(_COLUMNS.state == "open")).scalar()
    return None if at is None else int(at)


def page(
    conn: Connection,
    project_id: str,
    *,
    environment_id: str | None,
    state: State | None,
    limit: int,
    after: str | None,
) -> cursor.Page[EmergencyRelease]:
    """Emergencies of a project or one environment, the newest first.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = _ROWS.where(_COLUMNS.project_id == project_id)
    if environment_id is not None:
        query = query.where(_COLUMNS.environment_id == environment_id)
    if state is not None:
        query = query.where(_COLUMNS.state == state)
    if after:
        at, last = cursor.decode(after, int, str)
        query = query.where(tuple_(_COLUMNS.invoked_at, _COLUMNS.id) < tuple_(at, last))
    rows = conn.execute(
        query.order_by(_COLUMNS.invoked_at.desc(), _COLUMNS.id.desc()).limit(limit + 1)
    ).all()
    found = cursor.page(rows, limit, lambda row: (int(row.invoked_at), str(row.id)))
    prompts = _prompts(conn, [row.id for row in found.items], PROMPTS_IN_LIST)
    return cursor.Page([_value(row, tuple(prompts[row.id]), ()) for row in found.items], found.next)


def _whole(conn: Connection, row: AnyRow) -> EmergencyRelease:
    prompts = _prompts(conn, [row.id], None)[row.id]
    decisions = conn.execute(
        select(*(emergency_decision.c[name] for name in EmergencyDecision.__dataclass_fields__))
        .where(emergency_decision.c.emergency_id == row.id)
        .order_by(emergency_decision.c.position)
    )
    return _value(row, tuple(prompts), tuple(EmergencyDecision(*d) for d in decisions))


def _prompts(
    conn: Connection, ids: Sequence[str], most: int | None
) -> dict[str, list[EmergencyPrompt]]:
    columns = emergency_prompt.c
    place = func.row_number().over(partition_by=columns.emergency_id, order_by=columns.path)
    numbered = (
        select(emergency_prompt, place.label("place"))
        .where(columns.emergency_id.in_(ids))
        .subquery()
    )
    query = select(numbered).order_by(numbered.c.emergency_id, numbered.c.path)
    if most is not None:
        query = query.where(numbered.c.place <= most)
    found: dict[str, list[EmergencyPrompt]] = defaultdict(list)
    for row in conn.execute(query) if ids else ():
        found[row.emergency_id].append(
            EmergencyPrompt(row.path, row.version, row.behaviour, row.record, row.tier)
        )
    return found


def _value(
    row: AnyRow,
    prompts: tuple[EmergencyPrompt, ...],
    decisions: tuple[EmergencyDecision, ...],
) -> EmergencyRelease:
    return EmergencyRelease(
        id=row.id,
        project_id=row.project_id,
        environment_id=row.environment_id,
        environment=row.environment,
        release=row.release,
        incident=row.incident,
        reason=row.reason,
        tier=row.tier,
        approvals=row.approvals,
        from_risk=row.from_risk,
        authors=frozenset(json.loads(row.authors)),
        invoked_at=row.invoked_at,
        invoked_identity=row.invoked_identity,
        invoked_name=row.invoked_name,
        deadline=row.deadline,
        state=row.state,
        ended_at=row.ended_at,
        ended_release=row.ended_release,
        prompts=prompts,
        decisions=decisions,
    )
