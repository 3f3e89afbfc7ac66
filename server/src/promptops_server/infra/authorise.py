"""The question every use case asks before it acts; `access` answers it, `app` connects the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Denied

Action = Literal[
    "project:create",
    "project:read",
    "prompt:write",
    "prompt:archive",
    "environment:create",
    "mirror:manage",
    "environment:change",
    "environment:weaken",
    "release:publish",
    "release:rollback",
    "release:stop",
    "delivery:read",
    "audit:read",
    "audit:export",
    "user:manage",
    "token:create",
    "policy:read",
    "policy:manage",
    "review:request",
    "review:comment",
    "review:review",
    "review:validate",
    "review:approve",
    "review:revoke",
    "prompt:retire",
    "exception:accept",
    "emergency:invoke",
    "emergency:ratify",
    "evidence:read",
    "redaction:request",
    "redaction:approve",
    "hold:manage",
]


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted upon; names, not row ids, so that a refusal can be read."""

    project: str | None = None
    path: str | None = None
    """A prompt or module inside the project; None speaks of the whole project."""
    environment: str | None = None
    approval_required: bool = False
    """The environment asks for the publish gate (``production`` by default)."""
    tier: str | None = None
    """The risk tier of what is decided about."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: which rule decided, and what would satisfy it."""

    allowed: bool
    rule: str
    reason: str = ""
    remedy: str = ""


class Authorise(Protocol):
    """A pure decision; never raises."""

    def __call__(self, actor: Actor, action: Action, resource: Resource) -> Decision: ...


def require(authorise: Authorise, actor: Actor, action: Action, resource: Resource) -> Decision:
    """Ask, and turn a no into a refusal.

    Raises:
        Denied: with the deciding rule and what would satisfy it.
    """
    decision = authorise(actor, action, resource)
    if not decision.allowed:
        raise Denied(decision.reason, rule=decision.rule, remedy=decision.remedy, action=action)
    return decision
