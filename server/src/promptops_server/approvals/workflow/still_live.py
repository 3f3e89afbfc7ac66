"""Content whose approval was revoked while it is live: where it is, and the work of stopping it.

Revoking stops nothing by itself: what customers see is a decision of its own, and takes one person (`suspend`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.papers import cases_of
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.store import RequestRow
from promptops_server.approvals.workflow.work import Source, Work
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.clock import now_us
from promptops_server.registry.model import LivePlace, Project
from promptops_server.registry.versions import versions_at

MOST = 200
"""Revoked requests looked at per project, the newest first."""


class Gated(Protocol):
    """Where a prompt is live under approval; answered by `releases`."""

    def gated(self, conn: Connection, project_id: str, path: str) -> Sequence[str]:
        """Names of the environments that ask for approval and in which the prompt is live."""
        ...


def still_live(
    deps: WorkflowDeps, conn: Connection, project: Project, rows: Sequence[RequestRow]
) -> dict[int, tuple[LivePlace, ...]]:
    """By number of a revoked request the places where its content is live now, under whichever version number.

    Requests that were not revoked, whose content is live nowhere, or was approved anew since, are missing.
    """
    revoked = {row.number: row for row in rows if row.state == "revoked"}
    if not revoked:
        return {}
    places = deps.live.where(conn, project.id, sorted({row.path for row in revoked.values()}))
    keys = sorted({(path, place.version) for path, found in places.items() for place in found})
    versions = versions_at(conn, project, keys) if keys else []
    cases = cases_of(conn, project, versions, more=deps.more, now=now_us()) if versions else {}
    return {
        number: standing
        for number, row in revoked.items()
        if (
            standing := tuple(
                place
                for place in places.get(row.path, ())
                if (case := cases.get((row.path, place.version))) is not None
                and case.revoked_by == number
            )
        )
    }


def revoked_work(deps: WorkflowDeps, places: Gated) -> Source:
    """The source: revoked content that is live where approval is asked, for approvers."""

    def found(conn: Connection, actor: Actor, project: Project, now: int) -> Iterator[Work]:
        page = store.page(
            conn,
            project.id,
            state="revoked",
            path=None,
            opened_by=None,
            limit=MOST,
            after=None,
            lapsed_before=0,
        )
        rows = [
            row
            for row in page.items
            if deps.authorise(
                actor, "review:approve", Resource(project=project.name, path=row.path)
            ).allowed
        ]
        live = still_live(deps, conn, project, rows)
        ended = store.decisions_of(conn, {row.id for row in rows if row.number in live})
        for row in rows:
            gated = places.gated(conn, project.id, row.path) if row.number in live else ()
            for place in live.get(row.number, ()):
                if place.environment in gated:
                    yield Work(
                        "revoked_live",
                        project.name,
                        row.path,
                        place.version,
                        f"The approval of {row.path}@{place.version} was revoked and it is live in {place.environment}:"
                        f" stop it (`promptops suspend {project.name}/{row.path} --in {place.environment}`) or replace it.",
                        max((d.decision.at for d in ended[row.id]), default=now),
                        request=row.number,
                        tier=row.request.binding.tier,
                    )

    return found
