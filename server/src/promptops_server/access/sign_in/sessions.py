"""Browser sessions: start, recognise, list, end.

A session is a random secret in a cookie; the database keeps its hash. It ends when unused for a while, at an absolute
time, when ended, and when its person is deactivated. Every sign-in starts a new one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select, update

from promptops_server import audit
from promptops_server.access.model import User, secret_hash
from promptops_server.access.sign_in.tables import browser_session, signing_session
from promptops_server.access.tables import user
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor, Scope
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.plain_text import control_in
from promptops_server.infra.problems import NotFound, Unauthenticated
from promptops_server.infra.setting_sections import AccessSettings

MINUTE_US = 60_000_000
SEEN_EVERY_US = MINUTE_US
"""`seen_at` is written at most once in this time."""


@dataclass(frozen=True, slots=True)
class Started:
    """A new session. `secret` goes into the cookie and is kept nowhere else."""

    id: str
    secret: str
    expires_at: int
    limited: bool


@dataclass(frozen=True, slots=True)
class Session:
    """What a person sees of one of their sessions."""

    id: str
    auth_method: str
    ip: str | None
    agent: str | None
    created_at: int
    seen_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Found:
    """A live session and its holder."""

    session: Any
    """The row."""
    account: User
    seen_long_ago: bool


def start(
    tx: Transaction,
    account: User,
    rules: AccessSettings,
    *,
    auth_method: str,
    limited: bool = False,
    factors: tuple[str, ...] = (),
    replaces: str | None = None,
    ip: str | None = None,
    agent: str | None = None,
    request_id: str | None = None,
    proved_at: int | None = None,
    provider_session: str | None = None,
) -> Started:
    """A new session for somebody who has just proved who they are.

    Args:
        limited: only the way to a second factor is open.
        factors: what the person gave: ``password``, ``code``; without, the method alone.
        replaces: the secret of the cookie the browser sent; that session ends, whoever's it was.
        proved_at: when the identity provider saw the proof (microseconds).
    """
    if replaces:
        tx.conn.execute(
            update(browser_session)
            .where(
                browser_session.c.hash == secret_hash(replaces),
                browser_session.c.ended_at.is_(None),
            )
            .values(ended_at=tx.now)
        )
    secret = secrets.token_urlsafe(32)
    made = Started(new_id(), secret, tx.now + int(rules.session_hours * 60) * MINUTE_US, limited)
    shown = (agent or "")[:200]
    tx.conn.execute(
        browser_session.insert().values(
            id=made.id,
            user_id=account.id,
            hash=secret_hash(secret),
            auth_method=auth_method,
            limited=limited,
            ip=ip[:64] if ip else None,
            agent=shown if shown and control_in(shown, lines=False) is None else None,
            created_at=tx.now,
            seen_at=tx.now,
            expires_at=made.expires_at,
            ended_at=None,
            proved_at=proved_at,
            provider_session=provider_session,
        )
    )
    actor = Actor(
        subject=account.id,
        name=account.name,
        admin=account.admin,
        auth_method=auth_method,
        session=made.id,
        ip=ip,
        request_id=request_id,
        person=account.person,
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "session.start",
            audit.AuditObject("session", made.id),
            actor,
            after={
                "user": account.name,
                "auth_method": auth_method,
                "factors": list(factors or (auth_method,)),
                "limited": limited,
            },
        ),
    )
    return made


def find(conn: Connection, secret: str, rules: AccessSettings, now: int) -> Found:
    """The live session of a cookie.

    Raises:
        Unauthenticated: unknown, ended, expired, unused for too long, or its person is deactivated.
    """
    columns = [c for c in user.c if c.name in User.__dataclass_fields__]
    row = conn.execute(
        select(browser_session, *(c.label(f"account_{c.name}") for c in columns))
        .join(user, user.c.id == browser_session.c.user_id)
        .where(browser_session.c.hash == secret_hash(secret))
    ).first()
    if row is None:
        raise _ended("This session is not known.")
    if row.ended_at is not None:
        raise _ended("This session was ended.")
    if row.expires_at <= now:
        raise _ended("This session is over.")
    if row.seen_at + int(rules.session_idle_minutes * MINUTE_US) <= now:
        raise _ended("This session was unused for too long.")
    if not row.account_active:
        raise _ended(f"User {row.account_name} is deactivated.")
    account = User(**{c.name: row._mapping[f"account_{c.name}"] for c in columns})
    return Found(row, account, now - row.seen_at > SEEN_EVERY_US)


def actor_of(found: Found, roles: frozenset[str]) -> Actor:
    """Who acts with a session. A limited one carries no role, so that it opens nothing but the person's own sign-in."""
    row, account = found.session, found.account
    actor = Actor(
        subject=account.id,
        name=account.name,
        roles=roles,
        admin=account.admin,
        auth_method=row.auth_method,
        session=row.id,
        person=account.person,
    )
    if row.limited:
        return replace(actor, roles=frozenset(), admin=False, scope=Scope(role="viewer"))
    return actor


def note_seen(tx: Transaction, session_id: str) -> None:
    """Remember that the session is in use."""
    tx.conn.execute(
        update(browser_session).where(browser_session.c.id == session_id).values(seen_at=tx.now)
    )


def note_proof(tx: Transaction, session_id: str, proved_at: int) -> None:
    """Remember that the identity provider saw the person prove who they are again."""
    tx.conn.execute(
        update(browser_session)
        .where(browser_session.c.id == session_id)
        .values(proved_at=proved_at)
    )


def last_proof(conn: Connection, user_id: str, now: int) -> int:
    """When the identity provider last saw this person, by their live sessions; 0 when never (microseconds)."""
    s = browser_session.c
    found = conn.execute(
        select(func.max(s.proved_at)).where(
            s.user_id == user_id, s.ended_at.is_(None), s.expires_at > now
        )
    ).scalar()
    return int(found or 0)


def holders_of(conn: Connection, provider_session: str) -> list[str]:
    """Whose live sessions belong to one session at the identity provider."""
    s = browser_session.c
    rows = conn.execute(
        select(s.user_id)
        .where(s.provider_session == provider_session, s.ended_at.is_(None))
        .distinct()
    )
    return [row.user_id for row in rows]


def lift_limit(tx: Transaction, user_id: str) -> None:
    """The person has a second factor now: their sessions open what they may do."""
    tx.conn.execute(
        update(browser_session).where(browser_session.c.user_id == user_id).values(limited=False)
    )


def list_sessions(
    conn: Connection, user_id: str, rules: AccessSettings, now: int, limit: int, after: str | None
) -> cursor.Page[Session]:
    """Somebody's live sessions, newest first."""
    s = browser_session.c
    query = select(s.id, s.auth_method, s.ip, s.agent, s.created_at, s.seen_at, s.expires_at).where(
        s.user_id == user_id,
        s.ended_at.is_(None),
        s.expires_at > now,
        s.seen_at > now - int(rules.session_idle_minutes * MINUTE_US),
    )
    if after:
        query = query.where(s.id < cursor.decode(after, str)[0])
    rows = conn.execute(query.order_by(s.id.desc()).limit(limit + 1))
    return cursor.page([Session(*row) for row in rows], limit, lambda x: (x.id,))


def end(tx: Transaction, actor: Actor, session_id: str) -> None:
    """End one of the actor's own sessions now.

    Raises:
        NotFound: the actor has no such session.
    """
    s = browser_session.c
    row = tx.conn.execute(
        select(s.ended_at).where(s.id == session_id, s.user_id == actor.subject)
    ).first()
    if row is None:
        raise NotFound(
            f"You have no session {session_id}.", remedy="`GET /api/v1/me/sessions` lists yours."
        )
    if row.ended_at is None:
        tx.conn.execute(update(browser_session).where(s.id == session_id).values(ended_at=tx.now))
        audit.record(
            tx,
            audit.AuditEvent("session.end", audit.AuditObject("session", session_id), actor),
        )


def end_all(
    tx: Transaction, user_id: str, *, keep: str | None = None, provider_session: str | None = None
) -> int:
    """End somebody's sessions and signing periods, but `keep`; returns how many. The caller audits it.

    With `provider_session` only those of one session at the identity provider.
    """
    s = browser_session.c
    query = update(browser_session).where(s.user_id == user_id, s.ended_at.is_(None))
    if keep is not None:
        query = query.where(s.id != keep)
    if provider_session is not None:
        query = query.where(s.provider_session == provider_session)
    count = tx.conn.execute(query.values(ended_at=tx.now)).rowcount
    periods = signing_session.delete().where(signing_session.c.user_id == user_id)
    if keep is not None:
        periods = periods.where(signing_session.c.session != keep)
    tx.conn.execute(periods)
    return count


def _ended(detail: str) -> Unauthenticated:
    return Unauthenticated(detail, remedy="Sign in again.", slug="session-over")
