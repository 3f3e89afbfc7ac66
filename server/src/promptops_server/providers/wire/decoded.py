"""JSON of endpoints, read quickly, and leniently where models make it hard: half surrogates become U+FFFD."""

from __future__ import annotations

import json
from typing import Any

import orjson


def decoded(raw: bytes | str) -> Any:
    """The value. Raises ValueError for what is no JSON."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # A model that stops within an emoji leaves "\ud83d"; strict readers refuse the whole answer for it.
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        try:
            whole = json.dumps(json.loads(text), ensure_ascii=False)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        return json.loads(whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def text_of(value: Any) -> str:
    """A text where an endpoint should have sent one."""
    return value if isinstance(value, str) else ""


def count_of(value: Any) -> int | None:
    """A number of tokens where an endpoint should have sent one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**31 else None
