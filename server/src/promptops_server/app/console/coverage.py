"""How far a project is from what FEAT asks: documentation by tier, what is missing, approvals that lapsed, reviews due."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from promptops_server.approvals.certification.tables import certification_due
from promptops_server.approvals.workflow.demands import DAY_US
from promptops_server.approvals.workflow.tables import review_request
from promptops_server.registry.model import Project
from promptops_server.registry.records.coverage import Documented, documented

DAYS = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`due` has per number of days how many reviews fall due within them, those overdue left out."""

    documented: Documented
    lapsed: int
    overdue: int
    due: tuple[tuple[int, int], ...]


def read_coverage(conn: Connection, project: Project, *, lapse_days: int, now: int) -> Coverage:
    """The counts of a project at a time (microseconds since 1970)."""
    overdue, *due = _due(conn, project.id, now)
    return Coverage(
        documented(conn, project),
        _lapsed(conn, project.id, now - lapse_days * DAY_US),
        overdue,
        tuple(zip(DAYS, due, strict=True)),
    )


def _lapsed(conn: Connection, project_id: str, before: int) -> int:
    columns = review_request.c
    query = select(func.count()).where(
        columns.project_id == project_id,
        columns.state == "approved",
        columns.used_at.is_(None),
        columns.approved_at <= before,
        func.coalesce(columns.renewed_at, 0) <= before,
    )
    return int(conn.execute(query).scalar_one())


def _due(conn: Connection, project_id: str, now: int) -> list[int]:
    """How many are overdue, then how many fall due within each of `DAYS`."""
    at = certification_due.c.due_at

    def within(after: int, until: int) -> object:
        return func.coalesce(func.sum(case(((at > after) & (at <= until), 1), else_=0)), 0)

    columns = [within(0, now), *(within(now, now + days * DAY_US) for days in DAYS)]
    query = select(*columns).where(  # type: ignore[call-overload]
        certification_due.c.project_id == project_id,
        certification_due.c.ended_at.is_(None),
        at <= now + DAYS[-1] * DAY_US,
    )
    return [int(number) for number in conn.execute(query).one()]
