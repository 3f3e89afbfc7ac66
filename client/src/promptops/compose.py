"""A prompt from what a developer writes in code: a text, messages, a prompt file's mapping, or
an artifact.

Owns this reading, for fallbacks and for tests. Leaves parsing and compiling to `format`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from promptops.delivery.header import digest_of
from promptops.errors import InvalidArtifact
from promptops.prompt import Prompt

Content: TypeAlias = str | Sequence[Mapping[str, Any]] | Mapping[str, Any]

_ARTIFACT = frozenset(("project", "path", "version", "messages"))


def compose(
    content: Content,
    *,
    project: str,
    path: str,
    environment: str,
    version: int = 0,
    release: int = 0,
) -> Prompt:
    """The prompt that this content stands for.

    A text is one user message. A list is messages. A mapping is a prompt file (`messages`, `model`,
    `modelParameters`, …) or an artifact as the server delivers it. Variables are found in the text.
    Raises `InvalidArtifact` naming what is wrong.
    """
    value: Any
    if isinstance(content, str):
        value = {"messages": [{"role": "user", "content": content}]}
    elif isinstance(content, Mapping):
        value = dict(content)
    elif isinstance(content, Sequence) and all(isinstance(one, Mapping) for one in content):
        value = {"messages": [dict(cast(Mapping[str, Any], one)) for one in content]}
    else:
        raise InvalidArtifact(
            f"the content given for {path} is a {type(content).__name__}: give a text, a list of messages "
            "(mappings), or a prompt file as a mapping"
        )
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArtifact(f"the content given for {path} is not JSON: {error}") from None
    if value.keys() >= _ARTIFACT:
        return Prompt(text, environment=environment, release=release, digest=digest_of(text))
    return _compiled(text, project, path, environment, version, release)


@functools.lru_cache(maxsize=1024)
def _compiled(
    text: str, project: str, path: str, environment: str, version: int, release: int
) -> Prompt:
    """Compiled once: a fallback is asked for on every call while there is no connection."""
    from promptops.format import compile_artifact, parse

    parsed = parse(text)
    if parsed.file is None:
        problems = "; ".join(f"{p.key}: {p.message}" if p.key else p.message for p in parsed.errors)
        raise InvalidArtifact(f"the content given for {path} is not a prompt: {problems}")
    artifact = compile_artifact(parsed.file, project=project, path=path, version=version, commit="")
    return Prompt(artifact.text, environment=environment, release=release, digest=artifact.digest)
