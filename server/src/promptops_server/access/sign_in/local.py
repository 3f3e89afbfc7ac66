"""Sign in with name, password and, where there is an authenticator app, a code; proves a person again for delicate changes."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from promptops_server import audit
from promptops_server.access import users
from promptops_server.access.model import User
from promptops_server.access.sign_in import recovery, sessions, throttle, totp
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.http import BrowserRequest
from promptops_server.infra.problems import Denied, Unauthenticated
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.setting_sections import AccessSettings

log = structlog.get_logger(__name__)


class WrongCode(Exception):
    """The code is wrong or was used before; the write in progress must leave nothing."""


@dataclass(frozen=True, slots=True)
class LocalSignIn:
    """What signing in here needs."""

    db: Database
    sealer: Sealer
    rules: AccessSettings

    def __call__(
        self,
        name: str,
        password: str,
        code: str | None,
        request: BrowserRequest,
        old_secret: str | None,
    ) -> tuple[sessions.Started, User]:
        """Start a session; the one of the cookie that came along ends.

        Raises:
            Unauthenticated: name or password or code is wrong; with slug `code-needed` when only the code is missing.
            TooManyAttempts: too many mistakes; see `throttle`.
        """
        with self.db.read() as conn:
            throttle.refuse_if_waiting(conn, name, request.ip, now_us())
            account = users.check_password(conn, name, password)
        if account is None:
            self.failed(name, request.ip, request.request_id)
            raise wrong()
        try:
            with self.db.write() as tx:
                return self._start(tx, account, code, request, old_secret), account
        except WrongCode:
            self.failed(name, request.ip, request.request_id)
            raise wrong_code() from None

    def _start(
        self,
        tx: Transaction,
        account: User,
        code: str | None,
        request: BrowserRequest,
        old_secret: str | None,
    ) -> sessions.Started:
        enrolled = totp.is_enrolled(tx.conn, account.id)
        if enrolled:
            if not code:
                raise Unauthenticated(
                    "A code of the authenticator app is needed too.",
                    remedy="Send `code`: six digits of the app, or a recovery code.",
                    slug="code-needed",
                )
            if not self.accept(tx, account, code):
                raise WrongCode
        throttle.note_success(tx, account.name, request.ip)
        return sessions.start(
            tx,
            account,
            self.rules,
            auth_method="password",
            limited=self.rules.require_second_factor and not enrolled,
            factors=("password", "code") if enrolled else ("password",),
            replaces=old_secret,
            ip=request.ip,
            agent=request.agent,
            request_id=request.request_id,
        )

    def accept(self, tx: Transaction, account: User, code: str) -> bool:
        """Whether it is a code of the app or a recovery code; from here on it is used."""
        if totp.accept(tx, account.id, code, self.sealer):
            return True
        if not recovery.accept(tx, account.id, code):
            return False
        audit.record(
            tx,
            audit.AuditEvent(
                "user.recovery_code_use",
                audit.AuditObject("user", account.name, person=account.id),
                Actor(account.id, account.name, auth_method="password", person=account.person),
                after={"left": recovery.left(tx.conn, account.id)},
            ),
        )
        return True

    def prove(self, actor: Actor, password: str | None) -> User:
        """The actor's own account, after proving its password again: a stolen token must not change how one signs in.

        Who has no password proved themself at the identity provider: within `access.fresh_sign_in_minutes`.

        Raises:
            Denied: not a person acting for themself, or the proof is missing, wrong or too old.
            TooManyAttempts: too many wrong passwords.
        """
        if actor.kind != "person" or actor.auth_method not in ("password", "sso", "token"):
            raise Denied(
                "Only the person themself changes how they sign in.",
                rule="sign-in.own",
                remedy="Sign in as that person with `promptops login`.",
            )
        now = now_us()
        with self.db.read() as conn:
            account = users.user_by_id(conn, actor.subject)
            if account is None or not account.active:
                raise Denied("This account is not active.", rule="sign-in.own")
            throttle.refuse_if_waiting(conn, account.name, actor.ip, now)
            if not users.has_password(conn, account.id):
                proved = sessions.last_proof(conn, account.id, now)
                if now - proved > int(self.rules.fresh_sign_in_minutes * sessions.MINUTE_US):
                    raise Denied(
                        "Sign in at the identity provider again first.",
                        rule="sign-in.proof",
                        remedy="Open /auth/oidc/start?again=1 in the browser you are signed in with.",
                    )
                return account
            right = password and users.check_password(conn, account.name, password) is not None
        if not password:
            raise Denied(
                "Your password is needed for this.", rule="sign-in.proof", remedy="Send `password`."
            )
        if not right:
            self.failed(account.name, actor.ip, actor.request_id)
            raise Denied(
                "The password is wrong.", rule="sign-in.proof", remedy="Send your own password."
            )
        return account

    def failed(self, name: str, ip: str | None, request_id: str | None) -> None:
        """Count a mistake. A known account's is audited; other names may be passwords typed into the wrong field."""
        throttle.count_failure(self.db, name, ip)
        with self.db.read() as conn:
            account = users.find_user(conn, name)
        if account is None:
            log.info("sign_in_refused", ip=ip)
            return
        nobody = Actor(
            "anonymous", "anonymous", auth_method="password", ip=ip, request_id=request_id
        )
        audit.record_denial(
            self.db,
            audit.AuditEvent(
                "session.start",
                audit.AuditObject("user", account.name, person=account.id),
                nobody,
                outcome="denied",
                reason="wrong password or code",
            ),
        )


def wrong() -> Unauthenticated:
    """The same for an unknown name, a wrong password and a deactivated account."""
    return Unauthenticated(
        "The user name or the password is wrong.",
        remedy="Try again; an administrator can set a new password.",
    )


def wrong_code() -> Unauthenticated:
    """A code that is wrong, too old, or was used."""
    return Unauthenticated(
        "The code is wrong, or was used before.",
        remedy="Wait for the app's next code; the clocks of phone and server must agree.",
        slug="code-wrong",
    )
