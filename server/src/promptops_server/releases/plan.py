"""What somebody asks of an environment (`Request`) and what that comes to inside the lock (`Plan`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from promptops_server.approvals.model import Content as GateContent
from promptops_server.approvals.model import Emergency
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Resource
from promptops_server.infra.database import Transaction
from promptops_server.releases.model import (
    Artifact,
    Change,
    Environment,
    Kept,
    Kind,
    Once,
    Pick,
    Promoted,
    Scheduled,
)

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

ACTIONS: Mapping[Kind, Action] = {
    "publish": "release:publish",
    "rollback": "release:rollback",
    "unpublish": "release:stop",
    "suspend": "release:stop",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a use case wants to change, decided inside the lock."""

    changes: tuple[Change, ...]
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    """Compiled texts by digest; those stored already may be missing."""
    contents: tuple[GateContent, ...] = ()
    unchanged: tuple[Pick, ...] = ()
    kept: tuple[Kept, ...] = ()
    promoted: Promoted | None = None
    """Where the contents were live, of a promotion."""

    @property
    def removed(self) -> bool:
        """Whether it takes something out."""
        return any(change.state == "removed" for change in self.changes)


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants to change which environment, how, and why. `expected_head` None means: whatever the head is."""

    actor: Actor
    project: Project
    environment: str
    kind: Kind
    reason: str
    ticket: str | None = None
    expected_head: int | None = None
    once: Once | None = None
    scheduled: Scheduled | None = None
    """The schedule it carries out."""
    claim: Callable[[Transaction, int], None] | None = None
    """Called with the coming release's number in its transaction, under the lock and before the plan: what must be
    written with the release, or refuse it."""
    emergency: Emergency | None = None
    """The incident for which a publish waits for no approval."""

    @property
    def action(self) -> Action:
        """What `access` is asked: breaking the glass is a right of its own."""
        return ACTIONS[self.kind] if self.emergency is None else "emergency:invoke"


def place_of(request: Request, environment: Environment) -> Resource:
    """What `access` is asked about, without a path."""
    return Resource(
        project=request.project.name,
        environment=environment.name,
        approval_required=environment.approval_required,
    )


Planner = Callable[[Connection, Environment], Plan]
Preparation = Callable[[Connection, Environment], None]


def origin_of(request: Request, plan: Plan) -> dict[str, Any]:
    """Where a release comes from, beyond its actor, for the audit event."""
    origin: dict[str, Any] = {}
    if plan.promoted is not None:
        origin["promoted_from"] = {
            "environment": plan.promoted.environment,
            "release": plan.promoted.release,
        }
    if request.emergency is not None:
        origin["emergency"] = {"incident": request.emergency.incident}
    if request.scheduled is not None:
        origin["scheduled"] = {"id": request.scheduled.id, "by": request.scheduled.by}
    return origin


def trailers_of(request: Request, plan: Plan) -> tuple[str, ...]:
    """The same as trailers of the commit's message."""
    trailers = []
    if plan.promoted is not None:
        trailers.append(f"Promoted-From: {plan.promoted.environment} r{plan.promoted.release}")
    if request.emergency is not None:
        trailers.append(f"Emergency: {request.emergency.incident}")
    if request.scheduled is not None:
        trailers.append(f"Schedule: {request.scheduled.id}")
    return tuple(trailers)
