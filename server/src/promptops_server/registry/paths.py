"""Which addresses may exist: the grammar's errors as refusals, and the twins that differ only by case.

Owns the registry's limits on paths. The grammar itself is `promptops.format.names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from promptops.format.names import EXTENSIONS, InvalidName, check_path, fold, prompt_path_of
from promptops_server.infra.problems import BadRequest

MAX_PARTS = 10
"""Modules and prompt together."""
MAX_LENGTH = 500
"""Characters of a whole path, so that it fits an index row on every database."""


def address_path(path: str) -> str:
    """A path given by a client, checked.

    Raises:
        BadRequest: it breaks the grammar or a limit.
    """
    fault = path_fault(path)
    if fault:
        raise BadRequest(
            f"{path[:200]!r} cannot be the path of a prompt: {fault}.", slug="bad-path"
        )
    return path


def path_fault(path: str) -> str:
    """Why this cannot be the path of a prompt, or an empty text."""
    try:
        check_path(path)
    except InvalidName as error:
        return str(error)
    parts = path.count("/") + 1
    if parts > MAX_PARTS:
        return f"it has {parts} parts, and at most {MAX_PARTS} are allowed"
    if len(path) > MAX_LENGTH:
        return f"it has {len(path)} characters, and at most {MAX_LENGTH} are allowed"
    if any(part.lower().endswith(EXTENSIONS) for part in path.split("/")):
        return "no name in it may end like a prompt file; leave the extension away"
    return ""


def file_address(file_path: str) -> tuple[str, str] | None:
    """Path and extension of a prompt file in the repository; None for any other file.

    Raises:
        InvalidName: a prompt file whose name or folders cannot be an address.
    """
    path = prompt_path_of(file_path)
    if path is None:
        return None
    fault = path_fault(path)
    if fault:
        raise InvalidName(f"{file_path[:200]!r}: {fault}")
    return path, file_path[len(path) :]


def prefixes(path: str) -> Iterator[str]:
    """The modules above a path, outermost first, each with its closing slash."""
    at = path.find("/")
    while at >= 0:
        yield path[: at + 1]
        at = path.find("/", at + 1)


class Spellings:
    """Which spelling of each module and prompt counts, so that no two differ only by case.

    `known` gives the spelling that exists for a path or module (with its closing slash) in any case, or None.
    """

    def __init__(self, known: Callable[[str], str | None]) -> None:
        self._known = known
        self._spelled: dict[str, str] = {}

    def clash(self, path: str) -> tuple[str, str] | None:
        """Take up `path`, or say which part of it differs only by case from which other."""
        fresh: list[str] = []
        for part in (*prefixes(path), path):
            key = fold(part)
            spelled = self._spelled.get(key)
            if spelled is None:
                spelled = self._known(part) or part
                fresh.append(part)
            if spelled != part:
                self._spelled.setdefault(key, spelled)
                return part, spelled
        for part in fresh:
            self._spelled[fold(part)] = part
        return None


def file_error(file: str, code: str, message: str, fix: str = "") -> dict[str, Any]:
    """A problem of a whole file, in the form of `promptops.format.problem` with the file's name."""
    return {
        "file": file,
        "line": 1,
        "column": 1,
        "key": "",
        "severity": "error",
        "code": code,
        "message": message,
        "fix": fix,
    }


def twin_error(file: str, mine: str, theirs: str) -> dict[str, Any]:
    """The refusal of a path that differs only by case from another."""
    return file_error(
        file,
        "case-twins",
        f"{mine.rstrip('/')!r} differs only by case from {theirs.rstrip('/')!r}",
        "keep one spelling; an archived address keeps its spelling too",
    )
