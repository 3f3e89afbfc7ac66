"""What stands in somebody's work beside reviews: the sources of each capability, in one place."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from promptops_server.approvals.certification.model import Cadence
from promptops_server.approvals.certification.work import certification_work
from promptops_server.approvals.continuity import ContinuityDeps
from promptops_server.approvals.exceptions.work import exception_work
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.still_live import revoked_work
from promptops_server.approvals.workflow.work import Source, Work
from promptops_server.infra.actor import Actor
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.deps import RedactionDeps
from promptops_server.registry.redaction.waiting import waiting_for
from promptops_server.releases.emergency.ratify import EmergencyDeps
from promptops_server.releases.emergency.work import emergency_work
from promptops_server.releases.places import LivePlaces


def work_sources(
    workflow: WorkflowDeps,
    continuity: ContinuityDeps,
    cadence: Cadence,
    emergencies: EmergencyDeps,
    redactions: RedactionDeps,
) -> tuple[Source, ...]:
    """All sources."""
    return (
        revoked_work(workflow, LivePlaces()),
        emergency_work(emergencies),
        certification_work(continuity, cadence),
        exception_work(continuity),
        redaction_work(redactions),
    )


def redaction_work(deps: RedactionDeps) -> Source:
    """The source: redactions that wait for a second person. It never repeats what is to be taken out."""

    def found(conn: Connection, actor: Actor, project: Project, now: int) -> Iterator[Work]:
        for item in waiting_for(deps, conn, actor, project):
            yield Work(
                "approve_redaction",
                project.name,
                item.path,
                item.version,
                f"A redaction waits for a second person (`promptops redact approve {project.name} {item.id}`).",
                item.requested_at,
                due=item.expires_at,
            )

    return found
