"""The way of a browser to the identity provider and back.

What must be remembered meanwhile (state, nonce, PKCE verifier, where to go on) lies sealed in a cookie of the browser
itself: nobody can fill a table by starting sign-ins, and an answer is worth nothing in another browser.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from promptops_server import audit
from promptops_server.access.sign_in import sessions
from promptops_server.access.sign_in.browser import Site, set_cookie
from promptops_server.access.sign_in.oidc import accounts
from promptops_server.access.sign_in.oidc.accounts import SSO, Groups
from promptops_server.access.sign_in.oidc.id_token import (
    Expected,
    SignInRefused,
    UnknownKey,
    claims_of,
    logout_claims_of,
)
from promptops_server.access.sign_in.oidc.provider import Provider
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database, again_if_taken
from promptops_server.infra.http import BrowserRequest
from promptops_server.infra.problems import Denied, Unavailable
from promptops_server.infra.sealing import SealBroken, Sealer
from promptops_server.infra.setting_sections import AccessSettings

SEALED_FOR: Final = "promptops sign-in under way"
CALLBACK: Final = "/auth/oidc/callback"
_COOKIE: Final = "promptops_oidc"
_MINUTES: Final = 10
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# One slash and no backslash: browsers read //host and /\host as another site.
_OWN_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


@dataclass(frozen=True, slots=True)
class Step:
    """Where the browser goes next, and the `Set-Cookie` headers it gets."""

    location: str
    cookies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """What the way there and back needs."""

    db: Database
    provider: Provider
    sealer: Sealer
    site: Site
    rules: AccessSettings
    groups: Groups
    forget: Callable[[], None]

    def start(self, request: BrowserRequest, return_to: str, *, again: Actor | None) -> Step:
        """Send the browser to the provider.

        Args:
            return_to: where to go on afterwards, a path of this server; anything else becomes ``/``.
            again: somebody signed in who proves themself anew, to sign.

        Raises:
            Unavailable: the provider does not answer, or this server's own address is not known.
        """
        meta = self.provider.metadata()
        trip = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "return_to": own_path(return_to),
            "until": now_us() + _MINUTES * sessions.MINUTE_US,
            "again": again.session if again else None,
            "subject": again.subject if again else None,
        }
        challenge = hashlib.sha256(str(trip["verifier"]).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.redirect_uri(request),
            "scope": self.provider.scopes,
            "state": trip["state"],
            "nonce": trip["nonce"],
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        if again is not None:
            query |= {"prompt": "login", "max_age": "0"}
        separator = "&" if "?" in meta.authorization_endpoint else "?"
        sealed = self.sealer.seal(json.dumps(trip).encode(), _COOKIE)
        value = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        return Step(
            f"{meta.authorization_endpoint}{separator}{urlencode(query)}",
            (self._trip_cookie(request, value, _MINUTES * 60),),
        )

    def callback(
        self, request: BrowserRequest, *, code: str | None, state: str | None, error: str | None
    ) -> Step:
        """Take the provider's answer: a session for the person, or a fresh proof for the one they have.

        Raises:
            SignInRefused: the answer is not ours, or the provider refused; in words.
            Denied: somebody else signed in there than the person who should prove themself.
            Unavailable: the provider does not answer.
        """
        trip = self._trip(request)
        if state is None or not hmac.compare_digest(state.encode(), trip["state"].encode()):
            raise SignInRefused(
                "This answer belongs to another sign-in (its state differs).",
                remedy="Start the sign-in again.",
            )
        if error is not None or not code:
            shown = error if error and re.fullmatch(r"[a-z_]{1,40}", error) else "no code"
            raise SignInRefused(
                f"The identity provider refused: {shown}.",
                remedy="Start the sign-in again, or ask whoever runs the identity provider.",
            )
        token = self.provider.exchange(code, trip["verifier"], self.redirect_uri(request))
        claims = self._judged(claims_of, token, trip["nonce"])
        cookies = [self._trip_cookie(request, "", 0)]
        started = again_if_taken(lambda: self._enter(request, claims, trip))
        self.forget()
        if started is not None:
            seconds = int(self.rules.session_hours * 3600)
            cookies.append(set_cookie(started.secret, seconds, https=self.site.https(request)))
        return Step(trip["return_to"], tuple(cookies))

    def sign_out_url(self, request: BrowserRequest) -> str:
        """Where the browser ends its session at the provider too; our own front page when it has no such place."""
        end = self.provider.metadata().end_session_endpoint
        if end is None:
            return "/"
        query = {
            "client_id": self.provider.client_id,
            "post_logout_redirect_uri": self.site.url(request) + "/",
        }
        return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}"

    def back_channel(self, logout_token: str) -> int:
        """End the sessions the provider says are over; returns how many.

        Raises:
            SignInRefused: the logout token is not the provider's.
        """
        claims = self._judged(logout_claims_of, logout_token, None)
        ended = 0
        with self.db.write() as tx:
            if isinstance(claims.get("sub"), str):
                ids = accounts.user_ids_of(tx, self.provider.issuer, claims["sub"])
            else:
                ids = sessions.holders_of(tx.conn, claims["sid"])
            sid = claims.get("sid") if isinstance(claims.get("sid"), str) else None
            for user_id in ids:
                ended += sessions.end_all(tx, user_id, provider_session=sid)
            if ended:
                audit.record(
                    tx,
                    audit.AuditEvent(
                        "session.end_all",
                        audit.AuditObject("user", ids[0], person=ids[0]),
                        SSO,
                        after={"ended": ended},
                        reason="signed out at the identity provider",
                    ),
                )
        return ended

    def redirect_uri(self, request: BrowserRequest) -> str:
        """Where the provider sends the browser back. Never a host that only a header names.

        Raises:
            Unavailable: public_url is not set and the server is reached from another machine.
        """
        url = self.site.url(request)
        if self.site.public_url is None and urlsplit(url).hostname not in _LOOPBACK:
            raise Unavailable(
                "Sign-in with the identity provider needs the setting public_url.",
                remedy="Tell the operator.",
            )
        return url + CALLBACK

    def _enter(
        self, request: BrowserRequest, claims: dict[str, Any], trip: dict[str, Any]
    ) -> sessions.Started | None:
        proved = claims.get("auth_time")
        proved_at = int(proved) * 1_000_000 if isinstance(proved, int | float) else None
        with self.db.write() as tx:
            account = accounts.account_of(tx, self.provider.issuer, claims, self.groups)
            if trip["again"] is not None:
                if account.id != trip["subject"]:
                    raise Denied(
                        "Somebody else signed in at the identity provider.",
                        rule="sso.same-person",
                        remedy="Sign in there as yourself.",
                    )
                if proved_at is None:
                    raise SignInRefused(
                        "The identity provider does not say when you signed in (auth_time).",
                        remedy="Signing needs it; ask whoever runs the identity provider.",
                    )
                sessions.note_proof(tx, trip["again"], min(proved_at, tx.now))
                return None
            sid = claims.get("sid")
            return sessions.start(
                tx,
                account,
                self.rules,
                auth_method="sso",
                replaces=self.site.cookie_of(request),
                ip=request.ip,
                agent=request.agent,
                request_id=request.request_id,
                proved_at=min(proved_at, tx.now) if proved_at is not None else None,
                provider_session=sid if isinstance(sid, str) and len(sid) <= 255 else None,
            )

    def _judged(
        self, judge: Callable[..., dict[str, Any]], token: str, nonce: str | None
    ) -> dict[str, Any]:
        expected = Expected(self.provider.issuer, self.provider.client_id, nonce, int(time.time()))
        try:
            return judge(token, self.provider.keys(), expected)
        except UnknownKey:
            pass
        try:
            return judge(token, self.provider.keys(again=True), expected)
        except UnknownKey:
            raise SignInRefused(
                "The token is signed with a key the identity provider does not publish.",
                remedy="Start the sign-in again.",
            ) from None

    def _trip(self, request: BrowserRequest) -> dict[str, Any]:
        value = request.cookies.get(self._trip_name(request)) or ""
        try:
            sealed = base64.urlsafe_b64decode(value[:4000] + "=" * (-len(value) % 4))
            trip: dict[str, Any] = json.loads(self.sealer.open(sealed, _COOKIE))
        except (SealBroken, ValueError):
            trip = {}
        if trip.get("until", 0) <= now_us():
            raise SignInRefused(
                "This browser started no sign-in, or more than ten minutes ago.",
                remedy="Start the sign-in again.",
            )
        return trip

    def _trip_name(self, request: BrowserRequest) -> str:
        return f"__Host-{_COOKIE}" if self.site.https(request) else _COOKIE

    def _trip_cookie(self, request: BrowserRequest, value: str, seconds: int) -> str:
        secure = "; Secure" if self.site.https(request) else ""
        name = self._trip_name(request)
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def own_path(text: str) -> str:
    """`text` if it is a path of this server, else ``/``: a link here must not lead elsewhere."""
    return text if len(text) <= 500 and _OWN_PATH.fullmatch(text) else "/"
