"""What identifies a cell: the suites it was run with, and the endpoint as it was then. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

_LONGEST: Final = 200


def suites_key(names: Mapping[str, str]) -> str:
    """The key of these suites' names; the digests do not count."""
    return _sha256(json.dumps(sorted(names), ensure_ascii=False, separators=(",", ":")))


def suites_digest(suites: Mapping[str, str]) -> str:
    """One digest over suites, name to digest."""
    pairs = sorted(suites.items())
    return _sha256(json.dumps(pairs, ensure_ascii=False, separators=(",", ":")))


def endpoint_text(provider: str, model: str, base_url: str | None, region: str = "") -> str:
    """A target's model and endpoint, as a cell keeps it and people read it. At most 200 characters."""
    told = f"{provider} {model}"
    if region:
        told += f" in {region}"
    if base_url:
        told += f" at {base_url.rstrip('/')}"
    if len(told) <= _LONGEST:
        return told
    return f"{told[: _LONGEST - 34]}… {hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
