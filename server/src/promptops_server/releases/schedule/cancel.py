"""Cancel a schedule: by who made it, or by anybody who may stop prompts in its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require_paths
from promptops_server.infra.clock import to_text
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable
from promptops_server.releases import environments
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.schedule import store
from promptops_server.releases.schedule.model import OPEN, Schedule, over

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def cancel(
    deps: ReleaseDeps, actor: Actor, project: Project, environment: str, schedule_id: str
) -> Schedule:
    """Keep a schedule from happening; one that was cancelled already is returned as it is.

    Raises:
        Conflict: it has happened, failed or was missed: there is nothing to cancel.
        Denied: somebody else made it, and the actor may not stop prompts there.
        NotFound: there is none.
    """
    require_readable(deps.authorise, actor, project.name)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        place = environments.get(tx.conn, project.id, environment)
        found = store.get(tx.conn, schedule_id, project_id=project.id, environment_id=place.id)
        rule = "schedule.own"
        if found.subject != actor.subject:
            where = Resource(
                project.name,
                environment=place.name,
                approval_required=place.approval_required,
            )
            paths = [prompt.path for prompt in found.prompts]
            rule = require_paths(deps.authorise, actor, "release:stop", where, paths).rule
        if found.state == "cancelled":
            return found
        # One that is under way is cancelled too: its release would need the lock that is held here.
        if not store.end(tx.conn, found.id, "cancelled", tx.now, among=OPEN, by=actor.name):
            raise over(found)
        record(
            tx,
            AuditEvent(
                action="schedule.cancel",
                object=AuditObject("schedule", found.id),
                actor=actor,
                project=project.name,
                environment=place.name,
                before={"state": found.state, "at": to_text(found.at), "by": found.actor},
                rule=rule,
            ),
            project_id=project.id,
        )
        return store.get(tx.conn, found.id, project_id=project.id)
