"""How a decision is told: the reason of a refusal and what would satisfy it, as plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from promptops_server.access.cedar import OwnPolicy
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Resource

WORDS: Final[dict[Action, str]] = {
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
    "model:manage": "configure model targets",
    "test:run": "call models: test prompts and use the playground",
    "system:manage": "look after the running system",
    "user:manage": "manage users",
    "token:create": "create tokens",
}


def refusal(
    actor: Actor, action: Action, resource: Resource, held: Iterable[str], opening: Sequence[str]
) -> tuple[str, str]:
    """Reason and remedy where nothing permits the action: no role that opens it holds at this place."""
    where = ""
    if resource.project:
        where = f" on {resource.project}"
        if resource.path:
            where += f"/{resource.path}"
    if resource.environment and resource.approval_required:
        where += f", environment {resource.environment}"
    names = sorted(held)
    role = actor.scope.role
    holds = f"holds {', '.join(names)}" if names else "holds no role there"
    if role is not None and role != "admin":
        holds += f"; this token is narrowed to {role}"
    return (
        f"{actor.name} may not {WORDS[action]}{where}: {holds}.",
        f"Ask an administrator for one of these roles: {', '.join(sorted(opening)) or 'admin'}.",
    )


def why(
    rule: str, actor: Actor, action: Action, resource: Resource, own: Iterable[OwnPolicy]
) -> tuple[str, str]:
    """Reason and remedy where a policy forbids, or fails."""
    scope = actor.scope
    if rule == "scope.project":
        return (
            f"This token is bound to project {scope.project}.",
            "Use a token of the right project.",
        )
    if rule == "scope.delivery":
        return (
            f"This token may only read what is live in {scope.project}/{scope.environment}.",
            "Use a personal token for anything else.",
        )
    if rule == "scope.environment":
        if resource.environment in (None, scope.environment):
            return (
                f"This token is bound to environment {scope.environment}; it cannot {WORDS[action]}.",
                "Use a token without an environment.",
            )
        return (
            f"This token is bound to environment {scope.environment}.",
            "Use a token of the right environment.",
        )
    if rule == "service.decision":
        return (
            f"{actor.name} is a service account: it may not {WORDS[action]}, whatever it was granted.",
            "Let a person decide, signed in or with a token of their own.",
        )
    if rule == "token.operator":
        return (
            "This token was made on the server's own machine; it says nothing about who decides, so it may not "
            f"{WORDS[action]}.",
            "Sign in, or use a token you made yourself. The setting access.operator_tokens_decide lets such tokens "
            "decide.",
        )
    for policy in own:
        if rule == f"policy.{policy.name}":
            return (
                f"The policy {policy.name} of this installation forbids {actor.name} to {WORDS[action]} here.",
                policy.comment
                or f"`promptops policy show {policy.name}` says when it does not apply.",
            )
    return (
        "A policy could not be evaluated, and what cannot be decided is refused.",
        "Ask an administrator to correct it: the server's log names it.",
    )
