"""Is this ID token meant for us, now, and signed by the provider? Pure: keys and time are arguments."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from promptops_server.infra.problems import ProblemError

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
)
"""Signatures with a public key only: `none` and shared secrets are not among them."""
LEEWAY: Final = 60
"""Seconds the provider's clock may differ."""
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST = 64 * 1024


class SignInRefused(ProblemError):
    """The identity provider's answer cannot be used."""

    status = 403
    slug = "sso-refused"
    title = "Sign-in was refused"


class UnknownKey(Exception):
    """The token names a key that is not among these: the provider may have changed its keys."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str | None
    now: int
    """Seconds since 1970."""


def claims_of(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of an ID token that is meant for us.

    Raises:
        UnknownKey: read the provider's keys again, then try once more.
        SignInRefused: anything else that is wrong, in words.
    """
    claims = _signed(token, keys, kinds=("jwt",))
    _check_common(claims, expected)
    if _time(claims, "exp") + LEEWAY <= expected.now:
        raise _refused("the ID token has expired")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(), (expected.nonce or "").encode()
    ):
        raise _refused("the ID token answers another sign-in (its nonce differs)")
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
        raise _refused("the ID token names nobody (sub)")
    return claims


def logout_claims_of(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

    Raises:
        UnknownKey, SignInRefused: as for `claims_of`.
    """
    claims = _signed(token, keys, kinds=("logout+jwt", "jwt"))
    _check_common(claims, expected)
    events = claims.get("events")
    if not isinstance(events, Mapping) or LOGOUT_EVENT not in events or "nonce" in claims:
        raise _refused("this is no logout token")
    if claims["iat"] + 300 < expected.now:
        raise _refused("the logout token is older than five minutes")
    if not isinstance(claims.get("sub") or claims.get("sid"), str):
        raise _refused("the logout token names neither person nor session")
    return claims


def _signed(token: str, keys: KeySet, *, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The claims, their signature checked. `kinds`: what the header's `typ` may say; it may also say nothing."""
    if len(token) > _LONGEST:
        raise _refused("the token is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        raise _refused("the token is no signed JWT") from None
    if header.get("alg") not in ALGORITHMS:
        raise _refused(f"the token is signed with {str(header.get('alg'))[:20]!r}")
    kind = header.get("typ")
    if kind is not None and str(kind).lower().removeprefix("application/") not in kinds:
        raise _refused(f"the token is of another kind ({str(kind)[:20]!r})")
    kid = header.get("kid")
    if kid is not None and kid not in {key.kid for key in keys.keys}:
        raise UnknownKey
    try:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError):
        raise _refused("the token's signature is not the provider's") from None
    return dict(claims)


def _check_common(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise _refused("the token comes from another issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise _refused("the token is meant for another application (aud)")
    azp = claims.get("azp")
    if (len(audiences) > 1 or azp is not None) and azp != expected.client_id:
        raise _refused("the token was given to another application (azp)")
    if _time(claims, "iat") - LEEWAY > expected.now:
        raise _refused("the token was issued in the future")


def _time(claims: Mapping[str, Any], name: str) -> float:
    """Seconds since 1970. Raises SignInRefused."""
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40:
        return value
    raise _refused(f"the token's time {name} is missing or no time")


def _refused(what: str) -> SignInRefused:
    return SignInRefused(
        f"The identity provider's answer cannot be used: {what}.",
        remedy="Start the sign-in again; if it stays so, tell an administrator.",
    )
