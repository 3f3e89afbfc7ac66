"""Canonical JSON (RFC 8785) in plain Python: the one byte sequence of a value, over which digests are taken."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

_REPR = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?")


def canonical_text(value: Any) -> str:
    """`value` as canonical JSON. Raises ValueError for what has none: NaN, an infinity, other types."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical_text(item) for item in value) + "]"
    if isinstance(value, dict):
        # By UTF-16 code units, as the RFC asks.
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return (
            "{" + ",".join(f"{canonical_text(n)}:{canonical_text(value[n])}" for n in names) + "}"
        )
    raise ValueError(f"{type(value).__name__} is no JSON")


def canonical_digest(value: Any) -> str:
    """`sha256:` and the digest of a value's canonical JSON. Raises ValueError."""
    return "sha256:" + hashlib.sha256(canonical_text(value).encode()).hexdigest()


def _number_text(value: float) -> str:
    """A number as ECMAScript writes it (RFC 8785, section 3.2.2.3), from Python's shortest digits."""
    if math.isnan(value) or math.isinf(value):
        raise ValueError("not a number of JSON")
    if value == 0:
        return "0"
    match = _REPR.fullmatch(repr(value))
    assert match is not None
    sign, whole, fraction, exponent = match.groups()
    fraction = fraction or ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
        text = digits[0] + (f".{digits[1:]}" if count > 1 else "") + power
    return sign + text
