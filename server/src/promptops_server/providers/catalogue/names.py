"""The names a model goes by: with a host before it, a region, a version or a day after it.

Owns taking a name apart. Which names mean the same model is data (`models.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

_REGION = re.compile(r"(?:us|eu|apac|jp|au|ca|global|us-gov)\.(?=[a-z0-9-]+\.)")
_MAKER = re.compile(r"(?:anthropic|meta|amazon|mistral|openai|qwen|deepseek|google|cohere|ai21)\.")
_REVISION = re.compile(r"-v[0-9]+(?::[0-9]+[a-z]*)?$")
_PLAN = re.compile(r":(?:free|nitro|floor|extended|beta|online|thinking)$")
_DAY = re.compile(r"-20[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])$")


@lru_cache(maxsize=2048)
def names_of(model_id: str) -> tuple[str, ...]:
    """The names to look a model up by, the fullest first; all in lower case."""
    found: dict[str, None] = {}
    whole = model_id.strip().lower().rstrip("/")
    for start in (whole, whole.rpartition("/")[2]):
        for name in _peeled(start):
            found.setdefault(name)
    found.pop("", None)
    return tuple(found)


def undated(name: str) -> str | None:
    """The name without the day at its end, or None when it has none."""
    short = _DAY.sub("", name)
    return short if short != name and short else None


def matches(names: Iterable[str], patterns: Iterable[str]) -> bool:
    """Whether one of the names is one of the patterns; `*` stands for anything."""
    listed = tuple(patterns)
    return any(
        name == pattern or ("*" in pattern and fnmatchcase(name, pattern))
        for name in names
        for pattern in listed
    )


def prefix_of(model_id: str) -> str | None:
    """What stands before the first slash, in lower case: often a provider."""
    head, slash, _ = model_id.strip().lower().partition("/")
    return head if slash and head else None


def _peeled(name: str) -> Iterator[str]:
    yield name
    bare = _MAKER.sub("", _REGION.sub("", name, count=1), count=1) if "." in name else name
    bare = bare.replace("@", "-")  # how Vertex writes a day
    for pattern in (_PLAN, _REVISION):
        yield bare
        bare = pattern.sub("", bare)
    yield bare
    tagged, colon, tag = bare.partition(":")
    if colon and tag == "latest":  # how Ollama writes "no tag"
        yield tagged
