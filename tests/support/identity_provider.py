"""A small identity provider on loopback: discovery, keys, authorisation, token endpoint. It can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "promptops", "a secret: with %, & and spaces"


class IdentityProvider:
    """Whoever asks is signed in as `claims`; `spoil` is merged over the next ID tokens, `header` over their header."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "user-1", "preferred_username": "ana"}
        self.spoil: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.key: RSAKey | ECKey = RSAKey.generate_key(2048, {"kid": "one"})
        self.published: list[RSAKey | ECKey] = [self.key]
        self.document: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def rotate(self, key: RSAKey | ECKey) -> None:
        """Sign with another key and publish only that one."""
        self.key, self.published = key, [key]

    def authorise(self, location: str) -> str:
        """What a browser sent to `location` would come back with: the query of the callback."""
        query = {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return urlencode({"code": code, "state": query["state"]})

    def id_token(self, nonce: str | None, **more: Any) -> str:
        """A signed token."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now,
            **({"nonce": nonce} if nonce else {}), **self.claims, **self.spoil, **more,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        alg = "ES256" if isinstance(self.key, ECKey) else "RS256"
        if self.header.get("alg") == "none":
            parts = (json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode(), b"")
            return ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts)
        return jwt.encode({"alg": alg, "kid": self.key.kid, **self.header}, claims, self.key)

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        from urllib.parse import unquote

        user, _, password = (
            base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        )
        if (unquote(user), unquote(password)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        query = self.codes.pop(form.get("code", ""), None)
        if query is None or form.get("redirect_uri") != query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(challenge).decode().rstrip("=") != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": self.id_token(query["nonce"]), "token_type": "Bearer"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                if self.path == "/.well-known/openid-configuration":
                    base = provider.issuer
                    self._send(200, {
                        "issuer": base, "authorization_endpoint": f"{base}/authorise",
                        "token_endpoint": f"{base}/token", "jwks_uri": f"{base}/keys",
                        "end_session_endpoint": f"{base}/end", **provider.document,
                    })  # fmt: skip
                elif self.path == "/keys":
                    keys = [key.as_dict(private=False) for key in provider.published]
                    odd = {"kty": "unheard-of", "kid": "odd"}
                    self._send(200, {"keys": [*keys, odd]})
                else:
                    self._send(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {k: v[0] for k, v in parse_qs(body).items()}
                self._send(*provider._token(form, self.headers.get("authorization", "")))

            def _send(self, status: int, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """One that runs."""
    provider = IdentityProvider()
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
