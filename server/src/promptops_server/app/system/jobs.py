"""Durable jobs, listed for administrators and tried again by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from promptops_server import audit
from promptops_server.evaluation.tables import test_run
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.jobs import JobRow, Jobs
from promptops_server.registry.tables import project
from promptops_server.releases.tables import environment


def retry(db: Database, jobs: Jobs, actor: Actor, authorise: Authorise, job_id: str) -> JobRow:
    """Try a failed job once more; returns it as it was.

    Raises:
        Denied: the actor may not.
        NotFound, Conflict: as `Jobs.retry`.
    """
    rule = require(authorise, actor, "system:manage", Resource()).rule
    with db.write() as tx:
        # The jobs are in a store of their own. Asked again after a failed commit, nothing is done twice.
        found = jobs.retry(job_id)
        audit.record(
            tx,
            audit.AuditEvent(
                "job.retry",
                audit.AuditObject("job", found.id[:200]),
                actor,
                before={"kind": found.kind, "error": found.error},
                rule=rule,
            ),
        )
    return found


def subjects(conn: Connection, rows: Sequence[JobRow]) -> Mapping[str, str]:
    """What the jobs are about, by their key, in words: an environment, a project, a test run. Unknown keys are missing."""
    keys = {row.key for row in rows if row.key}
    if not keys:
        return {}
    places = select(environment.c.id, project.c.name, environment.c.name.label("environment")).join(
        project, project.c.id == environment.c.project_id
    )
    runs = select(test_run.c.id, test_run.c.number, project.c.name).join(
        project, project.c.id == test_run.c.project_id
    )
    projects = select(project.c.id, project.c.name).where(project.c.id.in_(keys))
    return {
        **{
            r.id: f"{r.name}@{r.environment}"
            for r in conn.execute(places.where(environment.c.id.in_(keys)))
        },
        **{r.id: r.name for r in conn.execute(projects)},
        **{
            r.id: f"{r.name}, test run {r.number}"
            for r in conn.execute(runs.where(test_run.c.id.in_(keys)))
        },
    }
