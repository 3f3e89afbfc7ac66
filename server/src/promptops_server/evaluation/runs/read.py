"""Reading runs: who may, and which one a number means."""

from __future__ import annotations

from sqlalchemy import Connection

from promptops_server.evaluation.runs import store
from promptops_server.evaluation.runs.model import Run
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import NotFound
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable


def find_project(deps: RunDeps, conn: Connection, actor: Actor, name: str) -> Project:
    """A project whose runs the actor may read. Raises NotFound."""
    require_readable(deps.authorise, actor, name)
    return get_project(conn, name)


def find_run(deps: RunDeps, conn: Connection, actor: Actor, name: str, number: int) -> Run:
    """A run the actor may read. Raises NotFound."""
    return store.get(conn, find_project(deps, conn, actor, name).id, number)


def target_named(found: Run, name: str) -> str:
    """The id of a run's target by its name then. Raises NotFound."""
    for target in found.targets:
        if target.name == name:
            return target.id
    named = ", ".join(target.name for target in found.targets)
    raise NotFound(f"Run {found.number} has no target {name[:100]!r}; it has: {named}.")
