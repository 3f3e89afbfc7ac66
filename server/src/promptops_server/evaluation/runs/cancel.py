"""Cancel a run: nothing more is sent; what is in flight is waited for, since it is paid for already."""

from __future__ import annotations

from promptops_server.audit import AuditEvent, record
from promptops_server.evaluation.runs import store
from promptops_server.evaluation.runs.model import Run
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.evaluation.runs.start import run_object
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.problems import Conflict
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import get_project, require_readable


def cancel_run(deps: RunDeps, actor: Actor, project_name: str, number: int) -> Run:
    """Ask for the run's end; one that is cancelled, or is to be, is returned as it is.

    Raises:
        Conflict: it has ended already.
        Denied: the actor may not test this prompt.
        NotFound: there is no such run.
    """
    require_readable(deps.authorise, actor, project_name)
    with deps.db.write() as tx:
        project = get_project(tx.conn, project_name)
        lock_project(tx.conn, project.id)
        found = store.get(tx.conn, project.id, number)
        where = Resource(project_name, path=found.path)
        rule = require(deps.authorise, actor, "test:run", where).rule
        if found.state == "cancelled" or (found.cancel_asked and not found.over):
            return found
        if found.over:
            raise Conflict(
                f"Run {number} has ended already: it is {found.state}.",
                slug="run-over",
                current=found.state,
            )
        store.change(tx.conn, found.id, cancel_asked=True)
        record(
            tx,
            AuditEvent(
                action="run.cancel",
                object=run_object(project_name, found),
                actor=actor,
                project=project_name,
                before={"state": found.state, "ended": found.progress.ended},
                rule=rule,
            ),
            project_id=project.id,
        )
        tx.after_commit(lambda: deps.watched.cancel(found.id))
        return store.get(tx.conn, project.id, number)
