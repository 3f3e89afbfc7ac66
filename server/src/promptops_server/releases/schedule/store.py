"""Schedules as rows: written, found, listed, claimed, ended. The caller holds the project lock where it writes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, tuple_, update

from promptops_server.infra import cursor
from promptops_server.infra.problems import NotFound
from promptops_server.releases.rows import AnyRow
from promptops_server.releases.schedule.model import OPEN, Schedule, ScheduledPrompt, State
from promptops_server.releases.schedule.tables import scheduled_prompt, scheduled_release
from promptops_server.releases.tables import environment

PROMPTS_IN_LIST = 100
"""Prompts shown per schedule in a list; one schedule alone shows all."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROWS = select(scheduled_release, environment.c.name.label("environment")).join(
    environment, environment.c.id == scheduled_release.c.environment_id
)
_PROMPTS = select(scheduled_prompt).order_by(
    scheduled_prompt.c.schedule_id, scheduled_prompt.c.path
)


def add(conn: Connection, made: Schedule) -> None:
    """Write a new schedule."""
    conn.execute(
        insert(scheduled_release).values(
            id=made.id,
            project_id=made.project_id,
            environment_id=made.environment_id,
            at=made.at,
            state=made.state,
            count=made.count,
            reason=made.reason,
            ticket=made.ticket,
            actor=made.subject,
            actor_name=made.actor,
            auth_method=made.auth_method,
            session=made.session,
            head=made.head,
            only_if_head=made.only_if_head,
            promoted_from=made.promoted_from,
            promoted_release=made.promoted_release,
            created_at=made.created_at,
            attempts=0,
        )
    )
    conn.execute(
        insert(scheduled_prompt),
        [
            {"schedule_id": made.id, "path": p.path, "version": p.version, "state": p.state}
            for p in made.prompts
        ],
    )


def get(
    conn: Connection, schedule_id: str, *, project_id: str, environment_id: str | None = None
) -> Schedule:
    """One schedule of a project (or of one of its environments) with all its prompts.

    Raises:
        NotFound: there is none.
    """
    query = _ROWS.where(
        scheduled_release.c.id == schedule_id, scheduled_release.c.project_id == project_id
    )
    if environment_id is not None:
        query = query.where(scheduled_release.c.environment_id == environment_id)
    row = conn.execute(query).first() if _ID.fullmatch(schedule_id) else None
    if row is None:
        raise NotFound(
            "There is no such schedule here.",
            remedy="`promptops schedule list` shows their ids.",
            slug="unknown-schedule",
        )
    prompts = conn.execute(_PROMPTS.where(scheduled_prompt.c.schedule_id == schedule_id))
    return _value(row, [_prompt(found) for found in prompts])


def page(
    conn: Connection,
    *,
    project_id: str,
    environment_id: str | None,
    state: State | None,
    limit: int,
    after: str | None,
) -> cursor.Page[Schedule]:
    """Schedules of an environment or a whole project, the latest time first.

    Raises:
        BadRequest: `after` is no cursor of this list.
    """
    query = _ROWS
    if environment_id is not None:
        query = query.where(scheduled_release.c.environment_id == environment_id)
    else:
        query = query.where(scheduled_release.c.project_id == project_id)
    if state is not None:
        query = query.where(scheduled_release.c.state == state)
    if after:
        at, last = cursor.decode(after, int, str)
        query = query.where(
            tuple_(scheduled_release.c.at, scheduled_release.c.id) < tuple_(at, last)
        )
    rows = conn.execute(
        query.order_by(scheduled_release.c.at.desc(), scheduled_release.c.id.desc()).limit(
            limit + 1
        )
    ).all()
    found = cursor.page(rows, limit, lambda row: (int(row.at), str(row.id)))
    prompts = _first_prompts(conn, found.items)
    return cursor.Page([_value(row, prompts[row.id]) for row in found.items], found.next)


def count_open(conn: Connection, environment_id: str) -> int:
    """How many are still to come in an environment."""
    return conn.execute(
        select(func.count())
        .select_from(scheduled_release)
        .where(
            scheduled_release.c.environment_id == environment_id,
            scheduled_release.c.state.in_(OPEN),
        )
    ).scalar_one()


def due(conn: Connection, worker: str, now: int, lease_us: int) -> list[tuple[str, str]]:
    """Id and project of what this worker may carry out by now, oldest first."""
    rows = conn.execute(
        select(scheduled_release.c.id, scheduled_release.c.project_id)
        .where(scheduled_release.c.at <= now, _claimable(worker, now, lease_us))
        .order_by(scheduled_release.c.at, scheduled_release.c.id)
        .limit(100)
    )
    return [(row.id, row.project_id) for row in rows]


def next_time(conn: Connection) -> int | None:
    """When the next one is due; None when nothing is scheduled."""
    at = conn.execute(
        select(func.min(scheduled_release.c.at)).where(scheduled_release.c.state == "scheduled")
    ).scalar()
    return None if at is None else int(at)


def _claimable(worker: str, now: int, lease_us: int) -> ColumnElement[bool]:
    abandoned = or_(
        scheduled_release.c.claimed_by == worker, scheduled_release.c.claimed_at <= now - lease_us
    )
    return or_(
        scheduled_release.c.state == "scheduled",
        and_(scheduled_release.c.state == "running", abandoned),
    )


def claim(conn: Connection, schedule_id: str, worker: str, now: int, lease_us: int) -> int:
    """Mark it as under way by this worker; returns which attempt this is, 0 when it is not this worker's to try.

    A claim of another worker holds for `lease_us`. It saves work, and is not what makes a schedule run once: that is
    the row's state, changed in the release's transaction.
    """
    attempt = conn.execute(
        update(scheduled_release)
        .where(scheduled_release.c.id == schedule_id, _claimable(worker, now, lease_us))
        .values(
            state="running",
            claimed_by=worker,
            claimed_at=now,
            attempts=scheduled_release.c.attempts + 1,
        )
        .returning(scheduled_release.c.attempts)
    ).scalar()
    return int(attempt or 0)


def end(
    conn: Connection,
    schedule_id: str,
    state: State,
    now: int,
    *,
    among: Collection[State],
    by: str | None = None,
    release: int | None = None,
    problem: Mapping[str, Any] | None = None,
) -> bool:
    """Move it into its last state, if it is in one of `among`; whether it was."""
    ended = conn.execute(
        update(scheduled_release)
        .where(scheduled_release.c.id == schedule_id, scheduled_release.c.state.in_(among))
        .values(
            state=state,
            ended_at=now,
            ended_by=by,
            release=release,
            problem=None if problem is None else json.dumps(problem),
        )
    )
    return ended.rowcount == 1


def _first_prompts(conn: Connection, rows: Sequence[AnyRow]) -> dict[str, list[ScheduledPrompt]]:
    """The first prompts of each schedule: small ones in one query, each large one in its own."""
    found: dict[str, list[ScheduledPrompt]] = defaultdict(list)
    small = [row.id for row in rows if row._mapping["count"] <= PROMPTS_IN_LIST]
    queries = [_PROMPTS.where(scheduled_prompt.c.schedule_id.in_(small))] if small else []
    queries += [
        _PROMPTS.where(scheduled_prompt.c.schedule_id == row.id).limit(PROMPTS_IN_LIST)
        for row in rows
        if row._mapping["count"] > PROMPTS_IN_LIST
    ]
    for query in queries:
        for row in conn.execute(query):
            found[row.schedule_id].append(_prompt(row))
    return found


def _prompt(row: AnyRow) -> ScheduledPrompt:
    return ScheduledPrompt(row.path, row.version, row.state)


def _value(row: AnyRow, prompts: Sequence[ScheduledPrompt]) -> Schedule:
    return Schedule(
        id=row.id,
        project_id=row.project_id,
        environment_id=row.environment_id,
        environment=row.environment,
        at=row.at,
        state=row.state,
        prompts=tuple(prompts),
        count=row._mapping["count"],
        reason=row.reason,
        ticket=row.ticket,
        actor=row.actor_name,
        subject=row.actor,
        auth_method=row.auth_method,
        session=row.session,
        head=row.head,
        only_if_head=bool(row.only_if_head),
        promoted_from=row.promoted_from,
        promoted_release=row.promoted_release,
        created_at=row.created_at,
        release=row.release,
        problem=None if row.problem is None else json.loads(row.problem),
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
