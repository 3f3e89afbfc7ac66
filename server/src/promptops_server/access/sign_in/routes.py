"""`/session` and `/me/…`: signing in and out, one's own sessions, codes and password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server import audit
from promptops_server.access import signing, users
from promptops_server.access.model import User
from promptops_server.access.own_account import require_own_account
from promptops_server.access.sign_in import recovery, sessions, throttle, totp
from promptops_server.access.sign_in.browser import Site, check_origin, csrf_token, set_cookie
from promptops_server.access.sign_in.local import LocalSignIn, WrongCode
from promptops_server.infra import cursor as pages
from promptops_server.infra import set_back
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database
from promptops_server.infra.http import (
    ActorDep,
    BrowserRequest,
    Cursor,
    Limit,
    problem_responses,
)
from promptops_server.infra.problems import Denied, Invalid, Unauthenticated
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.setting_sections import AccessSettings

Password = Annotated[Line, Field(min_length=1, max_length=1000)]
Code = Annotated[Line, Field(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True)
class SignInDeps:
    """What the routes need. `forget` drops remembered tokens after a change; `sso` says whether there is a provider."""

    db: Database
    sealer: Sealer
    rules: AccessSettings
    site: Site
    forget: Callable[[], None]
    sso: bool = False

    @property
    def local(self) -> LocalSignIn:
        """Sign-in with a password."""
        return LocalSignIn(self.db, self.sealer, self.rules)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_In):
    """Name and password; `code` where there is an authenticator app."""

    name: Line = Field(min_length=1, max_length=100)
    password: Password
    code: Code | None = None


class SetBackOut(BaseModel):
    """What an operator has to decide on. Told to administrators; null to others."""

    found: str | None
    remedy: str | None


class SessionOut(BaseModel):
    """A browser session, just started or in use."""

    id: str
    user: str
    display_name: str
    auth_method: str
    csrf: str = Field(description="Send it as X-CSRF-Token with every unsafe request")
    expires_at: str
    idle_minutes: float
    must: list[str] = Field(
        description="What the person should do now: `change_password` (somebody else set it), "
        "`enrol_totp` (nothing else is open before)"
    )
    set_back: SetBackOut | None = Field(
        description="No project takes a change: the database was found to be an old copy of itself"
    )


class WaysIn(BaseModel):
    """How people sign in here."""

    password: bool
    sso: bool
    second_factor: bool


class OwnSession(BaseModel):
    """One of the person's own sessions."""

    id: str
    auth_method: str
    ip: str | None
    agent: str | None
    created_at: str
    seen_at: str
    expires_at: str
    current: bool


class OwnSessions(BaseModel):
    """A page of sessions."""

    items: list[OwnSession]
    next: str | None


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


class Proof(_In):
    """The person's own password; not for people who sign in at the identity provider only."""

    password: Password | None = None


class CodeIn(_In):
    """A code of the authenticator app."""

    code: Code


class ProofAndCode(Proof):
    """Password, and a code of the app or a recovery code."""

    code: Code


class EnrolIn(Proof):
    """Password; when an app is enrolled already also a code of it, or a recovery code."""

    code: Code | None = None


class EnrolmentOut(BaseModel):
    """For the authenticator app, shown this once."""

    secret: str
    uri: str
    qr: str = Field(description="The URI as a QR code of block characters")


class RecoveryCodes(BaseModel):
    """Ten codes, each good once, shown this once."""

    codes: list[str]


class SecondFactor(BaseModel):
    """Whether there is an authenticator app."""

    enrolled: bool
    recovery_codes_left: int


class SigningOut(BaseModel):
    """What a signature would ask for now."""

    possible: bool
    first: bool = Field(description="Whether it would be the first of its period")
    components: list[list[str]] = Field(
        description="Alternatives, each a list of what to give: password, code, sso (a fresh sign-in there)"
    )
    period_ends_at: str | None
    reason: str | None = Field(description="Why signing is not possible")
    remedy: str | None
    rule: str | None


def router(deps: SignInDeps) -> APIRouter:
    """The routes of sign-in."""
    api = APIRouter(tags=["sign-in"], responses=problem_responses(401, 403, 404, 409, 422, 429))
    db, local, site = deps.db, deps.local, deps.site

    def shown(
        account: User, session_id: str, secret: str, method: str, expires_at: int, limited: bool
    ) -> SessionOut:
        with db.read() as conn:
            by_other = users.password_set_by_other(conn, account.id)
            found = set_back.noted(conn)
        told = account.admin and not limited
        must = ["change_password"] * by_other + ["enrol_totp"] * limited
        return SessionOut(
            id=session_id,
            user=account.name,
            display_name=account.display_name,
            auth_method=method,
            csrf=csrf_token(secret),
            expires_at=to_text(expires_at),
            idle_minutes=deps.rules.session_idle_minutes,
            must=must,
            set_back=SetBackOut(
                found=found if told else None, remedy=set_back.REMEDY if told else None
            )
            if found
            else None,
        )

    @api.get("/session/ways", summary="How can people sign in here?")
    def ways() -> WaysIn:
        return WaysIn(password=True, sso=deps.sso, second_factor=deps.rules.require_second_factor)

    @api.post("/session", status_code=201, summary="Sign in: starts a session, sets its cookie")
    def sign_in(request: Request, response: Response, body: SignIn) -> SessionOut:
        asked = BrowserRequest.of(request)
        check_origin(asked, site)
        started, account = local(body.name, body.password, body.code, asked, site.cookie_of(asked))
        seconds = int(deps.rules.session_hours * 3600)
        response.headers["Set-Cookie"] = set_cookie(
            started.secret, seconds, https=site.https(asked)
        )
        return shown(
            account, started.id, started.secret, "password", started.expires_at, started.limited
        )

    @api.get("/session", summary="The session of this browser, with its CSRF token")
    def read(request: Request, actor: ActorDep) -> SessionOut:
        secret = site.cookie_of(BrowserRequest.of(request))
        if secret is None:
            raise Unauthenticated(
                "This request has no session.", remedy="Sign in with POST /api/v1/session."
            )
        with db.read() as conn:
            found = sessions.find(conn, secret, deps.rules, now_us())
        row = found.session
        return shown(found.account, row.id, secret, row.auth_method, row.expires_at, row.limited)

    @api.delete("/session", status_code=204, summary="Sign out")
    def sign_out(request: Request, response: Response, actor: ActorDep) -> None:
        asked = BrowserRequest.of(request)
        if site.cookie_of(asked) is None or actor.session is None:
            raise Unauthenticated("This request has no session.", remedy="There is none to end.")
        with db.write() as tx:
            sessions.end(tx, actor, actor.session)
        response.headers["Set-Cookie"] = set_cookie("", 0, https=site.https(asked))

    @api.get("/me/sessions", summary="My sessions")
    def list_sessions(
        actor: ActorDep, limit: Limit = pages.DEFAULT_LIMIT, cursor: Cursor = None
    ) -> OwnSessions:
        require_own_account(actor)
        with db.read() as conn:
            page = sessions.list_sessions(conn, actor.subject, deps.rules, now_us(), limit, cursor)
        return OwnSessions(
            items=[
                OwnSession(
                    id=s.id,
                    auth_method=s.auth_method,
                    ip=s.ip,
                    agent=s.agent,
                    created_at=to_text(s.created_at),
                    seen_at=to_text(s.seen_at),
                    expires_at=to_text(s.expires_at),
                    current=s.id == actor.session,
                )
                for s in page.items
            ],
            next=page.next,
        )

    @api.delete("/me/sessions/{session_id}", status_code=204, summary="End one of my sessions")
    def end_session(actor: ActorDep, session_id: str) -> None:
        require_own_account(actor)
        with db.write() as tx:
            sessions.end(tx, actor, session_id)

    @api.delete("/me/sessions", summary="End all my sessions but this one")
    def end_sessions(actor: ActorDep) -> Ended:
        require_own_account(actor)
        with db.write() as tx:
            count = sessions.end_all(tx, actor.subject, keep=actor.session)
            if count:
                audit.record(
                    tx,
                    audit.AuditEvent(
                        "session.end_all",
                        audit.AuditObject("user", actor.name, person=actor.subject),
                        actor,
                        after={"ended": count},
                    ),
                )
        return Ended(ended=count)

    @api.get("/me/totp", summary="Have I an authenticator app?")
    def read_totp(actor: ActorDep) -> SecondFactor:
        with db.read() as conn:
            return SecondFactor(
                enrolled=totp.is_enrolled(conn, actor.subject),
                recovery_codes_left=recovery.left(conn, actor.subject),
            )

    @api.post("/me/totp", summary="Enrol an authenticator app; `confirm` takes it into use")
    def enrol(actor: ActorDep, body: EnrolIn) -> EnrolmentOut:
        account = local.prove(actor, body.password)
        try:
            with db.write() as tx:
                if totp.is_enrolled(tx.conn, account.id) and not (
                    body.code and local.accept(tx, account, body.code)
                ):
                    raise WrongCode
                made = totp.enrol(tx, actor, account, deps.sealer)
        except WrongCode:
            raise _refused_code(account, actor, body.code) from None
        return EnrolmentOut(secret=made.secret, uri=made.uri, qr=made.qr)

    @api.post("/me/totp/confirm", summary="Take the app into use; gives ten recovery codes")
    def confirm(actor: ActorDep, body: CodeIn) -> RecoveryCodes:
        with db.read() as conn:
            account = users.user_by_id(conn, actor.subject)
            throttle.refuse_if_waiting(conn, actor.name, actor.ip, now_us())
        if account is None or actor.auth_method not in ("password", "sso", "token"):
            raise Denied("Only the person themself confirms an app.", rule="sign-in.own")
        with db.write() as tx:
            codes = totp.confirm(tx, actor, account, body.code, deps.sealer)
            if codes is not None:
                sessions.lift_limit(tx, account.id)
        if codes is None:
            raise _refused_code(account, actor, body.code)
        return RecoveryCodes(codes=codes)

    @api.post("/me/totp/off", status_code=204, summary="Take my authenticator app away")
    def off(actor: ActorDep, body: ProofAndCode) -> None:
        if deps.rules.require_second_factor:
            raise Denied(
                "This installation asks everybody for a second factor.",
                rule="sign-in.second-factor",
                remedy="To change the app, enrol the new one.",
            )
        account = local.prove(actor, body.password)
        try:
            with db.write() as tx:
                if not local.accept(tx, account, body.code):
                    raise WrongCode
                totp.remove(tx, actor, account, by_other=False)
        except WrongCode:
            raise _refused_code(account, actor, body.code) from None

    @api.post("/me/recovery-codes", summary="Ten new recovery codes; the old ones end")
    def recovery_codes(actor: ActorDep, body: ProofAndCode) -> RecoveryCodes:
        account = local.prove(actor, body.password)
        try:
            with db.write() as tx:
                if not local.accept(tx, account, body.code):
                    raise WrongCode
                codes = recovery.replace_codes(tx, account.id)
                audit.record(
                    tx,
                    audit.AuditEvent(
                        "user.recovery_codes",
                        audit.AuditObject("user", account.name, person=account.id),
                        actor,
                    ),
                )
        except WrongCode:
            raise _refused_code(account, actor, body.code) from None
        return RecoveryCodes(codes=codes)

    @api.get("/me/signing", summary="What would a signature of mine ask for now?")
    def signing_now(actor: ActorDep) -> SigningOut:
        with db.read() as conn:
            asked = signing.what_is_asked(conn, actor, deps.rules)
        return SigningOut(
            possible=asked.blocked is None,
            first=asked.first,
            components=[list(c) for c in asked.components],
            period_ends_at=to_text(asked.period_ends_at) if asked.period_ends_at else None,
            reason=asked.blocked,
            remedy=asked.remedy or None,
            rule=asked.rule or None,
        )

    def _refused_code(account: User, actor: ActorDep, code: str | None) -> Invalid:
        if code:
            local.failed(account.name, actor.ip, actor.request_id)
        return Invalid(
            "The code is wrong, or was used before." if code else "A code of your app is needed.",
            remedy="Send the app's next code, or a recovery code where one is taken.",
            slug="code-wrong" if code else "code-needed",
        )

    return api
