"""Tokens made on the server's own machine: who can read the database can do anything, and is recorded as operator.

Such tokens carry ``auth_method=operator``, so that nothing done with them ever counts as a person's own decision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from promptops_server.access import grants, tokens, users
from promptops_server.access.roles import EVERY_PROJECT, ROLES
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Invalid

OPERATOR = replace(SYSTEM, name="operator", auth_method="operator")


@dataclass(frozen=True, slots=True)
class MadeToken:
    """The token's row and its secret."""

    id: str
    secret: str
    user_is_new: bool


def create_operator_token(
    db: Database,
    *,
    user: str,
    role: str,
    project: str | None = None,
    environment: str | None = None,
    expires_at: int | None = None,
    name: str = "operator",
) -> MadeToken:
    """Make a token for `user`, who is made when new and given the role when they lack it.

    Raises:
        Invalid: user name or role unknown, an environment without a project, an expiry in the past, or a
            deactivated user.
    """
    if role not in ROLES:
        raise Invalid(f"There is no role {role!r}.", remedy=f"Roles: {', '.join(ROLES)}.")
    with db.write() as tx:
        holder = users.find_user(tx.conn, user)
        is_new = holder is None
        if holder is None:
            holder = users.create_user(
                tx,
                OPERATOR,
                user,
                kind="service" if role == "delivery" else "person",
                admin=role == "admin",
            )
        elif not holder.active:
            raise Invalid(
                f"User {user} is deactivated: a token of theirs would not work.",
                remedy="Name another user; a new one with --role admin can reactivate them.",
            )
        if role == "admin":
            users.make_admin(tx, OPERATOR, user)
        elif role != "delivery":
            # A token narrows what its holder may do and never widens it.
            grants.add_grant(tx, OPERATOR, user, project or EVERY_PROJECT, role)
        row, secret = tokens.mint(
            tx,
            OPERATOR,
            holder,
            name=name,
            role=role,
            project=project,
            environment=environment,
            expires_at=expires_at,
            auth_method="operator",
        )
    return MadeToken(row.id, secret, is_new)
