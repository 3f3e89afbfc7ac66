"""Somebody who acted earlier, as they stand now: for work that was asked for then and happens today.

The roles are today's. Whoever asked with a token acts through that same token, with its scope, and no longer than it is
valid. A sign-in with a password asked for nothing narrower than the person, so the person's standing decides.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from promptops_server.access.tables import token
from promptops_server.access.users import grants_of, user_by_id
from promptops_server.infra.actor import Actor, Scope
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.problems import Denied

_TOKENS = ("token", "operator")


def actor_now(
    conn: Connection,
    subject: str,
    *,
    auth_method: str,
    session: str | None,
    at: int | None = None,
) -> Actor:
    """The actor with today's roles. `at` asks whether the token will still be valid then (microseconds; None: now).

    Raises:
        Denied: the person is deactivated, or the token was revoked or has expired.
    """
    found = user_by_id(conn, subject)
    if found is None or not found.active:
        name = found.name if found is not None else "This person"
        raise Denied(
            f"{name} is deactivated.",
            rule="actor.inactive",
            remedy="Let somebody else schedule it.",
        )
    return Actor(
        subject=found.id,
        name=found.name,
        kind="service" if found.kind == "service" else "person",
        roles=grants_of(conn, found.id),
        admin=found.admin,
        scope=_scope(conn, found.name, session, at) if auth_method in _TOKENS else Scope(),
        auth_method=auth_method,
        session=session,
        person=found.person,
    )


def _scope(conn: Connection, name: str, token_id: str | None, at: int | None) -> Scope:
    row = conn.execute(select(token).where(token.c.id == token_id)).first()
    fault = None
    if row is None:
        fault = "is gone"
    elif row.revoked_at is not None:
        fault = f"was revoked at {to_text(row.revoked_at)}"
    elif row.expires_at is not None and row.expires_at <= (now_us() if at is None else at):
        fault = f"expires at {to_text(row.expires_at)}"
    if row is None or fault is not None:
        raise Denied(
            f"The token that {name} used {fault}.",
            rule="actor.token",
            remedy="Schedule it again with a token that is valid then.",
        )
    return Scope(role=row.role, project=row.project, environment=row.environment)
