"""The question every use case asks before it acts; `access` answers it, `app` connects the two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from promptops_server.infra.actor import Actor, grants_in
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
    "model:manage",
    "test:run",
    "system:manage",
]


OWN_POLICY: Final = "policy."
"""How the names of rules begin that are policies of the installation."""
NAMED: Final = 5
"""Refused paths that a refusal names."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted upon; names, not row ids, so that a refusal can be read."""

    project: str | None = None
    path: str | None = None
    """A prompt inside the project, or a folder with its closing slash; None speaks of the whole project."""
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
    policy_version: str = ""
    """Which text of the policies decided: a SHA-256 in hexadecimal."""
    paths: tuple[str, ...] = ()
    """Of a decision about many paths: those that were refused, the first few."""


class Authorise(Protocol):
    """A pure decision; never raises.

    An answer that depends on more of a path than its folder says so with an attribute ``speaks_of_paths``.
    """

    def __call__(self, actor: Actor, action: Action, resource: Resource) -> Decision: ...


def require(authorise: Authorise, actor: Actor, action: Action, resource: Resource) -> Decision:
    """Ask, and turn a no into a refusal.

    Raises:
        Denied: with the deciding rule and what would satisfy it.
    """
    return _or_denied(authorise(actor, action, resource), action)


def require_paths(
    authorise: Authorise,
    actor: Actor,
    action: Action,
    resource: Resource,
    paths: Iterable[str],
) -> Decision:
    """Ask about every path, as `decide_paths`, and turn a no into a refusal.

    Raises:
        Denied: `paths` names the first few that are refused.
    """
    return _or_denied(decide_paths(authorise, actor, action, resource, paths), action)


def decide_paths(
    authorise: Authorise,
    actor: Actor,
    action: Action,
    resource: Resource,
    paths: Iterable[str],
) -> Decision:
    """One decision over many paths of `resource`, whose own path does not count: yes only if each is allowed.

    Cheap for many: who holds the role on the whole project is asked once, everybody else once per folder, since a grant
    is limited to folders. Only while a policy of the installation speaks of paths is each path asked by itself.
    """
    whole = authorise(actor, action, replace(resource, path=None))
    each = getattr(authorise, "speaks_of_paths", False)
    if whole.allowed and not each:
        return whole
    answers: dict[str, Decision] = {}
    refused: list[str] = []
    first: Decision | None = None
    last = whole
    for path in dict.fromkeys(paths):
        key = path if each else path[: path.rfind("/") + 1]
        decision = answers.get(key)
        if decision is None:
            decision = answers[key] = authorise(actor, action, replace(resource, path=path))
        last = decision
        if not decision.allowed:
            refused.append(path)
            first = first or decision
    if first is None:
        return last
    shown = refused[:NAMED]
    more = f" and {len(refused) - NAMED:,} more" if len(refused) > NAMED else ""
    reason = first.reason
    if len(refused) > 1 or more:
        reason = f"{reason.rstrip('.')} (refused: {', '.join(shown)}{more})."
    return replace(first, reason=reason, paths=tuple(shown))


def require_somewhere(
    authorise: Authorise, actor: Actor, action: Action, resource: Resource
) -> Decision:
    """Ask at the door, before it is known which paths (or which environment) are meant.

    A yes only means that the actor may do this somewhere in the project: `require_paths` has to follow.

    Raises:
        Denied: nowhere.
    """
    return _or_denied(decide_somewhere(authorise, actor, action, resource), action)


def decide_somewhere(
    authorise: Authorise, actor: Actor, action: Action, resource: Resource
) -> Decision:
    """As `require_somewhere`: the answer for the whole project, or the first yes at a place of the actor's grants."""
    whole = authorise(actor, action, resource)
    if whole.allowed:
        return whole
    for grant in grants_in(actor.roles):
        if not grant.covers_project(resource.project) or not (grant.module or grant.environment):
            continue
        there = replace(
            resource,
            path=f"{grant.module}/" if grant.module else resource.path,
            environment=resource.environment or grant.environment or None,
        )
        decision = authorise(actor, action, there)
        if decision.allowed:
            return decision
    if whole.rule.startswith(OWN_POLICY):
        # It may speak of some paths or environments alone: only what follows can tell.
        return replace(whole, allowed=True, reason="", remedy="")
    return whole


def _or_denied(decision: Decision, action: Action) -> Decision:
    if not decision.allowed:
        raise Denied(
            decision.reason,
            rule=decision.rule,
            remedy=decision.remedy,
            action=action,
            paths=list(decision.paths) or None,
        )
    return decision
