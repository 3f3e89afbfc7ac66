"""`/auth/oidc/…` for browsers, `/api/v1/session/terminal` for command lines."""

from __future__ import annotations

import hmac
import html
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from promptops_server.access.sign_in import sessions
from promptops_server.access.sign_in.browser import check_origin, csrf_token, set_cookie
from promptops_server.access.sign_in.oidc import terminal
from promptops_server.access.sign_in.oidc.flow import Flow, Step
from promptops_server.infra.actor import Actor
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import now_us
from promptops_server.infra.http import ActorDep, BrowserRequest, problem_responses
from promptops_server.infra.problems import Denied, ProblemError, TooLarge, Unauthenticated

TERMINAL_PAGE = "/auth/oidc/terminal"
_MOST_BYTES = 128 * 1024
_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}"


@dataclass(frozen=True, slots=True)
class OidcDeps:
    """What the routes need."""

    flow: Flow
    longest_token_days: float | None = None


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TerminalOut(BaseModel):
    """A terminal that waits: the page to open, the code to type there, the secret to ask with."""

    url: str
    code: str
    secret: str
    interval_seconds: int
    expires_in_seconds: int


class CollectIn(_In):
    """The terminal's secret, and the name its token gets."""

    secret: Line = Field(min_length=1, max_length=100)
    name: Line = Field(min_length=1, max_length=200)


class Collected(BaseModel):
    """The token, once the person has approved; until then null."""

    token: str | None
    id: str | None
    user: str | None


def api_router(deps: OidcDeps) -> APIRouter:
    """The routes under `/api/v1`."""
    api = APIRouter(tags=["sign-in"], responses=problem_responses(401, 403, 422, 429))
    flow = deps.flow

    @api.post("/session/terminal", status_code=201, summary="Sign a terminal in through a browser")
    def ask(request: Request) -> TerminalOut:
        base = flow.redirect_uri(BrowserRequest.of(request)).removesuffix("/auth/oidc/callback")
        with flow.db.write() as tx:
            made = terminal.ask(tx)
        return TerminalOut(
            url=base + TERMINAL_PAGE,
            code=made.code,
            secret=made.secret,
            interval_seconds=2,
            expires_in_seconds=terminal.SECONDS,
        )

    @api.post("/session/terminal/token", summary="The terminal's token, once approved")
    def collect(request: Request, body: CollectIn) -> Collected:
        with flow.db.write() as tx:
            made = terminal.collect(
                tx,
                body.secret,
                body.name,
                ip=request.client.host if request.client else None,
                longest_days=deps.longest_token_days,
            )
        if made is None:
            return Collected(token=None, id=None, user=None)
        return Collected(token=made[1], id=made[0].id, user=made[0].user)

    return api


def root_router(deps: OidcDeps) -> APIRouter:
    """The pages and redirects at `/auth/oidc`."""
    api = APIRouter(prefix="/auth/oidc", include_in_schema=False)
    flow = deps.flow

    @api.get("/start")
    def start(
        request: Request,
        return_to: Annotated[str, Query(max_length=2000)] = "/",
        again: bool = False,
    ) -> Response:
        asked = BrowserRequest.of(request)
        try:
            actor = _signed_in(flow, asked) if again else None
            return _redirect(flow.start(asked, return_to, again=actor))
        except ProblemError as problem:
            return _said(request, problem)

    @api.get("/callback")
    def callback(
        request: Request,
        code: Annotated[str | None, Query(max_length=4000)] = None,
        state: Annotated[str | None, Query(max_length=500)] = None,
        error: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        try:
            asked = BrowserRequest.of(request)
            return _redirect(flow.callback(asked, code=code, state=state, error=error))
        except ProblemError as problem:
            return _said(request, problem)

    @api.post("/sign-out")
    def sign_out(request: Request, actor: ActorDep) -> Response:
        asked = BrowserRequest.of(request)
        if flow.site.cookie_of(asked) is None or actor.session is None:
            raise Unauthenticated("This request has no session.", remedy="There is none to end.")
        with flow.db.write() as tx:
            sessions.end(tx, actor, actor.session)
        # Only who came from the provider has a session there to end.
        url = flow.sign_out_url(asked) if actor.auth_method == "sso" else "/"
        response = JSONResponse({"url": url}, headers={"Cache-Control": "no-store"})
        response.headers["Set-Cookie"] = set_cookie("", 0, https=flow.site.https(asked))
        return response

    @api.post("/back-channel")
    async def back_channel(request: Request) -> Response:
        form = await _form(request)
        await run_in_threadpool(flow.back_channel, form.get("logout_token", ""))
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    @api.get("/terminal")
    def terminal_page(request: Request) -> Response:
        asked = BrowserRequest.of(request)
        try:
            actor = _signed_in(flow, asked)
        except Unauthenticated:
            return RedirectResponse(f"/auth/oidc/start?return_to={TERMINAL_PAGE}", 302)
        secret = flow.site.cookie_of(asked) or ""
        return _page(
            "Sign a terminal in",
            f"<p>You are {html.escape(actor.name)}. Type the code that your own terminal shows. "
            "Somebody else asked you to? Then do not.</p>"
            f'<form method="post"><input type="hidden" name="csrf" value="{csrf_token(secret)}">'
            '<input name="code" autocomplete="off" autofocus maxlength="20" aria-label="Code"> '
            "<button>Sign it in</button></form>",
        )

    @api.post("/terminal")
    async def approve(request: Request) -> Response:
        form = await _form(request)
        asked = BrowserRequest.of(request)
        try:
            await run_in_threadpool(_approve, flow, asked, form)
        except ProblemError as problem:
            return _said(request, problem)
        return _page("Done", "<p>The terminal is signed in. You can close this page.</p>")

    return api


def _approve(flow: Flow, asked: BrowserRequest, form: dict[str, str]) -> None:
    check_origin(asked, flow.site)
    actor = _signed_in(flow, asked)
    secret = flow.site.cookie_of(asked) or ""
    if not hmac.compare_digest(form.get("csrf", "").encode(), csrf_token(secret).encode()):
        raise Denied("The form is not ours.", rule="csrf.token", remedy="Open the page again.")
    terminal.approve(flow.db, actor, form.get("code", "")[:20])


def _signed_in(flow: Flow, asked: BrowserRequest) -> Actor:
    secret = flow.site.cookie_of(asked)
    if secret is None:
        raise Unauthenticated("Nobody is signed in here.", remedy="Sign in first.")
    with flow.db.read() as conn:
        found = sessions.find(conn, secret, flow.rules, now_us())
    if found.session.limited:
        raise Denied(
            "Enrol a second factor first.", rule="sign-in.second-factor", remedy="POST /me/totp."
        )
    actor = sessions.actor_of(found, frozenset())
    return replace(actor, ip=asked.ip, request_id=asked.request_id)


async def _form(request: Request) -> dict[str, str]:
    """A form's fields, the first of each name; small, and read by hand since these routes take nothing larger."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise TooLarge(f"The form is over {_MOST_BYTES:,} bytes.", remedy="Send less.")
    fields: dict[str, list[str]] = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def _redirect(step: Step) -> Response:
    response = RedirectResponse(step.location, 302, headers={"Cache-Control": "no-store"})
    for cookie in step.cookies:
        response.headers.append("Set-Cookie", cookie)
    return response


def _said(request: Request, problem: ProblemError) -> Response:
    """The refusal as a page for a person, as a problem document for programs."""
    if "text/html" not in request.headers.get("accept", ""):
        raise problem
    text = f"<p>{html.escape(problem.detail)}</p><p>{html.escape(problem.remedy)}</p>"
    return _page(problem.title, text, status=problem.status)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    headers: dict[str, Any] = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'",
        "Cache-Control": "no-store",
    }
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>PromptOps</title>'
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>{body}</body></html>"
    )
    return HTMLResponse(text, status, headers)
