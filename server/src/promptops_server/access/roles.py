"""The roles and what each may do, as plain values and pure functions."""

from __future__ import annotations

from typing import Final, Literal, get_args

from promptops_server.infra.authorise import Action

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
EVERY_PROJECT: Final = "*"
"""As a grant's project: every project, also future ones."""

_READ: Final[frozenset[Action]] = frozenset({"project:read", "delivery:read"})

_TALK: Final[frozenset[Action]] = frozenset({"review:comment", "evidence:read"})
_DECIDE: Final[frozenset[Action]] = frozenset(
    {"review:approve", "review:revoke", "release:stop", "prompt:retire", "emergency:ratify"}
)

ACTIONS: Final[dict[str, frozenset[Action]]] = {
    "delivery": frozenset({"delivery:read"}),
    "viewer": _READ,
    "author": _READ
    | _TALK
    | {
        "project:create",
        "prompt:write",
        "prompt:archive",
        "review:request",
        "release:publish",
        "release:rollback",
        "release:stop",
        "redaction:request",
    },
    "reviewer": _READ | _TALK | {"review:request", "review:review", "review:revoke"},
    "validator": _READ | _TALK | {"review:validate"},
    "approver": _READ | _TALK | _DECIDE | {"redaction:request"},
    "risk": _READ | _TALK | _DECIDE | {"exception:accept", "redaction:request"},
    "publisher": _READ
    | _TALK
    | {
        "release:publish",
        "release:rollback",
        "release:stop",
        "environment:change",
        "review:request",
    },
    "emergency": _READ | {"emergency:invoke", "release:stop"},
    "auditor": _READ
    | {"audit:read", "audit:export", "evidence:read", "policy:read", "hold:manage"},
}
"""What a role opens. `admin` opens everything but the decisions of `PERSONAL`."""

PERSONAL: Final[frozenset[Action]] = frozenset(
    {
        "review:review",
        "review:validate",
        "review:approve",
        "emergency:invoke",
        "emergency:ratify",
        "exception:accept",
    }
)
"""Decisions that take the role itself: an administrator who holds no such grant may not make them."""

GATED_ROLES: Final[dict[Action, frozenset[str]]] = {
    "release:publish": frozenset({"publisher"}),
    "release:rollback": frozenset({"publisher"}),
    "release:stop": frozenset({"publisher", "approver", "risk", "emergency"}),
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
