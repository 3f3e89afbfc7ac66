"""The decision: may this actor do this here? Pure; the answer names the rule that decided."""

from __future__ import annotations

from promptops_server.access.roles import ACTIONS, GATED_ROLES, PERSONAL, roles_on
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Decision, Resource


def authorise(actor: Actor, action: Action, resource: Resource) -> Decision:
    """Rules in order; the first that speaks decides, and nothing speaking means no.

    1. `scope.*`: what the token is narrowed to.
    2. `admin`: an administrator may do everything (a token with a role narrows that to the role).
    3. `role.*`: a role held on the project opens the action.
    """
    narrowed = _outside_scope(actor, action, resource)
    if narrowed is not None:
        return narrowed
    if actor.kind == "system":
        return Decision(True, "system")
    role = actor.scope.role
    if actor.admin and role in (None, "admin") and action not in PERSONAL:
        return Decision(True, "admin")
    held = roles_on(actor.roles, resource.project)
    if role is not None:
        # A token can narrow, never widen: an administrator holds every role, others what was granted.
        held = (
            frozenset({role})
            if (actor.admin or role in held or role == "delivery")
            else frozenset()
        )
    wanted = _roles_for(action, gated=resource.approval_required)
    allowed_by = sorted(held & wanted)
    if allowed_by:
        return Decision(True, f"role.{allowed_by[0]}")
    where = f" on {resource.project}" if resource.project else ""
    if resource.environment and resource.approval_required:
        where += f", environment {resource.environment}"
    names = ", ".join(sorted(wanted)) or "admin"
    return Decision(
        False,
        "role.missing",
        f"{actor.name} may not {_words(action)}{where}: "
        f"{'holds ' + ', '.join(sorted(held)) if held else 'holds no role there'}.",
        f"Ask an administrator for one of these roles: {names}.",
    )


def _roles_for(action: Action, *, gated: bool) -> frozenset[str]:
    if gated and action in GATED_ROLES:
        return GATED_ROLES[action]
    return frozenset(role for role, actions in ACTIONS.items() if action in actions)


def _outside_scope(actor: Actor, action: Action, resource: Resource) -> Decision | None:
    scope = actor.scope
    if scope.project is not None and resource.project != scope.project:
        return Decision(
            False,
            "scope.project",
            f"This token is bound to project {scope.project}.",
            "Use a token of the right project.",
        )
    if scope.environment is None:
        return None
    if scope.role in (None, "viewer", "delivery") and action != "delivery:read":
        return Decision(
            False,
            "scope.delivery",
            f"This token may only read what is live in {scope.project}/{scope.environment}.",
            "Use a personal token for anything else.",
        )
    if action in _WHOLE_PROJECT:
        return Decision(
            False,
            "scope.environment",
            f"This token is bound to environment {scope.environment}; it cannot {_words(action)}.",
            "Use a token without an environment.",
        )
    if resource.environment is not None and resource.environment != scope.environment:
        return Decision(
            False,
            "scope.environment",
            f"This token is bound to environment {scope.environment}.",
            "Use a token of the right environment.",
        )
    return None


_WHOLE_PROJECT: frozenset[Action] = frozenset(
    {
        "prompt:write",
        "prompt:archive",
        "project:create",
        "environment:create",
        "environment:change",
        "environment:weaken",
        "mirror:manage",
    }
)
"""A token for deploying to one environment writes no prompts, and does not change the rules it is bound by."""

_WORDS: dict[str, str] = {
    "project:create": "create projects",
    "project:read": "read",
    "prompt:write": "write prompts",
    "prompt:archive": "archive prompts",
    "environment:create": "create environments",
    "mirror:manage": "manage mirrors",
    "environment:change": "change the order and rules of environments",
    "environment:weaken": "take the need for approval from an environment",
    "release:publish": "publish",
    "release:rollback": "roll back",
    "release:stop": "suspend or unpublish",
    "delivery:read": "read what is live",
    "audit:read": "read the audit log",
    "audit:export": "export the audit log",
    "policy:read": "read the access policies",
    "policy:manage": "change the access policies",
    "review:request": "ask for a review",
    "review:comment": "comment",
    "review:review": "review",
    "review:validate": "validate",
    "review:approve": "approve",
    "review:revoke": "revoke an approval",
    "prompt:retire": "retire prompts",
    "exception:accept": "accept exceptions",
    "emergency:invoke": "publish in an emergency",
    "emergency:ratify": "ratify an emergency",
    "evidence:read": "read evidence",
    "redaction:request": "ask for a redaction",
    "redaction:approve": "approve a redaction",
    "hold:manage": "place and lift legal holds",
    "user:manage": "manage users",
    "token:create": "create tokens",
}


def _words(action: Action) -> str:
    return _WORDS[action]
