"""People and service accounts: create, find, list, deactivate, password. Granting roles is `grants`."""

from __future__ import annotations

import re
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from promptops_server import audit
from promptops_server.access import confirmation
from promptops_server.access.identity import identities_of as identities_of
from promptops_server.access.identity import identity_of as identity_of
from promptops_server.access.identity import people_by_email as people_by_email
from promptops_server.access.model import User
from promptops_server.access.passwords import check_new_password
from promptops_server.access.sign_in import sessions
from promptops_server.access.tables import grant, token, user
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor, Grant
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, Invalid, NotFound

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$")
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
    user.c.person,
    user.c.reset_at,
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
        Invalid: the name breaks the rule, or the password is short or easy to guess.
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
    if kind == "service" and (password is not None or admin):
        raise Invalid(
            f"{name} is a service account: it has no password and is no administrator.",
            remedy="Make it a token instead.",
        )
    if find_user(tx.conn, name) is not None:
        raise Conflict(f"There is a user {name} already.", slug="name-taken")
    user_id = new_id()
    row = User(
        id=user_id,
        name=name,
        display_name=display_name or name,
        email=email,
        kind=kind,
        admin=admin,
        active=True,
        created_at=tx.now,
        person=user_id,
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
            password_hash=_hash(actor, password, name, display_name, email)
            if password is not None
            else None,
            created_at=row.created_at,
            person=row.person,
            email_fold=email.casefold()[:320] if email else None,
            password_set_by_other=password is not None,
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
    row: Any = conn.execute(select(*_COLUMNS).where(user.c.name_fold == name.casefold())).first()
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
    row: Any = conn.execute(select(*_COLUMNS).where(user.c.id == user_id)).first()
    return User(*row) if row else None


def names_of(conn: Connection, ids: set[str]) -> dict[str, str]:
    """Names of users by row id; unknown ids (the system) are left out."""
    rows = conn.execute(select(user.c.id, user.c.name).where(user.c.id.in_(ids)))
    return {r.id: r.name for r in rows}


def begins_with(q: str) -> ColumnElement[bool] | None:
    """The condition that an account's name, or a word of its display name, begins with this; None where nothing is asked."""
    begins = q.strip()
    if not begins:
        return None
    shown = func.lower(user.c.display_name)
    return or_(
        user.c.name_fold.startswith(begins.casefold(), autoescape=True),
        shown.startswith(begins.lower(), autoescape=True),
        shown.contains(f" {begins.lower()}", autoescape=True),
    )


def list_users(
    conn: Connection, limit: int, after: str | None, *, q: str = "", kind: str = ""
) -> cursor.Page[User]:
    """Users by name. `q` begins the name, or a word of the display name; `kind` is `person` or `service`, empty for both."""
    query = select(*_COLUMNS, user.c.name_fold).order_by(user.c.name_fold).limit(limit + 1)
    if kind:
        query = query.where(user.c.kind == kind)
    wanted = begins_with(q)
    if wanted is not None:
        query = query.where(wanted)
    if after:
        query = query.where(user.c.name_fold > cursor.decode(after, str)[0])
    rows = [User(*r[:-1]) for r in conn.execute(query)]
    return cursor.page(rows, limit, lambda u: (u.name.casefold(),))


def set_active(
    tx: Transaction, actor: Actor, name: str, active: bool, reason: str | None = None
) -> User:
    """Deactivate or reactivate. Deactivating ends every session and token for good; history stays. The audit log keeps
    the reason.

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
    ended: dict[str, int] = {}
    if not active:
        ended["sessions_ended"] = sessions.end_all(tx, found.id)
        ended["tokens_revoked"] = _revoke_tokens(tx, found.id)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.activate" if active else "user.deactivate",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            before={"active": found.active},
            after={"active": active, **ended},
            reason=reason.strip() or None if reason else None,
        ),
    )
    return get_user(tx.conn, name)


def end_access(tx: Transaction, actor: Actor, name: str, *, tokens: bool) -> tuple[int, int]:
    """End somebody's sessions, and with `tokens` revoke their tokens; returns how many of each.

    Raises:
        NotFound: there is no such user.
    """
    found = get_user(tx.conn, name)
    ended = sessions.end_all(tx, found.id)
    revoked = _revoke_tokens(tx, found.id) if tokens else 0
    audit.record(
        tx,
        audit.AuditEvent(
            "session.end_all",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            after={"sessions_ended": ended, "tokens_revoked": revoked},
        ),
    )
    return ended, revoked


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


def set_password(
    tx: Transaction, actor: Actor, name: str, password: str, *, own: bool = False
) -> None:
    """Set a local password (argon2id); every session but the actor's own ends.

    Args:
        own: the person changes it themself, having proved the old one. Otherwise somebody else knows it, and nothing
            is signed with it until the person has changed it.

    Raises:
        Invalid: it is short or easy to guess, the one in use, or the account is a service account.
    """
    found = get_user(tx.conn, name)
    if found.kind != "person":
        raise Invalid(
            f"{found.name} is a service account: it has no password.",
            remedy="Make it a token instead.",
        )
    if own and check_password(tx.conn, name, password) is not None:
        raise Invalid("This is the password in use.", remedy="Choose another.")
    tx.conn.execute(
        update(user)
        .where(user.c.id == found.id)
        .values(
            password_hash=_hash(actor, password, found.name, found.display_name, found.email),
            password_set_by_other=not own,
        )
    )
    if own:
        confirmation.note_own(tx, found.id)
    else:
        confirmation.note_by_other(tx, actor, found.id)
    ended = sessions.end_all(tx, found.id, keep=actor.session if own else None)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.change_password" if own else "user.set_password",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            after={"sessions_ended": ended},
        ),
    )


def has_password(conn: Connection, user_id: str) -> bool:
    """Whether the account has a local password."""
    found = conn.execute(select(user.c.password_hash).where(user.c.id == user_id)).scalar()
    return found is not None


def password_set_by_other(conn: Connection, user_id: str) -> bool:
    """Whether somebody else set the password last."""
    return bool(
        conn.execute(select(user.c.password_set_by_other).where(user.c.id == user_id)).scalar()
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
    if row is None or not row.password_hash or not row.active or row.kind != "person":
        return None
    return User(*row[:-1])


def grants_of(conn: Connection, user_id: str) -> frozenset[str]:
    """What an account was granted, in the form of `Actor.roles`."""
    rows = conn.execute(
        select(grant.c.project, grant.c.role, grant.c.module, grant.c.environment).where(
            grant.c.user_id == user_id
        )
    )
    return frozenset(str(Grant(*row)) for row in rows)


def _revoke_tokens(tx: Transaction, user_id: str) -> int:
    return tx.conn.execute(
        update(token)
        .where(token.c.user_id == user_id, token.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    ).rowcount


def _hash(actor: Actor, password: str, *about: str | None) -> str:
    if actor.kind != "system":
        # The server's own choice is random, or the sample workspace's, which tests judge; judging takes memory for good.
        check_new_password(password, about)
    return _hasher.hash(password)
