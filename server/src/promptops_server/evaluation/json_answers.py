"""Answers that are JSON: read within limits, and looked into by path. Pure."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from typing import Any

import re2  # type: ignore[import-untyped]
from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError

from promptops_server.evaluation.evaluator import CannotTell
from promptops_server.evaluation.texts import quoted

MAX_JSON = 200_000
"""Characters of an answer that is read as JSON."""
MAX_NODES = 1_000
"""Values a path may lead to."""
MAX_PATH = 300
"""Characters of a path."""
_FENCE = re2.compile(r"(?s)^\s*```[A-Za-z0-9]*[ \t]*\r?\n(.*?)\r?\n?```\s*$")


class NotJson(Exception):
    """The answer is not JSON; the text says where."""


def read_json(text: str, *, fenced: bool = False) -> Any:
    """The value of an answer that is JSON. `fenced` admits a Markdown code fence around it.

    Raises:
        NotJson: it is none.
        CannotTell: it is longer than what is read.
    """
    if len(text) > MAX_JSON:
        raise CannotTell(
            f"The answer has {len(text):,} characters; JSON is read up to {MAX_JSON:,}."
        )
    fence = _FENCE.search(text)
    if fence is not None and fenced:
        text = fence.group(1)
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        hint = ""
        if fence is not None and not fenced:
            hint = "; it stands in a code fence, which `fenced: true` would admit"
        raise NotJson(
            f"The answer is not JSON: {error.msg} (line {error.lineno}, column {error.colno}): "
            f"{quoted(text)}{hint}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise NotJson(f"The answer is not JSON: {str(error)[:120]}: {quoted(text)}.") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


class _Environment(JSONPathEnvironment):
    """RFC 9535 without `match` and `search`, whose regular expressions are not bounded in time."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        for name in ("match", "search"):
            self.function_extensions.pop(name, None)


_ENVIRONMENT = _Environment(strict=True)


@lru_cache(maxsize=512)
def compiled_path(path: str) -> JSONPath:
    """A path, read.

    Raises:
        ValueError: it is no path of RFC 9535, or could take unbounded time on a large answer.
    """
    if len(path) > MAX_PATH:
        raise ValueError(f"a path has at most {MAX_PATH} characters")
    head, _, tail = path.partition("?")
    if head.count("..") > 2 or ".." in tail or "$" in tail:
        raise ValueError("at most two `..`, and inside a filter neither `..` nor `$`")
    try:
        found = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(f"this is no JSON path: {str(error)[:200]}") from None
    if not isinstance(found, JSONPath):
        raise ValueError("several paths in one are not allowed")
    return found


def values_at(path: str, value: Any) -> list[Any]:
    """The values a path leads to, the first thousand."""
    try:
        return [match.value for match in islice(compiled_path(path).finditer(value), MAX_NODES)]
    except (JSONPathError, RecursionError) as error:
        raise CannotTell(f"The path cannot be followed: {str(error)[:200]}") from None
