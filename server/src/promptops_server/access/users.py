"""People and service accounts: create, find, list, deactivate, password, roles granted."""

from __future__ import annotations

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from promptops_server import audit
from promptops_server.access.model import User
from promptops_server.access.roles import EVERY_PROJECT, ROLES
from promptops_server.access.tables import grant, user
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, Invalid, NotFound

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$")
_MIN_PASSWORD = 12
_hasher = PasswordHasher()
_COLUMNS = (
    user.c.id,
    user.c.name,
    user.c.display_name,
    user.c.email,
    user.c.kind,
    user.c.admin,
    user.c.active,
    user.c.created_at,
)
# Verified against when the name is unknown, so that a wrong name takes as long as a wrong password.
_NOBODY = _hasher.hash("nobody has this password")


def create_user(
    tx: Transaction,
    actor: Actor,
    name: str,
    *,
    display_name: str | None = None,
    email: str | None = None,
    kind: str = "person",
    admin: bool = False,
    password: str | None = None,
) -> User:
    """Add a person or service account.

    Raises:
        Invalid: the name breaks the rule or the password is too short.
        Conflict: the name is taken (case does not count).
    """
    if not _NAME.match(name):
        raise Invalid(
            f"User name {name!r} is not valid.",
            remedy="Use letters, digits, '.', '_', '@', '-'; start with a letter or digit; at most 100.",
        )
    if kind not in ("person", "service"):
        raise Invalid(
            f"Kind {kind!r} is neither person nor service.", remedy="Send person or service."
        )
    if find_user(tx.conn, name) is not None:
        raise Conflict(f"There is a user {name} already.", slug="name-taken")
    row = User(
        id=new_id(),
        name=name,
        display_name=display_name or name,
        email=email,
        kind=kind,
        admin=admin,
        active=True,
        created_at=tx.now,
    )
    tx.conn.execute(
        insert(user).values(
            id=row.id,
            name=row.name,
            name_fold=name.casefold(),
            display_name=row.display_name,
            email=row.email,
            kind=row.kind,
            admin=row.admin,
            active=True,
            password_hash=_hash(password) if password is not None else None,
            created_at=row.created_at,
        )
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "user.create",
            audit.AuditObject("user", name, person=row.id),
            actor,
            after={"id": row.id, "kind": kind, "admin": admin, "display_name": row.display_name},
        ),
    )
    return row


def find_user(conn: Connection, name: str) -> User | None:
    """The user of that name, or ``None``."""
    row = conn.execute(select(*_COLUMNS).where(user.c.name_fold == name.casefold())).first()
    return User(*row) if row else None


def get_user(conn: Connection, name: str) -> User:
    """The user of that name.

    Raises:
        NotFound: there is none.
    """
    found = find_user(conn, name)
    if found is None:
        raise NotFound(f"There is no user {name}.", remedy="`GET /api/v1/users` lists them.")
    return found


def user_by_id(conn: Connection, user_id: str) -> User | None:
    """The user with that row id, or ``None``."""
    row = conn.execute(select(*_COLUMNS).where(user.c.id == user_id)).first()
    return User(*row) if row else None


def names_of(conn: Connection, ids: set[str]) -> dict[str, str]:
    """Names of users by row id; unknown ids (the system) are left out."""
    rows = conn.execute(select(user.c.id, user.c.name).where(user.c.id.in_(ids)))
    return {r.id: r.name for r in rows}


def list_users(conn: Connection, limit: int, after: str | None) -> cursor.Page[User]:
    """Users by name."""
    query = select(*_COLUMNS, user.c.name_fold).order_by(user.c.name_fold).limit(limit + 1)
    if after:
        query = query.where(user.c.name_fold > cursor.decode(after, str)[0])
    rows = [User(*r[:-1]) for r in conn.execute(query)]
    return cursor.page(rows, limit, lambda u: (u.name.casefold(),))


def set_active(tx: Transaction, actor: Actor, name: str, active: bool) -> User:
    """Deactivate or reactivate; a deactivated user's tokens stop working, history stays.

    Raises:
        NotFound: there is no such user.
        Conflict: the actor would lock themself out, and with the last administrator everybody.
    """
    found = get_user(tx.conn, name)
    if found.active == active:
        return found
    if found.id == actor.subject and not active:
        raise Conflict(
            "Nobody deactivates themself.",
            remedy="Ask another administrator.",
            slug="self-deactivation",
        )
    tx.conn.execute(update(user).where(user.c.id == found.id).values(active=active))
    audit.record(
        tx,
        audit.AuditEvent(
            "user.activate" if active else "user.deactivate",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            before={"active": found.active},
            after={"active": active},
        ),
    )
    return get_user(tx.conn, name)


def make_admin(tx: Transaction, actor: Actor, name: str) -> None:
    """Make an existing user an administrator."""
    found = get_user(tx.conn, name)
    if found.admin:
        return
    tx.conn.execute(update(user).where(user.c.id == found.id).values(admin=True))
    audit.record(
        tx,
        audit.AuditEvent(
            "user.make_admin",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            before={"admin": False},
            after={"admin": True},
        ),
    )


def set_password(tx: Transaction, actor: Actor, name: str, password: str) -> None:
    """Set a local password (argon2id)."""
    found = get_user(tx.conn, name)
    tx.conn.execute(update(user).where(user.c.id == found.id).values(password_hash=_hash(password)))
    audit.record(
        tx,
        audit.AuditEvent(
            "user.set_password", audit.AuditObject("user", found.name, person=found.id), actor
        ),
    )


def check_password(conn: Connection, name: str, password: str) -> User | None:
    """The active user, if the password is right; takes as long either way."""
    row = conn.execute(
        select(*_COLUMNS, user.c.password_hash).where(user.c.name_fold == name.casefold())
    ).first()
    stored = row.password_hash if row is not None and row.password_hash else _NOBODY
    try:
        _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return None
    if row is None or not row.password_hash or not row.active:
        return None
    return User(*row[:-1])


def grants_of(conn: Connection, user_id: str) -> frozenset[str]:
    """Grants as ``project:role`` and ``*:role``."""
    rows = conn.execute(select(grant.c.project, grant.c.role).where(grant.c.user_id == user_id))
    return frozenset(f"{r.project}:{r.role}" for r in rows)


def list_grants(conn: Connection, project: str | None = None) -> list[tuple[str, str, str]]:
    """(user name, project or ``*``, role), by user; of one project, including the grants on every project."""
    query = (
        select(user.c.name, grant.c.project, grant.c.role)
        .join(user, user.c.id == grant.c.user_id)
        .order_by(user.c.name_fold, grant.c.project, grant.c.role)
    )
    if project is not None:
        query = query.where(grant.c.project.in_((project, EVERY_PROJECT)))
    return [(r[0], r[1], r[2]) for r in conn.execute(query)]


def add_grant(tx: Transaction, actor: Actor, name: str, project: str, role: str) -> bool:
    """Grant a role; False when it was held already.

    Raises:
        Invalid: no such role, or one that is not granted (`admin`, `delivery`).
        Conflict: the actor would grant a role to themself.
    """
    if role not in ROLES or role in ("admin", "delivery"):
        raise Invalid(
            f"{role!r} is not a role that can be granted.",
            remedy="Roles: viewer, author, reviewer, approver, publisher, auditor.",
        )
    found = get_user(tx.conn, name)
    if found.id == actor.subject:
        raise Conflict(
            "Nobody grants roles to themself.",
            remedy="Ask another administrator.",
            slug="self-grant",
        )
    if f"{project}:{role}" in grants_of(tx.conn, found.id):
        return False
    tx.conn.execute(
        insert(grant).values(
            id=new_id(),
            user_id=found.id,
            project=project,
            role=role,
            granted_by=actor.subject,
            created_at=tx.now,
        )
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "grant.add",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            project=None if project == EVERY_PROJECT else project,
            after={"project": project, "role": role},
        ),
    )
    return True


def remove_grant(tx: Transaction, actor: Actor, name: str, project: str, role: str) -> None:
    """Take a role back.

    Raises:
        NotFound: it was not granted.
    """
    found = get_user(tx.conn, name)
    if f"{project}:{role}" not in grants_of(tx.conn, found.id):
        raise NotFound(f"{found.name} does not hold {role} on {project}.")
    tx.conn.execute(
        delete(grant).where(
            grant.c.user_id == found.id, grant.c.project == project, grant.c.role == role
        )
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "grant.remove",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            project=None if project == EVERY_PROJECT else project,
            before={"project": project, "role": role},
        ),
    )


def _hash(password: str) -> str:
    if len(password) < _MIN_PASSWORD:
        raise Invalid(
            f"The password is shorter than {_MIN_PASSWORD} characters.",
            remedy="Several words make a good one.",
        )
    return _hasher.hash(password)
