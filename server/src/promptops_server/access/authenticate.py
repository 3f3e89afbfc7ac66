"""Credentials → actor: bearer tokens, and HTTP Basic with a password or a token as password (Git).

A verified token is remembered for two seconds, so that most requests cost no query. A revocation takes effect at
once in the process that makes it, and within `REMEMBER_SECONDS` in every other.
"""

from __future__ import annotations

import base64
import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update
from starlette.concurrency import run_in_threadpool

from promptops_server.access import users
from promptops_server.access.model import TOKEN_PREFIX, secret_hash
from promptops_server.access.tables import token, user
from promptops_server.infra.actor import Actor, ActorKind, Scope
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError, Unauthenticated

log = structlog.get_logger(__name__)

REMEMBER_SECONDS = 2.0
LAST_USED_EVERY_US = 5 * 60 * 1_000_000
MAX_REMEMBERED = 10_000
MAX_FAILURES = 5
FAILURE_WINDOW_SECONDS = 300.0


class TooManyAttempts(ProblemError):
    """Sign-in is paused for a name after several wrong passwords."""

    status = 429
    slug = "too-many-attempts"
    title = "Too many attempts"


@dataclass(frozen=True, slots=True)
class _Known:
    actor: Actor
    expires_at: int | None
    checked: float


class Authenticator:
    """One per process; safe to call from any thread or from the event loop.

    Args:
        failed: is told the name of each sign-in with a wrong password, on the thread that asked.
    """

    def __init__(self, db: Database, failed: Callable[[str], None] | None = None) -> None:
        self._db = db
        self._failed = failed
        self._known: dict[str, _Known] = {}
        self._failures: dict[str, list[float]] = {}
        self._mutex = threading.Lock()

    async def __call__(
        self, authorization: str | None, *, ip: str | None = None, request_id: str | None = None
    ) -> Actor:
        """The actor of an `Authorization` header.

        Raises:
            Unauthenticated: no, wrong, expired or revoked credentials.
            TooManyAttempts: five wrong passwords for this name within five minutes.
        """
        scheme, _, rest = (authorization or "").partition(" ")
        scheme = scheme.lower()
        if scheme == "bearer" and rest.strip():
            actor = self._remembered(secret_hash(rest.strip()))
            if actor is None:
                actor = await run_in_threadpool(self.by_token, rest.strip())
        elif scheme == "basic":
            name, password = _basic(rest)
            actor = await run_in_threadpool(self.by_basic, name, password)
        else:
            raise _unauthenticated("No credentials were sent.")
        return _with_request(actor, ip, request_id)

    def by_basic(self, name: str, password: str) -> Actor:
        """A password, or a token in the password's place (any user name)."""
        if password.startswith(TOKEN_PREFIX):
            return self.by_token(password)
        key = name.casefold()
        self._refuse_if_throttled(key)
        with self._db.read() as conn:
            found = users.check_password(conn, name, password)
            granted = users.grants_of(conn, found.id) if found else frozenset[str]()
        if found is None:
            self._count_failure(key)
            if self._failed is not None:
                self._failed(name)
            raise _unauthenticated("The user name or the password is wrong.")
        with self._mutex:
            self._failures.pop(key, None)
        return Actor(
            subject=found.id,
            name=found.name,
            kind=_kind(found.kind),
            roles=granted,
            admin=found.admin,
            auth_method="password",
        )

    def by_token(self, secret: str) -> Actor:
        """The actor of a token.

        Raises:
            Unauthenticated: unknown, expired or revoked, or its holder is deactivated.
        """
        digest = secret_hash(secret)
        remembered = self._remembered(digest)
        if remembered is not None:
            return remembered
        now = now_us()
        with self._db.read() as conn:
            row = conn.execute(
                select(
                    token, user.c.name.label("user_name"), user.c.kind, user.c.admin, user.c.active
                )
                .join(user, user.c.id == token.c.user_id)
                .where(token.c.hash == digest)
            ).first()
            if row is None:
                raise _unauthenticated("This token is not known.")
            if row.revoked_at is not None:
                raise _unauthenticated("This token was revoked.")
            if row.expires_at is not None and row.expires_at <= now:
                raise _unauthenticated(f"This token expired at {to_text(row.expires_at)}.")
            if not row.active:
                raise _unauthenticated(f"User {row.user_name} is deactivated.")
            granted = users.grants_of(conn, row.user_id)
        actor = Actor(
            subject=row.user_id,
            name=row.user_name,
            kind=_kind(row.kind),
            roles=granted,
            admin=row.admin,
            scope=Scope(role=row.role, project=row.project, environment=row.environment),
            auth_method=row.auth_method,
            session=row.id,
        )
        with self._mutex:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[digest] = _Known(actor, row.expires_at, time.monotonic())
        if row.last_used_at is None or now - row.last_used_at > LAST_USED_EVERY_US:
            self._note_use(row.id, now)
        return actor

    def forget(self) -> None:
        """Drop everything remembered; called after a revocation or a change of roles in this process."""
        with self._mutex:
            self._known.clear()

    def _remembered(self, digest: str) -> Actor | None:
        known = self._known.get(digest)
        if known is None or time.monotonic() - known.checked > REMEMBER_SECONDS:
            return None
        if known.expires_at is not None and known.expires_at <= now_us():
            return None
        return known.actor

    def _note_use(self, token_id: str, now: int) -> None:
        try:
            with self._db.write() as tx:
                tx.conn.execute(
                    update(token).where(token.c.id == token_id).values(last_used_at=now)
                )
        except ProblemError:
            # "Last used" is a convenience; a busy database must not turn into a failed sign-in.
            log.warning("last_used_not_noted", token=token_id)

    def _refuse_if_throttled(self, key: str) -> None:
        now = time.monotonic()
        with self._mutex:
            recent = [t for t in self._failures.get(key, []) if now - t < FAILURE_WINDOW_SECONDS]
            if recent:
                self._failures[key] = recent
            else:
                self._failures.pop(key, None)
        if len(recent) >= MAX_FAILURES:
            problem = TooManyAttempts(
                "Too many wrong passwords for this name.",
                remedy="Wait five minutes, then try again.",
            )
            problem.headers["Retry-After"] = str(int(FAILURE_WINDOW_SECONDS))
            raise problem

    def _count_failure(self, key: str) -> None:
        with self._mutex:
            if len(self._failures) >= MAX_REMEMBERED:
                self._failures.clear()
            self._failures.setdefault(key, []).append(time.monotonic())


def _kind(text: str) -> ActorKind:
    return "service" if text == "service" else "person"


def _with_request(actor: Actor, ip: str | None, request_id: str | None) -> Actor:
    return dataclasses.replace(actor, ip=ip, request_id=request_id)


def _basic(rest: str) -> tuple[str, str]:
    try:
        name, colon, password = (
            base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        )
    except ValueError:  # not ASCII, not base64, or not UTF-8 inside
        raise _unauthenticated("The Basic credentials are not base64 of name:password.") from None
    if not colon or "\0" in name:
        raise _unauthenticated("The Basic credentials are not base64 of name:password.")
    return name, password


def _unauthenticated(detail: str) -> Unauthenticated:
    problem = Unauthenticated(
        detail, remedy="Send `Authorization: Bearer TOKEN`; `promptops login` stores one."
    )
    problem.headers["WWW-Authenticate"] = 'Bearer realm="promptops"'
    return problem
