"""What a browser's request must carry: the session's cookie, and against forged requests a token and the right origin.

Pure. The cookie has the `__Host-` prefix where the server is reached over https, so that no other host of the domain can
set it. The CSRF token is derived from the cookie's secret: who has the cookie can be told it, nobody else can know it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from promptops_server.infra.http import BrowserRequest
from promptops_server.infra.problems import Denied

COOKIE: Final = "promptops_session"
SECURE_COOKIE: Final = "__Host-promptops_session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(*, https: bool) -> str:
    """The cookie of this installation. Over https the plain one is not even read."""
    return SECURE_COOKIE if https else COOKIE


def csrf_token(secret: str) -> str:
    """What unsafe requests with this session's cookie must send in `X-CSRF-Token`."""
    return hmac.new(secret.encode(), b"promptops csrf", hashlib.sha256).hexdigest()


def set_cookie(secret: str, seconds: int, *, https: bool) -> str:
    """The `Set-Cookie` header of a session; `seconds` 0 takes it back."""
    flags = "; Secure" if https else ""
    return (
        f"{cookie_name(https=https)}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        + flags
    )


@dataclass(frozen=True, slots=True)
class Site:
    """Where browsers reach this installation. `public_url` is the setting, None when it is not set."""

    public_url: str | None = None

    def https(self, request: BrowserRequest) -> bool:
        """Whether browsers come over https; a proxy in front may end it."""
        return self.url(request).startswith("https:")

    def url(self, request: BrowserRequest) -> str:
        """The address without a slash at the end."""
        return self.public_url or request.base_url

    def cookie_of(self, request: BrowserRequest) -> str | None:
        """The secret in the session's cookie."""
        return request.cookies.get(cookie_name(https=self.https(request))) or None


def check_origin(request: BrowserRequest, site: Site) -> None:
    """Refuse a request that another site caused.

    Raises:
        Denied: `Sec-Fetch-Site` or `Origin` tells of another site.
    """
    foreign = request.fetch_site not in (None, "same-origin", "none")
    if request.origin is not None:
        # Also the address the request itself names: no browser lets another site choose that.
        ours = {_origin(site.url(request)), _origin(request.base_url)}
        foreign = foreign or _origin(request.origin) not in ours
    if foreign:
        raise Denied(
            "This request came from another site.",
            rule="csrf.origin",
            remedy=f"Use the pages of {site.url(request)}.",
        )


def check_csrf(request: BrowserRequest, secret: str, site: Site) -> None:
    """Refuse an unsafe request that does not prove to come from our own pages.

    Raises:
        Denied: the token is missing or wrong, or the origin is foreign.
    """
    if request.method in _SAFE:
        return
    check_origin(request, site)
    if not hmac.compare_digest((request.csrf or "").encode(), csrf_token(secret).encode()):
        raise Denied(
            "The header X-CSRF-Token is missing or wrong.",
            rule="csrf.token",
            remedy="Send the `csrf` of GET /api/v1/session.",
        )


def _origin(text: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return ("", text, None)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return (parts.scheme, (parts.hostname or "").lower(), port or default)
