"""What a narrowed token may not touch: its holder's account.

The account's tokens and sessions belong to no project, so the policies say nothing of them. A token that lies in a
pipeline or beside an application must not sign its holder out, end other tokens, or read where they sign in from.
"""

from __future__ import annotations

from typing import Final

from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Denied

RULE: Final = "scope.account"
TOKENS: Final = ("token", "operator")
"""The `auth_method` of whoever came with a token."""


def require_own_account(actor: Actor) -> None:
    """Refuse a token that is narrowed to a role, a project or an environment.

    Raises:
        Denied: it is.
    """
    scope = actor.scope
    narrowed = scope.project or scope.environment or scope.role not in (None, "admin")
    if actor.auth_method in TOKENS and narrowed:
        raise Denied(
            f"This token of {actor.name} is narrowed, and does not manage their tokens and sessions.",
            rule=RULE,
            remedy="Use `promptops login`, or a browser.",
        )
