"""The roles and what each may do, as plain values and pure functions."""

from __future__ import annotations

from typing import Final, Literal, get_args

from promptops_server.infra.authorise import Action

Role = Literal[
    "viewer", "author", "reviewer", "approver", "publisher", "auditor", "delivery", "admin"
]
ROLES: Final[tuple[str, ...]] = get_args(Role)
EVERY_PROJECT: Final = "*"
"""As a grant's project: every project, also future ones."""

_READ: Final[frozenset[Action]] = frozenset({"project:read", "delivery:read"})

ACTIONS: Final[dict[str, frozenset[Action]]] = {
    "delivery": frozenset({"delivery:read"}),
    "viewer": _READ,
    "author": _READ
    | {
        "project:create",
        "prompt:write",
        "prompt:archive",
        "release:publish",
        "release:rollback",
        "release:stop",
    },
    "reviewer": _READ,
    "approver": _READ | {"release:stop"},
    "publisher": _READ
    | {"release:publish", "release:rollback", "release:stop", "environment:change"},
    "auditor": _READ | {"audit:read"},
}
"""What a role opens. `admin` opens everything."""

GATED_ROLES: Final[dict[Action, frozenset[str]]] = {
    "release:publish": frozenset({"publisher"}),
    "release:rollback": frozenset({"publisher"}),
    "release:stop": frozenset({"publisher", "approver"}),
}
"""In an environment that asks for approval only these roles open the action; elsewhere an author suffices."""


def roles_on(granted: frozenset[str], project: str | None) -> frozenset[str]:
    """Role names held on a project, from ``project:role`` and ``*:role`` grants.

    Without a project only the grants on every project count.
    """
    held = set()
    for item in granted:
        where, _, role = item.rpartition(":")
        if where == EVERY_PROJECT or (project is not None and where == project):
            held.add(role)
    return frozenset(held)
