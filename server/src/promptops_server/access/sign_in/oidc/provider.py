"""What the identity provider publishes, and the exchange of a code: discovery, keys, token endpoint. Remembered for an hour."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from promptops_server.access.sign_in.oidc.id_token import SignInRefused
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.setting_sections import OidcSettings

log = structlog.get_logger(__name__)

_REMEMBER_SECONDS = 3600.0
_REFRESH_EVERY_SECONDS = 5.0
"""Unknown key ids make us read the keys again, but not as often as somebody sends made-up tokens."""
_TIMEOUT = 10.0
_LARGEST = 1024 * 1024
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The endpoints of the discovery document."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    post_secret: bool
    """Whether the client's secret goes into the body rather than into a header."""


class Provider:
    """One per process. Safe to call from any thread.

    Args:
        client_secret: already read from its setting or file; None for a public client.
    """

    def __init__(self, settings: OidcSettings, client_secret: str | None) -> None:
        assert settings.issuer is not None
        self.issuer = settings.issuer
        self.client_id = settings.client_id or ""
        self.scopes = settings.scopes
        self._secret = client_secret
        self._verify: Any = str(settings.ca_file) if settings.ca_file else True
        self._mutex = threading.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def metadata(self) -> Metadata:
        """The discovery document. Raises Unavailable."""
        with self._mutex:
            if self._metadata is None or time.monotonic() - self._metadata[0] > _REMEMBER_SECONDS:
                document = self._get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
                self._metadata = (time.monotonic(), self._read(document))
            return self._metadata[1]

    def keys(self, *, again: bool = False) -> KeySet:
        """The provider's public keys; `again` reads them anew, a key being unknown. Raises Unavailable."""
        uri = self.metadata().jwks_uri
        with self._mutex:
            age = time.monotonic() - self._keys[0] if self._keys else _REMEMBER_SECONDS + 1
            if age > _REMEMBER_SECONDS or (again and age > _REFRESH_EVERY_SECONDS):
                self._keys = (time.monotonic(), _key_set(self._get(uri)))
            assert self._keys is not None
            return self._keys[1]

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The ID token for a code.

        Raises:
            SignInRefused: the provider does not take the code.
            Unavailable: it does not answer.
        """
        meta = self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.client_id,
        }
        auth = None
        if self._secret is not None and meta.post_secret:
            form["client_secret"] = self._secret
        elif self._secret is not None:
            # RFC 6749, section 2.3.1: form-encoded before they go into the header.
            auth = (quote(self.client_id, safe=""), quote(self._secret, safe=""))
        status, document = self._ask("POST", meta.token_endpoint, data=form, auth=auth)
        token = document.get("id_token")
        if status != 200 or not isinstance(token, str):
            log.warning("sso_code_refused", status=status, error=str(document.get("error"))[:100])
            raise SignInRefused(
                "The identity provider did not accept the sign-in's code.",
                remedy="Start the sign-in again: a code works once and for a short time.",
            )
        return token

    def _get(self, url: str) -> dict[str, Any]:
        status, document = self._ask("GET", url)
        if status != 200:
            raise _away(f"{url} answered {status}")
        return document

    def _ask(self, method: str, url: str, **kwargs: Any) -> tuple[int, dict[str, Any]]:
        try:
            with httpx2.Client(verify=self._verify, timeout=_TIMEOUT) as client:
                answer = client.request(method, url, **kwargs)
            document = answer.json() if len(answer.content) <= _LARGEST else None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
            raise _away(type(error).__name__) from None
        if not isinstance(document, dict):
            raise _away("its answer is no JSON object")
        return answer.status_code, document

    def _read(self, document: dict[str, Any]) -> Metadata:
        if document.get("issuer") != self.issuer:
            raise _away(f"its discovery document names the issuer {document.get('issuer')!r}")
        found: dict[str, str] = {}
        for name in (
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "end_session_endpoint",
        ):
            url = document.get(name)
            if url is None and name == "end_session_endpoint":
                continue
            if not isinstance(url, str) or not self._is_safe(url):
                raise _away(f"its {name} is no https address")
            found[name] = url
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Metadata(
            found["authorization_endpoint"],
            found["token_endpoint"],
            found["jwks_uri"],
            found.get("end_session_endpoint"),
            post_secret="client_secret_basic" not in methods,
        )

    def _is_safe(self, url: str) -> bool:
        """https; http only where the issuer itself is on this machine."""
        try:
            parts, issuer = urlsplit(url), urlsplit(self.issuer)
            local = parts.hostname in _LOOPBACK and issuer.hostname in _LOOPBACK
        except ValueError:
            return False
        return parts.scheme == "https" or (parts.scheme == "http" and local)


def _key_set(document: dict[str, Any]) -> KeySet:
    """The keys we can use; others (for encryption, of unknown kinds) are left out."""
    keys = []
    for raw in document.get("keys") or ():
        if not isinstance(raw, dict) or raw.get("kty") == "oct" or raw.get("use") == "enc":
            continue
        try:
            keys.append(JWKRegistry.import_key(raw))
        except (JoseError, ValueError, KeyError):
            log.info("sso_key_left_out", kid=str(raw.get("kid"))[:100])
    return KeySet(keys)


def _away(why: str) -> Unavailable:
    log.warning("sso_provider_unavailable", why=why)
    return Unavailable(
        f"The identity provider cannot be used now: {why}.",
        remedy="Try again; with a password you can sign in meanwhile.",
    )
