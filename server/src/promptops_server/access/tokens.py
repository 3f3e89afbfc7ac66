"""API and delivery tokens: make, find, list, revoke. Stored hashed, shown once."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from promptops_server import audit
from promptops_server.access.model import Token, User, new_secret, secret_hash
from promptops_server.access.roles import ROLES
from promptops_server.access.tables import token, user
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Invalid, NotFound

_COLUMNS = (
    token.c.id,
    user.c.name.label("user"),
    token.c.name,
    token.c.role,
    token.c.project,
    token.c.environment,
    token.c.auth_method,
    token.c.created_at,
    token.c.expires_at,
    token.c.revoked_at,
    token.c.last_used_at,
)


def mint(
    tx: Transaction,
    actor: Actor,
    holder: User,
    *,
    name: str,
    role: str | None = None,
    project: str | None = None,
    environment: str | None = None,
    expires_at: int | None = None,
    auth_method: str = "token",
    longest_days: float | None = None,
    no_later_than: int | None = None,
) -> tuple[Token, str]:
    """Make a token for `holder`; returns it and its secret, which nobody can read again.

    An `environment` makes it a delivery token: it needs the project, and reads only what is live there.
    `longest_days` is the longest life the installation allows; a token without an expiry gets that one. So does
    `no_later_than` (microseconds), the end of the token it is made with.

    Raises:
        Invalid: unknown role, an environment without a project, or an expiry in the past.
    """
    if role is not None and role not in ROLES:
        raise Invalid(f"There is no role {role!r}.", remedy=f"Roles: {', '.join(ROLES)}.")
    if environment is not None and project is None:
        raise Invalid(
            "A token for an environment needs its project.", remedy="Name the project too."
        )
    if role == "delivery" and environment is None:
        raise Invalid("A delivery token needs its project and environment.")
    if environment is not None and role is None:
        role = "delivery"
    if expires_at is not None and expires_at <= tx.now:
        raise Invalid("The expiry lies in the past.", remedy="Give a later time.")
    if longest_days is not None:
        latest = tx.now + int(longest_days * 86_400_000_000)
        if expires_at is not None and expires_at > latest:
            raise Invalid(
                f"The token would live longer than {longest_days:g} days.",
                remedy=f"Let it expire by {to_text(latest)}; access.longest_token_days says so.",
            )
        expires_at = latest if expires_at is None else expires_at
    if no_later_than is not None:
        if expires_at is not None and expires_at > no_later_than:
            raise Invalid(
                f"The token would outlive the one it is made with, which ends at {to_text(no_later_than)}.",
                remedy="Let it expire by then, or sign in to make it.",
            )
        expires_at = no_later_than if expires_at is None else expires_at
    secret = new_secret()
    row = Token(
        id=new_id(),
        user=holder.name,
        name=name,
        role=role,
        project=project,
        environment=environment,
        auth_method=auth_method,
        created_at=tx.now,
        expires_at=expires_at,
        revoked_at=None,
        last_used_at=None,
    )
    tx.conn.execute(
        insert(token).values(
            id=row.id,
            user_id=holder.id,
            name=name,
            hash=secret_hash(secret),
            role=role,
            project=project,
            environment=environment,
            auth_method=auth_method,
            created_at=tx.now,
            expires_at=expires_at,
        )
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "token.create",
            audit.AuditObject("token", row.id),
            actor,
            project=project,
            environment=environment,
            after={
                "user": holder.name,
                "name": name,
                "role": role,
                "auth_method": auth_method,
                "expires_at": to_text(expires_at) if expires_at else None,
            },
        ),
    )
    return row, secret


def list_tokens(
    conn: Connection, *, holder: str | None, limit: int, after: str | None
) -> cursor.Page[Token]:
    """Tokens, newest first; of one user (row id) or, without `holder`, of everybody."""
    query = select(*_COLUMNS).join(user, user.c.id == token.c.user_id)
    if holder is not None:
        query = query.where(token.c.user_id == holder)
    if after:
        query = query.where(token.c.id < cursor.decode(after, str)[0])
    rows = conn.execute(query.order_by(token.c.id.desc()).limit(limit + 1))
    return cursor.page([Token(*r) for r in rows], limit, lambda t: (t.id,))


def expiry_of(conn: Connection, token_id: str | None) -> int | None:
    """When a token ends (microseconds); None: never, or there is none."""
    return conn.execute(select(token.c.expires_at).where(token.c.id == token_id)).scalar()


def revoke(tx: Transaction, actor: Actor, token_id: str, *, holder: str | None) -> None:
    """End a token now. With `holder` (a user's row id) only that user's own.

    Raises:
        NotFound: no such token.
    """
    query = select(token.c.id, token.c.user_id, token.c.revoked_at, token.c.name).where(
        token.c.id == token_id
    )
    if holder is not None:
        query = query.where(token.c.user_id == holder)
    row = tx.conn.execute(query).first()
    if row is None:
        raise NotFound(
            f"There is no token {token_id}.", remedy="`GET /api/v1/tokens` lists yours by id."
        )
    if row.revoked_at is not None:
        return
    tx.conn.execute(update(token).where(token.c.id == token_id).values(revoked_at=tx.now))
    audit.record(
        tx,
        audit.AuditEvent(
            "token.revoke", audit.AuditObject("token", token_id), actor, before={"name": row.name}
        ),
    )
