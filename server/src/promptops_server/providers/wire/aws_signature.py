"""Amazon's signature of a request, version 4 (AWS4-HMAC-SHA256), for every service but S3. Pure.

Written here: the signer of Amazon's own SDK comes with all of it, and the small ones around are young. Tests hold it
against the signatures Amazon publishes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs. `session` comes with temporary keys."""

    id: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


def signed_headers(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: Keys,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """`headers` with `x-amz-date`, `authorization` and, for temporary keys, `x-amz-security-token`.

    All of `headers` are signed, so nothing may change them, the URL or the body afterwards.

    Args:
        url: as it goes on the wire.
        at: when it is sent; Amazon takes it for five minutes.
    """
    time = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {name.lower(): value for name, value in headers.items()}
    sent["x-amz-date"] = time
    if keys.session:
        sent["x-amz-security-token"] = keys.session
    names, canonical = canonical_request(method, url, sent, body)
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, time, scope, _sha256(canonical.encode())))
    key = signing_key(keys.secret, time[:8], region, service)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    sent["authorization"] = f"{ALGORITHM} Credential={keys.id}/{scope}, SignedHeaders={names}, Signature={signature}"  # fmt: skip
    return sent


def canonical_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    """The names of the signed headers, and the text whose digest is signed. The host is added to the headers."""
    split = urlsplit(url)
    signed = sorted({"host": split.netloc, **headers}.items())
    names = ";".join(name for name, _ in signed)
    pairs = sorted((_quoted(n), _quoted(v)) for n, v in parse_qsl(split.query, True))
    lines = [
        method,
        quote(split.path or "/", safe="/-_.~"),  # what the URL has quoted is quoted once more
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(value.split())}" for name, value in signed),
        "",
        names,
        _sha256(body),
    ]
    return names, "\n".join(lines)


def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key of one day (YYYYMMDD), region and service."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
