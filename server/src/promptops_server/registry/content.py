"""The content of a prompt file as the registry needs it: blob, findings, digests and what lists show.

Owns the step from bytes to a `Content`, which happens before the project lock. What a file may contain is said by
`promptops.format`; where fragments are found is the caller's (`fragments`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from promptops.format import (
    FragmentError,
    FragmentRef,
    PromptFile,
    behaviour_digest,
    fragments,
    parse,
    resolve_fragments,
)
from promptops.format.digests import documented, documented_digest
from promptops.format.fragment import Loader
from promptops_server.registry.git.objects import PreparedBlob
from promptops_server.registry.git.write import prepare_blob
from promptops_server.registry.search import Words, words_of

MAX_FILE_BYTES = 1024 * 1024
"""Of one prompt file."""


@dataclass(frozen=True, slots=True)
class Content:
    """A prompt file, read. An invalid file has neither value nor digests. `record` is that of the file alone.

    While `pending` is true the file includes fragments that are not resolved yet, and `behaviour` is None.
    """

    oid: str
    valid: bool
    text: str
    file: PromptFile | None
    problems: tuple[Mapping[str, Any], ...]
    behaviour: str | None
    record: str | None
    pending: bool = False
    blob: PreparedBlob | None = None
    """The compressed file, unless it is stored already."""
    includes: tuple[FragmentRef, ...] = ()
    """The fragments it refers to, whether they exist or not."""
    documented: Mapping[str, Any] | None = None
    """What its `record` digest covers, to take it under defaults; kept when the text is forgotten."""

    @property
    def errors(self) -> tuple[Mapping[str, Any], ...]:
        """The findings that make the file invalid."""
        return tuple(p for p in self.problems if p["severity"] == "error")


@dataclass(frozen=True, slots=True)
class Card:
    """What lists and searches show of the newest version of an address."""

    valid: bool
    name: str
    description: str
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    model: str | None
    models: tuple[str, ...]
    """Its own model and those its variants are for or name, each once; a variant may be for a whole family."""
    words: Words


def read_content(data: bytes, *, stored_as: str | None = None) -> Content:
    """Read, check, hash and compress a prompt file. Never raises for what it contains.

    `stored_as` is the id of a blob that is stored already: then nothing is compressed.
    """
    parsed = parse(data)
    file = parsed.file
    problems = tuple(problem.to_dict() for problem in parsed.problems)
    blob = prepare_blob(data) if stored_as is None else None
    oid = stored_as or (blob.oid if blob else "")
    if file is None:
        return Content(oid, False, parsed.text, None, problems, None, None, blob=blob)
    includes = fragments(file) if "{{" in parsed.text else ()
    behaviour = None if includes else behaviour_digest(file)
    said = documented(file)
    return Content(
        oid,
        True,
        parsed.text,
        file,
        problems,
        behaviour,
        documented_digest(said),
        pending=bool(includes),
        blob=blob,
        includes=includes,
        documented=said,
    )


def too_large(oid: str, size: int) -> Content:
    """The content of a stored file that is over the limit: invalid, and not read."""
    problem = {
        "severity": "error",
        "code": "too-large",
        "message": f"a prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {size:,}",
        "key": "",
        "line": 1,
        "column": 1,
        "fix": "",
    }
    return Content(oid, False, "", None, (problem,), None, None)


def forget_text(content: Content) -> Content:
    """The content without text and value, which thousands of files in one push need not keep."""
    return replace(content, text="", file=None)


def with_fragments(content: Content, loader: Loader) -> Content:
    """The content with its behaviour digest over resolved fragments, or invalid with the reason.

    `loader` may raise FragmentError for a version that does not exist.
    """
    if not content.pending or content.file is None:
        return content
    try:
        behaviour = behaviour_digest(resolve_fragments(content.file, loader))
    except FragmentError as error:
        problem = _fragment_problem(content.file, content.text, str(error))
        return replace(
            content,
            valid=False,
            file=None,
            problems=(*content.problems, problem),
            record=None,
            documented=None,
            pending=False,
        )
    return replace(content, behaviour=behaviour, pending=False)


def _fragment_problem(file: PromptFile, text: str, message: str) -> dict[str, Any]:
    references = fragments(file)
    named = next((r for r in references if str(r) in message), references[0])
    at = max(text.find(str(named)), 0)
    line_start = text.rfind("\n", 0, at) + 1
    return {
        "severity": "error",
        "code": "fragment",
        "message": message,
        "key": named.key,
        "line": text.count("\n", 0, at) + 1,
        "column": at - line_start + 1,
        "fix": "",
    }


def card_of(path: str, content: Content) -> Card:
    """The card of `path` when `content`, its text not forgotten, is its newest version."""
    file = content.file if content.valid else None
    words = words_of(path, file)
    last = path.rpartition("/")[2]
    if file is None:
        return Card(False, last, "", (), (), None, (), words)
    models = [file.model, *(m for v in file.variants.values() for m in (v.key, v.model))]
    return Card(
        valid=True,
        name=(file.name or last)[:300],
        description=file.description,
        tags=tuple(file.tags),
        owners=tuple(file.owners),
        model=file.model[:200] if file.model else None,
        models=tuple(dict.fromkeys(m[:200] for m in models if m)),
        words=words,
    )


def located(file: str, problems: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The problems with the name of the file they are in."""
    return [{"file": file, **problem} for problem in problems]
