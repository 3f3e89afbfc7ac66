"""What exceptions add to somebody's work: those that wait to be accepted."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from promptops_server.approvals.continuity import ContinuityDeps, authors_under, may_decide
from promptops_server.approvals.exceptions import store
from promptops_server.approvals.workflow.work import Source, Work
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.registry.model import Project

MOST = 50
"""Looked at per project, the newest first; `exception list` lists all."""


def exception_work(deps: ContinuityDeps) -> Source:
    """The source: requested exceptions, for whoever may accept them and neither asked nor wrote in their scope."""

    def found(conn: Connection, actor: Actor, project: Project, now: int) -> Iterator[Work]:
        page = store.page(conn, project.id, state="requested", now=now, limit=MOST, after=None)
        for item in page.items:
            path = item.scope.removesuffix("/")
            resource = Resource(project.name, path=path or None, environment=item.environment)
            if (
                item.requested_identity != actor.identity
                and may_decide(deps, actor, "exception:accept", resource)
                and actor.identity
                not in authors_under(conn, project.id, item.scope, deps.identities)
            ):
                yield Work(
                    "accept_exception",
                    project.name,
                    item.scope,
                    None,
                    f"Exception {item.name} from {item.rule} waits to be accepted"
                    f" (`promptops exception accept {project.name} {item.name}`).",
                    item.requested_at,
                    due=item.expires_at,
                )

    return found
