"""Tell the sample workspace to the product: the same use cases, permissions, gate and audit as for anybody.

Every step is skipped when its version or release is there already, so a load that was cut off is finished at the next
start, and a finished one is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from promptops_server.access import grants, users
from promptops_server.app.demo.story import (
    Defaults,
    Person,
    Release,
    Review,
    Story,
    Write,
    people,
    stories,
)
from promptops_server.approvals.workflow.decide import Given, decide
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.request import request_review
from promptops_server.approvals.workflow.status import case_of, standing_of
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import NotFound
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.model import Project
from promptops_server.registry.ports import ProjectHook
from promptops_server.registry.projects import create_project, get_project
from promptops_server.registry.records.write_defaults import set_defaults, show_defaults
from promptops_server.registry.tables import version
from promptops_server.registry.versions import get_version
from promptops_server.releases import environments
from promptops_server.releases.model import Pick
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.publish import publish
from promptops_server.releases.rollback import rollback
from promptops_server.releases.stop import suspend


@dataclass(frozen=True, slots=True)
class Workspace:
    """What loading needs of the server."""

    db: Database
    releases: ReleaseDeps
    workflow: WorkflowDeps
    on_project_created: Sequence[ProjectHook]


def load(workspace: Workspace) -> bool:
    """Load what is missing of the sample workspace; True when anything was.

    A project of the same name that somebody else made is left alone.
    """
    actors = _actors(workspace.db, people())
    changed = [_load_story(workspace, actors, story) for story in stories()]
    return any(changed)


def _actors(db: Database, known: Sequence[Person]) -> dict[str, Actor]:
    actors: dict[str, Actor] = {}
    with db.write() as tx:
        for person in known:
            row = users.find_user(tx.conn, person.name)
            if row is None:
                row = users.create_user(tx, SYSTEM, person.name, display_name=person.display)
                for project, roles in person.roles.items():
                    for role in roles:
                        grants.add_grant(tx, SYSTEM, person.name, project, role)
            actors[person.name] = Actor(
                subject=row.id,
                name=row.name,
                roles=users.grants_of(tx.conn, row.id),
                auth_method="demo",
                person=row.person,
            )
    return actors


def _load_story(workspace: Workspace, actors: dict[str, Actor], story: Story) -> bool:
    db, creator = workspace.db, actors[story.created_by]
    try:
        with db.read() as conn:
            project = get_project(conn, story.project)
        if project.created_by != creator.subject:
            return False
        changed = False
    except NotFound:
        project = create_project(
            db,
            creator,
            workspace.releases.authorise,
            story.project,
            story.title,
            story.description,
            on_created=workspace.on_project_created,
        )
        changed = True
    versions: Counter[str] = Counter()
    releases: Counter[str] = Counter()
    for step in story.steps:
        if isinstance(step, Defaults):
            changed = _defaults(workspace, actors[step.by], project, step) or changed
        elif isinstance(step, Write):
            versions[step.path] += 1
            if versions[step.path] > _latest(db, project, step.path):
                _write(workspace, actors[step.by], project, step, versions[step.path] - 1)
                changed = True
        elif isinstance(step, Review):
            # A request is about the version of its time: what came later is reviewed by a later step.
            for path in step.paths:
                if versions[path] == _latest(db, project, path):
                    changed = _review(workspace, actors, project, step, path) or changed
        else:
            releases[step.environment] += 1
            with db.read() as conn:
                head = environments.get(conn, project.id, step.environment).head
            if releases[step.environment] > head:
                _release(workspace, actors[step.by], project, step)
                changed = True
    return changed


def _latest(db: Database, project: Project, path: str) -> int:
    try:
        with db.read() as conn:
            return get_version(conn, project, path).number
    except NotFound:
        return 0


def _defaults(workspace: Workspace, actor: Actor, project: Project, step: Defaults) -> bool:
    """Only before the first prompt: later the file is in the hands of whoever works there."""
    db, authorise = workspace.db, workspace.releases.authorise
    now = show_defaults(db, actor, authorise, project.name, step.module)
    with db.read() as conn:
        begun = conn.execute(
            select(version.c.id).where(version.c.project_id == project.id).limit(1)
        ).first()
    if begun is not None or now.blob is not None:
        return False
    set_defaults(
        *(db, actor, authorise, project.name, step.module, step.text),
        base=now.tag,
        message=step.message,
    )
    return True


def _write(workspace: Workspace, actor: Actor, project: Project, step: Write, parent: int) -> None:
    put_prompt(
        workspace.db,
        actor,
        workspace.releases.authorise,
        project.name,
        step.path,
        step.text,
        message=step.message,
        parent=parent or None,
    )


def _review(
    workspace: Workspace, actors: dict[str, Actor], project: Project, step: Review, path: str
) -> bool:
    """Ask and decide as far as the step says; False when all of it was done before."""
    deps = workspace.workflow
    with deps.db.read() as conn:
        case = case_of(conn, project, path, None, deps.more)
    changed = case.request is None
    number = (
        request_review(deps, actors[step.by], project, path, message=step.message).number
        if case.request is None
        else case.request.number
    )
    for decider, wanted in ((step.reviewed, "review"), (step.approved, "approve")):
        with deps.db.read() as conn:
            progress = standing_of(conn, project, number, deps.more).case.progress
        if decider is not None and progress is not None and wanted in progress.next_steps:
            decide(deps, actors[decider], project, number, Given("approve"))
            changed = True
    return changed


def _release(workspace: Workspace, actor: Actor, project: Project, step: Release) -> None:
    deps = workspace.releases
    where = step.environment
    if step.kind == "publish":
        picks = [Pick(path, None) for path in step.paths]
        publish(deps, actor, project, where, picks, step.reason, ticket=step.ticket)
    elif step.kind == "rollback":
        (path,) = step.paths
        rollback(deps, actor, project, where, step.reason, path=path, ticket=step.ticket)
    else:
        suspend(deps, actor, project, where, step.paths, step.reason, ticket=step.ticket)
