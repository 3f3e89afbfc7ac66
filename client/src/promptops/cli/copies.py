"""Reading, saving and committing working copies, for the commands that do so.

Owns the routes and the entity tags. A state read here is sent back with the change made from it, so that two terminals
do not overwrite each other.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptops.cli.failures import BadInput, Refused, ServerProblem
from promptops.cli.output import Output, note, warn
from promptops.cli.session import Answer, Session, api
from promptops.format.names import Address

WARN_DAYS = 14
"""A copy that is removed sooner than this is told to its owner."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A working copy as the server told it. `fields` lacks `text` after a save."""

    fields: Mapping[str, Any]
    tag: str

    @property
    def text(self) -> str:
        text: str = self.fields["text"]
        return text

    @property
    def base(self) -> str:
        """What it was made from, in words."""
        parent = self.fields["parent"]
        return f"made from version {parent}" if parent else "a new prompt"


def route(address: Address, *more: str) -> str:
    """The path of the working copy at an address, or of what can be done with it."""
    return api("projects", address.project, "working-copies", address.path, *more)


def read_copy(server: Session, address: Address, *, diff: bool = False) -> Copy:
    """The user's working copy. Raises ServerProblem, Unreachable."""
    answer = server.request("GET", route(address), params={"diff": "true" if diff else None})
    return _copy(answer)


def find_copy(server: Session, address: Address) -> Copy | None:
    """The same, None where there is none. Raises ServerProblem, Unreachable."""
    try:
        return read_copy(server, address)
    except ServerProblem as problem:
        if problem.slug_received == "no-working-copy":
            return None
        raise


def save_copy(
    server: Session,
    address: Address,
    text: bytes,
    *,
    tag: str | None,
    parent: int | None = None,
    message: str | None = None,
) -> Copy:
    """Save a text; `tag` is the state it was made from, None for a first save. Raises BadInput as well."""
    body: dict[str, Any] = {"text": as_text(text)}
    if parent is not None:
        body["parent"] = parent
    if message is not None:
        body["message"] = message
    headers = {"If-Match": tag} if tag else {}
    # The same text once more changes nothing, so a lost answer may be asked for again.
    return _copy(server.request("PUT", route(address), json=body, headers=headers, repeat=True))


def change(
    server: Session, address: Address, how: str, body: Mapping[str, Any], tag: str | None = None
) -> Answer:
    """POST what is done with a working copy: commit, rebase, undo, share. Raises ServerProblem, Unreachable."""
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    if tag:
        headers["If-Match"] = tag
    given = {name: value for name, value in body.items() if value is not None}
    repeat = how == "commit"  # the only one the server remembers by its key
    return server.request("POST", route(address, how), json=given, headers=headers, repeat=repeat)


def changed(server: Session, address: Address, how: str, **body: Any) -> Copy:
    """The working copy after it was changed on the server. Raises ServerProblem, Unreachable."""
    return _copy(change(server, address, how, body))


def as_text(content: bytes) -> str:
    """Bytes of a file or of standard input as text. Raises BadInput."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"line {line} is not UTF-8", remedy="save the file as UTF-8") from None


def show_findings(copy: Copy, source: str) -> None:
    """What is wrong with the text, and how it stands to its prompt."""
    for problem in copy.fields["problems"]:
        where = f"{source}:{problem['line']}:{problem['column']}"
        key = problem["key"]
        named = f"{key}: " if key and not problem["message"].startswith(key) else ""
        warn(f"{where} {named}{problem['message']}")
    show_standing(copy.fields)


def show_standing(fields: Mapping[str, Any]) -> None:
    """That the prompt has moved on, or is gone."""
    if fields["parent_gone"]:
        moved = fields.get("moved_to")
        where = f"; its content is at {fields['project']}/{moved} now" if moved else ""
        warn(f"{fields['address']} was archived{where}. A commit brings it back here.")
    elif fields["behind"]:
        count = fields["behind"]
        newer = "version was" if count == 1 else "versions were"
        newest = fields.get("newest")
        by = f", the last by {newest['author']}" if newest else ""
        note(
            f"{count} {newer} made since{by}. "
            f"To merge: promptops working-copy rebase {fields['address']}"
        )


def show_saved(out: Output, copy: Copy) -> None:
    """The line after a change of a working copy."""
    f = copy.fields
    out.line(f"{f['address']}: working copy at revision {f['revision']}, {copy.base}.")


def _copy(answer: Answer) -> Copy:
    tag = answer.headers.get("etag", "")
    if not tag or not isinstance(answer.value, Mapping):
        raise Refused(
            "the server did not answer with a working copy",
            remedy="check that client and server are of the same major version",
        )
    return Copy(answer.value, tag)
