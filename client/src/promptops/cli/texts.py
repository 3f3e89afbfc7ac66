"""Reading the text of a version from the server, and writing a new one.

Owns the entity tags: which version was read, and which one a change says it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptops.cli.addresses import selector_text
from promptops.cli.failures import EXIT_REFUSED, BadInput, Refused, ServerProblem
from promptops.cli.session import Session, api
from promptops.format.names import Address

MAX_FILE_BYTES = 1024 * 1024
"""A prompt file's limit; the server has the same."""

_YAML = "application/yaml"
_TAG = re.compile(r'(?:W/)?"v([0-9]+)"')


@dataclass(frozen=True, slots=True)
class VersionText:
    """The file of one version."""

    project: str
    path: str
    number: int
    content: bytes

    @property
    def address(self) -> str:
        return f"{self.project}/{self.path}@{self.number}"

    @property
    def text(self) -> str:
        """The file as text. Only an invalid file is not UTF-8; what is not becomes U+FFFD."""
        return self.content.decode("utf-8", "replace")


def read_text(server: Session, address: Address) -> VersionText:
    """The file at an address. Raises ServerProblem, Unreachable."""
    path = address.path + selector_text(address.selector)
    route = api("projects", address.project, "prompts", path)
    answer = server.request("GET", route, headers={"Accept": _YAML})
    number = _version_in(answer.headers)
    return VersionText(address.project, address.path, number, answer.body)


def read_version(server: Session, address: Address) -> dict[str, Any]:
    """All that is known about a version, its file included. Raises ServerProblem, Unreachable."""
    selector = selector_text(address.selector) or f"@{read_text(server, address).number}"
    route = api("projects", address.project, "versions", address.path + selector)
    known: dict[str, Any] = server.get(route)
    return known


def newest(server: Session, address: Address) -> int | None:
    """The number of a prompt's newest version; None when there is no such prompt, or it is archived."""
    try:
        return read_text(server, Address(address.project, address.path)).number
    except ServerProblem as problem:
        if problem.status == 404:
            return None
        raise


def put_text(
    server: Session,
    address: Address,
    text: bytes,
    *,
    parent: int | None,
    message: str | None,
    source: str,
) -> dict[str, Any]:
    """Make this text the next version. `parent` None says that the prompt is new.

    `source` is the file's name for messages. Raises ServerProblem, Unreachable.
    """
    headers = {"Content-Type": _YAML}
    if parent is not None:
        headers["If-Match"] = f'"v{parent}"'
    try:
        answer = server.request(
            "PUT",
            api("projects", address.project, "prompts", address.path),
            params={"message": message},
            content=text,
            headers=headers,
        )
    except ServerProblem as problem:
        raise _in_own_words(problem, source, address) from None
    made: dict[str, Any] = answer.value
    return made


def read_file(path: Path) -> bytes:
    """A prompt file from disk. Raises BadInput."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path} is larger than 1 MiB", remedy="split the prompt")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from None


def _version_in(headers: Mapping[str, str]) -> int:
    matched = _TAG.fullmatch(headers.get("etag", ""))
    if matched is None:
        raise Refused(
            "the server did not say which version this is",
            remedy="check that client and server are of the same major version",
        )
    return int(matched[1])


def _in_own_words(problem: ServerProblem, source: str, address: Address) -> ServerProblem:
    """The problem with the user's own file name in it, and remedies for the command line."""
    document = dict(problem.document)
    document["errors"] = [{**error, "file": source} for error in document.get("errors") or ()]
    if not document["errors"]:
        del document["errors"]
    current = document.get("current")
    if problem.status == 409 and isinstance(current, Mapping) and "version" in current:
        document["remedy"] = (
            "take over what you need, then: "
            f"promptops prompt put {source} {address} --parent {current['version']}"
        )
    if problem.status == 428 and "latest" in document:
        document["remedy"] = (
            "look at it, take over what you need, then: "
            f"promptops prompt put {source} {address} --parent {document['latest']}"
        )
    told = ServerProblem(problem.status, document)
    if problem.status == 428:  # somebody else made it first: a conflict, not a wrong word
        told.exit_code = EXIT_REFUSED
    return told
