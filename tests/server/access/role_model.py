"""What the shipped policies mean, said a second time in plain Python: tables of roles and a function over them."""

from __future__ import annotations

from typing import get_args

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Resource

ACTIONS: tuple[Action, ...] = get_args(Action)

_READ = {"project:read", "delivery:read"}
_TALK = {"test:run", "review:comment", "evidence:read"}
_SIGN_OFF = {"review:revoke", "release:stop", "prompt:retire", "redaction:request"}
_RELEASE = {"release:publish", "release:rollback", "release:stop"}

ORDINARY: dict[str, set[str]] = {
    "viewer": _READ,
    "author": _READ
    | _TALK
    | {
        "project:create",
        "prompt:write",
        "prompt:archive",
        "review:request",
        "redaction:request",
    },
    "reviewer": _READ | _TALK | {"review:request", "review:revoke"},
    "validator": _READ | _TALK,
    "approver": _READ | _TALK | _SIGN_OFF,
    "risk": _READ | _TALK | _SIGN_OFF,
    "publisher": _READ | _TALK | _RELEASE | {"environment:change", "review:request"},
    "emergency": _READ | {"release:stop"},
    "auditor": _READ
    | {"audit:read", "audit:export", "evidence:read", "policy:read", "hold:manage"},
    "delivery": {"delivery:read"},
    "admin": set(),
}
PERSONAL: dict[str, set[str]] = {
    "reviewer": {"review:review"},
    "validator": {"review:validate"},
    "approver": {"review:approve", "emergency:ratify"},
    "risk": {"review:approve", "emergency:ratify", "exception:accept"},
    "emergency": {"emergency:invoke"},
}
DECISIONS = set().union(*PERSONAL.values())
WHOLE_PROJECT_READS = {"project:read", "delivery:read", "evidence:read"}
NOT_BY_ENVIRONMENT_TOKEN = {
    "prompt:write",
    "prompt:archive",
    "project:create",
    "environment:create",
    "environment:change",
    "environment:weaken",
    "mirror:manage",
    "model:manage",
    "test:run",
    "system:manage",
    "user:manage",
    "policy:manage",
}


def holds(grant: str, action: str, place: Resource) -> str | None:
    """The role of a grant if it counts for this action there."""
    where, role = grant.rsplit(":", 1)
    where, _, environment = where.partition("@")
    project, *folders = where.split("/")
    if project not in ("*", place.project):
        return None
    if action in WHOLE_PROJECT_READS and place.project is not None:
        return role
    if environment and environment != place.environment:
        return None
    parts = (place.path or "").split("/")[:-1]
    return role if parts[: len(folders)] == folders else None


def expected(
    actor: Actor, action: Action, place: Resource, *, operator_tokens_decide: bool = True
) -> bool:
    """Whether it is allowed."""
    token = actor.scope
    if token.project is not None and place.project != token.project:
        return False
    if token.environment is not None:
        if token.role in (None, "viewer", "delivery") and action != "delivery:read":
            return False
        if action in NOT_BY_ENVIRONMENT_TOKEN:
            return False
        if place.environment not in (None, token.environment):
            return False
    if action in DECISIONS | {"redaction:approve"} and actor.kind == "service":
        return False
    if (
        action in DECISIONS - {"emergency:invoke"}
        and actor.auth_method == "operator"
        and not operator_tokens_decide
    ):
        return False
    if actor.kind == "system":
        return True
    if actor.admin and token.role in (None, "admin") and action not in DECISIONS:
        return True
    granted = {role for grant in actor.roles if (role := holds(grant, action, place))}
    if token.role is not None:
        granted &= {token.role}
    if any(action in PERSONAL.get(role, ()) for role in granted):
        return True
    roles = set(granted)
    if token.role is not None and (actor.admin or token.role == "delivery"):
        roles.add(token.role)
    if action in _RELEASE and "author" in roles and not place.approval_required:
        return True
    return any(action in ORDINARY[role] for role in roles)
