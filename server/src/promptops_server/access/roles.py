"""The roles, and where a grant of one holds. What each role may do is said in `policies/`, not here."""

from __future__ import annotations

from typing import Final, Literal, get_args

from promptops_server.infra.actor import EVERY_PROJECT, grants_in
from promptops_server.infra.authorise import Action, Resource

__all__ = [
    "EVERY_PROJECT",
    "GRANTED_ROLES",
    "ROLES",
    "Role",
    "roles_for",
    "roles_on",
]

Role = Literal[
    "viewer",
    "author",
    "reviewer",
    "validator",
    "approver",
    "risk",
    "publisher",
    "emergency",
    "auditor",
    "delivery",
    "admin",
]
"""`validator` is the independent validator of high tier, `risk` an approver of the control function, `emergency` may
break the glass."""
ROLES: Final[tuple[str, ...]] = get_args(Role)
GRANTED_ROLES: Final[tuple[str, ...]] = tuple(r for r in ROLES if r not in ("admin", "delivery"))
"""Roles that can be granted: `admin` is a property of an account, `delivery` one of a token."""

_WHOLE_PROJECT: Final[frozenset[Action]] = frozenset(
    {"project:read", "delivery:read", "evidence:read"}
)
"""Reading is opened for a whole project, also by a grant on one of its modules or environments."""


def roles_on(
    granted: frozenset[str],
    project: str | None,
    *,
    path: str | None = None,
    environment: str | None = None,
    anywhere: bool = False,
) -> frozenset[str]:
    """Role names that hold at a place, from grants in the form of `Actor.roles`.

    Without a project only the grants on every project count. `anywhere` asks for the roles held on any part of the
    project.
    """
    return frozenset(
        grant.role
        for grant in grants_in(granted)
        if (
            grant.covers_project(project)
            if anywhere and project is not None
            else grant.covers(project, path, environment)
        )
    )


def roles_for(granted: frozenset[str], action: Action, resource: Resource) -> frozenset[str]:
    """Role names that count for this action at this place."""
    return roles_on(
        granted,
        resource.project,
        path=resource.path,
        environment=resource.environment,
        anywhere=action in _WHOLE_PROJECT,
    )
