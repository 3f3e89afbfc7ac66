"""Regular expressions in linear time: RE2, whatever a file or an answer holds."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

MAX_PATTERN = 2_000
"""Characters of an expression."""
_MEMORY = 8 * 1024 * 1024


@lru_cache(maxsize=512)
def compiled(pattern: str, *, ignore_case: bool = False) -> Any:
    """The expression, compiled.

    Raises:
        ValueError: RE2 cannot read it: no look-around and no back-references there.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN:,} characters")
    return compiled_whole(pattern, ignore_case=ignore_case)


def compiled_whole(pattern: str, *, ignore_case: bool = False) -> Any:
    """The same for a pattern of our own, however long."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ValueError(
            f"RE2 cannot read this pattern: {text} (it has no look-around and no back-references)"
        ) from None
