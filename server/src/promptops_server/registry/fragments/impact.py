"""What would change if a fragment moved: the text of each prompt that contains it, before and after.

Nothing is written. For a prompt that includes the fragment through others, "after" is the text it would have if every
reference on the way led to the new version (what `upgrade_pins` does with `transitive`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format import (
    CannotEdit,
    FragmentError,
    PromptFile,
    behaviour_digest,
    parse,
    resolve_fragments,
)
from promptops.format.diff import unified
from promptops.format.digests import messages_json
from promptops.format.fragment import Loader, Pin
from promptops.format.model import AnyMessage
from promptops.format.repin import repin
from promptops_server.infra.cursor import Page
from promptops_server.registry.fragments.uses import (
    Carriers,
    PinNumbers,
    Use,
    find_carriers,
    list_uses,
)
from promptops_server.registry.model import Project, Version
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.versions import (
    find_pinned,
    fragment_loader,
    get_version,
    version_text,
)


@dataclass(frozen=True, slots=True)
class InputChange:
    """A variable that callers must (`required`) or may give and did not have to before, or the reverse."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """The effect on one prompt. `error` says why it could not be compiled with the new version; then nothing else is said.

    `added` and `removed` are inputs: a required one that is added is missing in today's calls, a removed one is unknown.
    """

    use: Use
    changes_behaviour: bool
    diff: str
    added: tuple[InputChange, ...] = ()
    removed: tuple[InputChange, ...] = ()
    error: str | None = None


def list_impact(
    conn: Connection,
    project: Project,
    target: Version,
    live: LiveVersion,
    *,
    transitive: bool = False,
    environment: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Impact]:
    """A page, by path, of what would change if pins of `target`'s prompt moved to `target`. Raises as `list_uses`."""
    fragment = target.path
    uses = list_uses(
        conn,
        project,
        fragment,
        live,
        transitive=transitive,
        environment=environment,
        limit=limit,
        cursor=cursor,
    )
    carriers = find_carriers(conn, project, fragment, transitive=transitive)
    moving = _Moving(conn, project, target, carriers)
    return Page([moving.impact(use) for use in uses.items], uses.next)


class _Moving:
    """Reads prompts as they are, and as they would be with every reference on the way moved."""

    def __init__(
        self, conn: Connection, project: Project, target: Version, carriers: Carriers
    ) -> None:
        self._conn = conn
        self._project = project
        self._target = target
        self._carriers = carriers
        self._stored: Loader = fragment_loader(conn, project)
        self._numbers = PinNumbers(conn, project)
        self._moved: dict[tuple[str, Pin], PromptFile] = {}

    def impact(self, use: Use) -> Impact:
        version = get_version(self._conn, self._project, use.path, use.version)
        text = version_text(self._conn, self._project.id, version)
        try:
            before = self._resolved(parse(text).file, self._stored)
        except FragmentError:
            before = None
        try:
            after = self._resolved(self._rewritten(text), self._load)
        except (FragmentError, CannotEdit) as error:
            return Impact(use, True, "", error=str(error))
        old = {} if before is None else dict(before.inputs)
        label = f"{use.path}@{use.version}"
        return Impact(
            use,
            before is None or behaviour_digest(after) != behaviour_digest(before),
            unified(
                "" if before is None else resolved_text(before),
                resolved_text(after),
                label,
                f"{label} with {self._target.path}@{self._target.number}",
            ),
            _only_in(after.inputs, old),
            _only_in(old, after.inputs),
        )

    def _resolved(self, file: PromptFile | None, load: Loader) -> PromptFile:
        if file is None:
            raise FragmentError("the file is not a valid prompt")
        return resolve_fragments(file, load)

    def _rewritten(self, text: str) -> PromptFile | None:
        return parse(repin(text, self._choose)).file

    def _choose(self, path: str, pin: Pin) -> tuple[str, Pin] | None:
        if path == self._target.path:
            return path, self._target.number
        if path in self._carriers and isinstance(pin, str):
            number = self._numbers.number(path, pin)  # its digest would be another one
            return None if number is None else (path, number)
        return None

    def _load(self, path: str, pin: Pin) -> PromptFile:
        if path == self._target.path or path not in self._carriers:
            return self._stored(path, pin)
        if (path, pin) not in self._moved:
            version = find_pinned(self._conn, self._project, path, pin)
            if version is None:
                raise FragmentError(f"{path}@{pin} does not exist in {self._project.name}")
            file = self._rewritten(version_text(self._conn, self._project.id, version))
            if file is None:
                raise FragmentError(f"{path}@{pin} is not a valid prompt")
            self._moved[path, pin] = file
        return self._moved[path, pin]


def _only_in(these: Mapping[str, object], those: Mapping[str, object]) -> tuple[InputChange, ...]:
    return tuple(
        InputChange(name, bool(getattr(given, "required", True)))
        for name, given in these.items()
        if name not in those
    )


def resolved_text(file: PromptFile) -> str:
    """The messages of a prompt and of its variants as a model receives them, one text for comparison."""
    pieces = [_messages("", file.messages)]
    for key, variant in file.variants.items():
        if variant.messages is not None:
            pieces.append(_messages(f"{key} ", variant.messages))
    return "".join(pieces)


def _messages(label: str, messages: tuple[AnyMessage, ...]) -> str:
    lines = []
    for message in messages_json(messages):
        if "placeholder" in message:
            lines.append(f"[{label}{message['placeholder']}]\n")
            continue
        content = message.get("content")
        parts = content if isinstance(content, list) else [content]
        lines.append(f"[{label}{message['role']}]\n")
        for part in parts:
            said = part if isinstance(part, str) else (part or {}).get("text", part)
            lines.append(f"{said}".rstrip("\n") + "\n")
    return "".join(lines)
