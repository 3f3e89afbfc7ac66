"""Google's exchange of a service account's key for an access token (RFC 7523, as Google's OAuth takes it). Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from promptops_server.providers.model import CallError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600
"""Seconds an assertion is good for; Google takes no longer one."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `until` is a reading of the monotonic clock."""

    text: str = field(repr=False)
    until: float


def is_key_file(secret: str) -> bool:
    """Whether a secret is a key file and not an access token."""
    return secret.lstrip().startswith("{")


def form_of(secret: str, now: float) -> tuple[str, dict[str, str]]:
    """Where to ask for a token, and the form to send. Raises `CallError` `authentication` for another kind of key.

    Args:
        now: seconds since 1970.
    """
    try:
        file: Any = json.loads(secret)
    except ValueError:
        raise _unusable("is no JSON") from None
    kind = file.get("type")
    if kind != "service_account":
        raise _unusable(f"is of the type {kind!r}; only service accounts' keys are taken")
    wanted = {name: file.get(name) for name in ("client_email", "private_key", "token_uri")}
    missing = [name for name, value in wanted.items() if not isinstance(value, str) or not value]
    if missing:
        raise _unusable("has no " + " and no ".join(missing))
    url = str(wanted["token_uri"])
    claims = {
        "iss": wanted["client_email"],
        "scope": SCOPE,
        "aud": url,
        "iat": int(now),
        "exp": int(now) + LIFETIME,
    }
    header = {"alg": "RS256", "typ": "JWT"}
    if isinstance(file.get("private_key_id"), str):
        header["kid"] = file["private_key_id"]
    try:
        assertion = jwt.encode(header, claims, RSAKey.import_key(str(wanted["private_key"])))
    except Exception:  # whatever the library says could quote the key
        raise _unusable("has a private_key that is no RSA key in PEM") from None
    return url, {"grant_type": GRANT, "assertion": assertion}


def read_token(status: int, body: bytes, began: float) -> Token:
    """The token in the answer. Raises `CallError`: `authentication` where Google refused the key.

    Args:
        began: the monotonic clock when it was asked for.
    """
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    said = said if isinstance(said, dict) else {}
    text, lasts = said.get("access_token"), said.get("expires_in", LIFETIME)
    if status == 200 and isinstance(text, str) and text and isinstance(lasts, int | float):
        return Token(text, began + lasts)
    if status in (400, 401, 403):
        why = str(said.get("error_description") or said.get("error") or f"status {status}")[:300]
        raise CallError("authentication", f"Google gave no access token for the target's key: {why}", status=status)  # fmt: skip
    if status == 200:
        raise CallError("bad_answer", "Google's answer holds no access token.", status=status, sent=False)  # fmt: skip
    raise CallError("failed", f"Google's token endpoint answered {status}.", status=status)


def _unusable(why: str) -> CallError:
    return CallError("authentication", f"The target's key file {why}.")
