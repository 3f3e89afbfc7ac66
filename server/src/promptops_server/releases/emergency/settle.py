"""What the server does itself when nobody ratified an emergency: each prompt goes back to what was live before it, or is
suspended where that may not return.

One transaction: the row ends exactly when the release exists. A prompt that was replaced since through the gate is left
alone; one that was taken away and put back by a rollback is still the emergency's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from promptops_server.approvals.conditions.standing import barred
from promptops_server.approvals.continuity import TOPIC
from promptops_server.approvals.model import Content as GateContent
from promptops_server.approvals.model import GateFacts
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.authorise import Decision
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.releases.change import release_plan
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.model import (
    EmergencyPrompt,
    EmergencyRelease,
    State,
    content_before,
)
from promptops_server.releases.emergency.read import unratified
from promptops_server.releases.intervals import histories, stopped_versions
from promptops_server.releases.model import Change, Content, Environment, Release
from promptops_server.releases.plan import Plan, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import chunks, current_rows
from promptops_server.releases.tables import release

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def settle(
    deps: ReleaseDeps,
    tx: Transaction,
    project: Project,
    environment: Environment,
    found: EmergencyRelease,
    why: str,
) -> tuple[State, Release | None]:
    """End an open emergency without ratification. The project lock is held; `why` becomes the release's reason.

    Returns the state it ended in, and the release that took it back (None: nothing of it was live any more).

    Raises:
        Denied: the gate refuses what the server wants to bring back.
    """
    mine = _still_live(tx.conn, environment, found)
    changes = _changes(deps, tx, project, environment, found, mine, why)
    made = None
    if changes:
        request = Request(SYSTEM, project, environment.name, "rollback", why, found.incident)
        made = release_plan(
            deps,
            tx,
            request,
            environment,
            Plan(tuple(changes)),
            reason=why,
            ticket=found.incident,
        )
        tx.after_commit(lambda: _project(deps, environment.id))
    state = _state(changes)
    store.end(tx.conn, found, state, tx.now, None if made is None else made.number)
    told = {
        "event": "emergency.ended",
        "project": project.name,
        "environment": environment.name,
        "release": found.release,
        "state": state,
    }
    outbox.add(tx.conn, TOPIC, project.id, told, tx.now)
    record(
        tx,
        AuditEvent(
            action="emergency.lapse",
            object=AuditObject(
                "release", f"{project.name}@{environment.name}", f"r{found.release}"
            ),
            actor=SYSTEM,
            project=project.name,
            environment=environment.name,
            before={"state": found.state, "deadline": to_text(found.deadline)},
            after={
                "state": state,
                "release": None if made is None else made.number,
                "left_alone": [p.path for p in found.prompts if p not in mine][:100],
            },
            reason=why,
            ticket=found.incident,
            tier=found.tier,
        ),
        project_id=project.id,
    )
    return state, made


def _project(deps: ReleaseDeps, environment_id: str) -> None:
    deps.projection(environment_id)


def _state(changes: list[Change]) -> State:
    if not changes:
        return "replaced"
    return "suspended" if any(change.state == "suspended" for change in changes) else "rolled_back"


def _still_live(
    conn: Connection, environment: Environment, found: EmergencyRelease
) -> list[EmergencyPrompt]:
    """Its prompts that are live in its version, put there by itself or by rollbacks after it."""
    rows = current_rows(conn, environment.id, [prompt.path for prompt in found.prompts])
    standing = {
        prompt: rows[prompt.path].from_release
        for prompt in found.prompts
        if prompt.path in rows
        and rows[prompt.path].state == "live"
        and rows[prompt.path].version == prompt.version
    }
    later = sorted({number for number in standing.values() if number != found.release})
    back: set[int] = set()
    for some in chunks(later):
        back.update(
            conn.execute(
                select(release.c.number).where(
                    release.c.environment_id == environment.id,
                    release.c.number.in_(some),
                    release.c.kind == "rollback",
                )
            ).scalars()
        )
    return [
        prompt for prompt, number in standing.items() if number == found.release or number in back
    ]


def _changes(
    deps: ReleaseDeps,
    tx: Transaction,
    project: Project,
    environment: Environment,
    found: EmergencyRelease,
    mine: list[EmergencyPrompt],
    why: str,
) -> list[Change]:
    paths = [prompt.path for prompt in mine]
    if not paths:
        return []
    past = histories(tx.conn, environment.id, paths)
    bare = unratified(tx.conn, environment.id, paths)
    before: dict[str, Content] = {}
    for path in paths:
        history = past.get(path, [])
        content = content_before(
            history, found.release, bare.get(path, ()), stopped_versions(history)
        )
        if content is not None:
            before[path] = content
    allowed = _may_return(deps, tx, project, environment, before)
    return [
        Change.live(prompt.path, before[prompt.path])
        if prompt.path in allowed
        else Change.suspended(prompt.path, prompt.version, why)
        for prompt in mine
    ]


def _may_return(
    deps: ReleaseDeps,
    tx: Transaction,
    project: Project,
    environment: Environment,
    before: dict[str, Content],
) -> set[str]:
    """Addresses whose earlier content nothing bars: not revoked, not redacted. Of what nothing is known, nothing returns."""
    asked = [(path, content.version) for path, content in before.items()]
    if not asked:
        return set()
    papers = deps.papers(tx.conn, project, environment.name, asked, tx.now)
    facts = GateFacts(
        environment.name,
        True,
        "rollback",
        Decision(True, "system"),
        now=tx.now,
        project=project.name,
    )
    return {
        path
        for path, version in asked
        if (path, version) in papers
        and not any(barred(facts, GateContent(path, version, None, None), papers[path, version]))
    }
