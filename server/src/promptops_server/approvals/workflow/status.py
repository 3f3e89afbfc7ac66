"""Where versions and requests stand, for people: the request with its decisions, and what a version still lacks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.demands import Demands, Tightening, demands_of
from promptops_server.approvals.workflow.papers import Case, cases_of
from promptops_server.approvals.workflow.progress import Progress
from promptops_server.infra.clock import now_us
from promptops_server.registry.model import Project
from promptops_server.registry.versions import get_version, versions_at


@dataclass(frozen=True, slots=True)
class Standing:
    """A request as it stands now. `newest` is the newest version of the prompt, which may be another one."""

    row: store.RequestRow
    case: Case
    demands: Demands
    newest: int


def standing_of(conn: Connection, project: Project, number: int, more: Tightening) -> Standing:
    """One request.

    Raises:
        NotFound: there is none.
    """
    return _standings(conn, project, [store.get_request(conn, project.id, number)], more)[0]


def standings_of(
    conn: Connection, project: Project, rows: list[store.RequestRow], more: Tightening
) -> list[Standing]:
    """The same for a page of them."""
    return _standings(conn, project, rows, more)


def case_of(
    conn: Connection, project: Project, path: str, number: int | None, more: Tightening
) -> Case:
    """Where one version stands.

    Raises:
        NotFound: no such prompt or version.
    """
    version = get_version(conn, project, path, number)
    found = cases_of(conn, project, [version], more=more, now=now_us())
    return found[version.path, version.number]


def _standings(
    conn: Connection, project: Project, rows: list[store.RequestRow], more: Tightening
) -> list[Standing]:
    keys = list(dict.fromkeys((row.path, row.version) for row in rows))
    versions = versions_at(conn, project, keys)
    cases = cases_of(conn, project, versions, more=more, now=now_us())
    decisions = store.decisions_of(conn, {row.id for row in rows})
    found = []
    for row in rows:
        case = cases[row.path, row.version]
        if case.request is None or case.request.id != row.id:
            case = _of_request(case, row, decisions[row.id])
        sectors = case.documentation.sectors if case.documentation else ()
        demands = demands_of(row.request.binding.tier, sectors, more)
        found.append(Standing(row, case, demands, case.version.latest))
    return found


def _of_request(case: Case, row: store.RequestRow, made: list[store.DecisionRow]) -> Case:
    """The same version seen from an older request: closed, whatever a newer one came to.

    One that was approved had lapsed when the newer one was opened, or its record is judged by other rules today.
    """
    state = "lapsed" if row.state == "approved" else row.state
    progress = Progress(state, approved_at=row.approved_at)
    return dataclasses.replace(case, request=row, decisions=tuple(made), progress=progress)
