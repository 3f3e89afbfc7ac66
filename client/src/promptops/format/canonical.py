"""Canonical JSON (RFC 8785): the one byte sequence of a value, which digests are taken over.

Owns nothing but the step from value to bytes; `digests` says which members are digested.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ..errors import PromptOpsError

MAX_SAFE_INTEGER = 2**53 - 1
"""Larger integers are not the same number in every JSON reader."""


class NotCanonical(PromptOpsError, ValueError):
    """The value has no canonical JSON form: NaN, an integer beyond 2^53-1, or a lone surrogate."""

    code = "not-canonical"


def canonical_bytes(value: Any) -> bytes:
    """`value` as canonical JSON, UTF-8, one line. Source: RFC 8785. Raises NotCanonical."""
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonical(f"this value has no canonical JSON form: {error}") from None


def sha256_of(content: bytes) -> str:
    """`sha256:` and the lower-case hexadecimal digest of exactly these bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def digest_of(value: Any) -> str:
    """The digest of a value's canonical JSON. Raises NotCanonical."""
    return sha256_of(canonical_bytes(value))
