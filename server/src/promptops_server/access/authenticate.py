"""Credentials → actor: bearer tokens, browser sessions, and HTTP Basic with a password or a token as password (Git).

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
from promptops_server.access.sign_in import sessions, throttle, totp
from promptops_server.access.sign_in.browser import Site, check_csrf
from promptops_server.access.sign_in.throttle import TooManyAttempts as TooManyAttempts
from promptops_server.access.tables import token, user
from promptops_server.infra.actor import Actor, ActorKind, Scope
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database
from promptops_server.infra.http import BrowserRequest
from promptops_server.infra.problems import ProblemError, Unauthenticated
from promptops_server.infra.setting_sections import AccessSettings

log = structlog.get_logger(__name__)

REMEMBER_SECONDS = 2.0
LAST_USED_EVERY_US = 5 * 60 * 1_000_000
MAX_REMEMBERED = 10_000


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

    def __init__(
        self,
        db: Database,
        rules: AccessSettings | None = None,
        site: Site | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        self._db = db
        self._rules = rules or AccessSettings()
        self._site = site or Site()
        self._failed = failed
        self._known: dict[str, _Known] = {}
        self._generation = 0
        self._mutex = threading.Lock()

    async def __call__(
        self, authorization: str | None, *, ip: str | None = None, request_id: str | None = None
    ) -> Actor:
        """The actor of an `Authorization` header.

        Raises:
            Unauthenticated: no, wrong, expired or revoked credentials.
            TooManyAttempts: too many wrong passwords; see `sign_in.throttle`.
        """
        scheme, _, rest = (authorization or "").partition(" ")
        scheme = scheme.lower()
        if scheme == "bearer" and rest.strip():
            actor = self._remembered(secret_hash(rest.strip()))
            if actor is None:
                actor = await run_in_threadpool(self.by_token, rest.strip())
        elif scheme == "basic":
            name, password = _basic(rest)
            actor = await run_in_threadpool(self.by_basic, name, password, ip)
        else:
            raise _unauthenticated("No credentials were sent.")
        return _with_request(actor, ip, request_id)

    def by_basic(self, name: str, password: str, ip: str | None = None) -> Actor:
        """A password, or a token in the password's place (any user name).

        Raises:
            Unauthenticated: wrong, or the account has a second factor, which Basic cannot carry.
            TooManyAttempts: too many wrong passwords.
        """
        if password.startswith(TOKEN_PREFIX):
            return self.by_token(password)
        with self._db.read() as conn:
            throttle.refuse_if_waiting(conn, name, ip, now_us())
            found = users.check_password(conn, name, password)
            if found is not None:
                granted = users.grants_of(conn, found.id)
                second = totp.is_enrolled(conn, found.id)
                clear = throttle.has_failures(conn, name, ip)
        if found is None:
            throttle.count_failure(self._db, name, ip)
            if self._failed is not None:
                self._failed(name)
            raise _unauthenticated("The user name or the password is wrong.")
        if second or self._rules.require_second_factor:
            raise _unauthenticated(
                "This account signs in with a second factor: a password alone is not enough here. Use a token.",
                remedy="Use a token as the password; `promptops login` makes one.",
                slug="code-needed",
            )
        if clear:
            with self._db.write() as tx:
                throttle.note_success(tx, name, ip)
        return Actor(
            subject=found.id,
            name=found.name,
            kind=_kind(found.kind),
            roles=granted,
            admin=found.admin,
            auth_method="password",
            person=found.person,
        )

    async def by_cookie(self, request: BrowserRequest) -> Actor | None:
        """The actor of a browser's session; None when the request carries no cookie of ours.

        Raises:
            Unauthenticated: the session is unknown, ended or over.
            Denied: an unsafe request without the session's CSRF token, or from another site.
        """
        secret = self._site.cookie_of(request)
        if secret is None:
            return None
        return await run_in_threadpool(self._by_session, secret, request)

    def _by_session(self, secret: str, request: BrowserRequest) -> Actor:
        with self._db.read() as conn:
            found = sessions.find(conn, secret, self._rules, now_us())
            granted = users.grants_of(conn, found.account.id)
        check_csrf(request, secret, self._site)
        actor = sessions.actor_of(found, granted)
        if found.seen_long_ago and not request.again:
            try:
                with self._db.write() as tx:
                    sessions.note_seen(tx, actor.session or "")
            except ProblemError:
                # A busy database must not turn into a failed request; the next one notes it.
                log.warning("session_use_not_noted", session=actor.session)
        return _with_request(actor, request.ip, request.request_id)

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
        generation = self._generation
        with self._db.read() as conn:
            row = conn.execute(
                select(
                    token,
                    user.c.name.label("user_name"),
                    user.c.kind,
                    user.c.admin,
                    user.c.active,
                    user.c.person,
                )
                .join(user, user.c.id == token.c.user_id)
                .where(token.c.hash == digest)
            ).first()
            if row is None:
                raise _unauthenticated("This token is not known.")
            if not row.active:
                raise _unauthenticated(f"User {row.user_name} is deactivated.")
            if row.revoked_at is not None:
                raise _unauthenticated("This token was revoked.")
            if row.expires_at is not None and row.expires_at <= now:
                raise _unauthenticated(f"This token expired at {to_text(row.expires_at)}.")
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
            person=row.person,
        )
        with self._mutex:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            # What was read before a revocation must not be remembered after it.
            if generation == self._generation:
                self._known[digest] = _Known(actor, row.expires_at, time.monotonic())
        if row.last_used_at is None or now - row.last_used_at > LAST_USED_EVERY_US:
            self._note_use(row.id, now)
        return actor

    def forget(self) -> None:
        """Drop everything remembered; called after a revocation or a change of roles in this process."""
        with self._mutex:
            self._generation += 1
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


def _unauthenticated(
    detail: str,
    *,
    remedy: str = "Send `Authorization: Bearer TOKEN`; `promptops login` stores one.",
    slug: str | None = None,
) -> Unauthenticated:
    problem = Unauthenticated(detail, remedy=remedy, slug=slug)
    problem.headers["WWW-Authenticate"] = 'Bearer realm="promptops"'
    return problem
