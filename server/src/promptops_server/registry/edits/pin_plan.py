"""Planning an upgrade of pins: which prompts change, what each becomes, which of them cannot.

Reads the prompts that include what moves, wave after wave; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Connection

from promptops.format import PromptFile
from promptops.format.diff import unified
from promptops.format.fragment import FragmentRef, Pin
from promptops_server.infra.problems import Invalid
from promptops_server.registry.content import Card, Content, card_of, located, with_fragments
from promptops_server.registry.edits.arriving import planned_loader, repinned
from promptops_server.registry.edits.frame import (
    Seen,
    refuse_too_many,
)
from promptops_server.registry.edits.places import stored_contents
from promptops_server.registry.fragments.target import NEWEST, target_version
from promptops_server.registry.fragments.uses import PinNumbers, users_of
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import file_error
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import fragment_loader, no_prompt

Result = Literal["changed", "unchanged", "refused"]
By = Literal["version", "digest"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which pins are to move where. `by` None keeps each pin's kind; `pins` None means all; no `paths` and no `module`: all prompts."""

    fragment: str
    to: str = NEWEST
    pins: frozenset[str] | None = None
    by: By | None = None
    module: str = ""
    paths: frozenset[str] | None = None
    transitive: bool = False
    skip_refused: bool = False

    def covers(self, path: str) -> bool:
        """Whether this prompt may be changed; the fragment itself is not."""
        if path == self.fragment:
            return False
        if self.paths is not None and path not in self.paths:
            return False
        return not self.module or path.startswith(self.module + "/")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What happens to one prompt. `version` is its newest afterwards; `pins` old and new reference."""

    path: str
    result: Result
    version: int
    reason: str = ""
    pins: tuple[tuple[str, str], ...] = ()
    diff: str = ""
    problems: tuple[Mapping[str, object], ...] = ()


@dataclass(slots=True)
class UpgradeDraft:
    """What will be written: the changed contents and cards by path."""

    seen: tuple[Seen, ...]
    to: Version
    items: list[Upgrade]
    contents: dict[str, Content] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)


def plan_upgrade(conn: Connection, project: Project, wish: Wish) -> UpgradeDraft:
    """What would be written. Raises as `upgrade_pins`, but names refused prompts in the items."""
    to = target_version(conn, project, wish.fragment, wish.to)
    plan = _Plan(conn, project, wish, to)
    plan.take_named(wish.paths or ())
    users = [path for path in users_of(conn, project.id, [wish.fragment]) if wish.covers(path)]
    plan.take(users)
    frontier = [path for path in users if plan.changes(path)]
    while wish.transitive and frontier:
        plan.move(frontier)
        beyond = [path for path in users_of(conn, project.id, frontier) if wish.covers(path)]
        plan.take(beyond)
        frontier = [path for path in beyond if path not in plan.moving and plan.changes(path)]
    plan.move(frontier)
    return plan.settle()


class _Plan:
    """Grows by the prompts that include what moves, then settles what each of them becomes."""

    def __init__(self, conn: Connection, project: Project, wish: Wish, to: Version) -> None:
        self._conn = conn
        self._project = project
        self._wish = wish
        self._to = to
        self._numbers = PinNumbers(conn, project)
        self._heads: dict[str, Head] = {}
        self._contents: dict[str, Content] = {}
        self._new: dict[str, Content] = {}
        self._files: dict[tuple[str, int], PromptFile] = {}
        self._digests: dict[tuple[str, str], int] = {}
        stored = fragment_loader(conn, project)
        self._load = planned_loader(stored, self._files, self._digests)
        self.moving: dict[str, int] = {}
        """Prompts that get a version, with its number."""

    def take(self, paths: Iterable[str]) -> None:
        """Read these prompts."""
        fresh = [path for path in paths if path not in self._heads]
        refuse_too_many(len(self._heads) + len(fresh))
        seen = Seen.of(self._conn, self._project.id, fresh)
        stored = stored_contents(self._conn, self._project, seen.heads.values())
        for head in seen.heads.values():
            self._heads[head.path] = head
            self._contents[head.path] = stored[head.blob]

    def take_named(self, paths: Iterable[str]) -> None:
        """The same for paths that somebody typed. Raises NotFound when one is no prompt (any more)."""
        named = sorted(paths)
        seen = Seen.of(self._conn, self._project.id, named)
        for path in named:
            head = seen.head(path)
            if head is None or head.archived:
                raise no_prompt(self._project, path)
        self.take(named)

    def move(self, paths: Iterable[str]) -> None:
        """These get a new version."""
        self.moving.update((path, self._heads[path].latest + 1) for path in paths)

    def changes(self, path: str) -> bool:
        """Whether the prompt has a pin that moves."""
        return bool(self._pins(path))

    def _pins(self, path: str) -> dict[FragmentRef, tuple[str, Pin]]:
        """The references that change, with what they become; digests of planned versions are known once those are."""
        new: dict[FragmentRef, tuple[str, Pin]] = {}
        for reference in self._contents[path].includes:
            pin = self._pin(reference)
            if pin is not None and pin != reference.pin:
                new[reference] = (reference.path, pin)
        return new

    def _pin(self, reference: FragmentRef) -> Pin | None:
        as_digest = (
            isinstance(reference.pin, str) if self._wish.by is None else self._wish.by == "digest"
        )
        number = self._numbers.number(reference.path, str(reference.pin))
        if reference.path == self._wish.fragment:
            if self._wish.pins is not None and str(reference.pin) not in self._wish.pins:
                return None
            if number == self._to.number and self._wish.by is None:
                return None
            return self._to.behaviour if as_digest else self._to.number
        planned = self.moving.get(reference.path)
        if planned is None or number != planned - 1:
            return None  # whoever is behind stays behind: the versions between would come with it
        if not as_digest:
            return planned
        content = self._new.get(reference.path)
        return planned if content is None or content.behaviour is None else content.behaviour

    def settle(self) -> UpgradeDraft:
        """Judge what each becomes; without those that would be invalid, what includes them is judged again."""
        refused: dict[str, Upgrade] = {}
        while True:
            self._new.clear()
            self._files.clear()
            self._digests.clear()
            for path in list(self.moving):
                self._write(path, ())
            bad = {path: c for path, c in self._new.items() if not c.valid}
            if not bad:
                break
            for path, content in self._to_blame(bad).items():
                refused[path] = self._refused(path, content)
                del self.moving[path]
            # A prompt may have changed only to follow one that stays.
            while still := [path for path in self.moving if not self.changes(path)]:
                for path in still:
                    del self.moving[path]
        items = [refused.get(path) or self._item(path) for path in sorted(self._heads)]
        seen = Seen.of(self._conn, self._project.id, self._heads)
        cards = {path: card_of(path, content) for path, content in self._new.items()}
        return UpgradeDraft((seen,), self._to, items, self._new, cards)

    def _to_blame(self, bad: Mapping[str, Content]) -> Mapping[str, Content]:
        """Those of the invalid prompts that include no other of them."""
        first = {
            path: content
            for path, content in bad.items()
            if not any(reference.path in bad for reference in content.includes)
        }
        return first or bad

    def _write(self, path: str, trail: tuple[str, ...]) -> None:
        """The new content of a prompt, after those it includes."""
        if path in self._new or path in trail:
            return
        for reference in self._contents[path].includes:
            if reference.path in self.moving:
                self._write(reference.path, (*trail, path))
        try:
            content = repinned(self._contents[path], self._pins(path))
        except Invalid as error:
            problem = file_error("", "cannot-edit", error.detail)
            self._new[path] = replace(self._contents[path], valid=False, problems=(problem,))
            return
        content = self._new[path] = with_fragments(content, self._load)
        if content.file is not None:
            self._files[path, self.moving[path]] = content.file
        if content.behaviour is not None:
            self._digests[path, content.behaviour] = self.moving[path]

    def _item(self, path: str) -> Upgrade:
        head = self._heads[path]
        if path not in self.moving:
            return Upgrade(path, "unchanged", head.latest, self._why_unchanged(path))
        pins = {str(old): f"{new[0]}@{new[1]}" for old, new in self._pins(path).items()}
        return Upgrade(
            path,
            "changed",
            self.moving[path],
            pins=tuple(pins.items()),
            diff=self._diff(path, self._new[path].text),
        )

    def _why_unchanged(self, path: str) -> str:
        includes = self._contents[path].includes
        direct = [str(r) for r in includes if r.path == self._wish.fragment]
        if direct:
            return f"it includes {', '.join(dict.fromkeys(direct))}"
        moving = [str(r) for r in includes if r.path in self.moving]
        if moving:
            return f"it pins {', '.join(dict.fromkeys(moving))}, not the newest version"
        return f"it does not include {self._wish.fragment}"

    def _refused(self, path: str, content: Content) -> Upgrade:
        errors = located(self._heads[path].file_path, content.errors)
        return Upgrade(
            path,
            "refused",
            self._heads[path].latest,
            str(errors[0]["message"]) if errors else "it would not be valid",
            diff=self._diff(path, content.text),
            problems=tuple(errors),
        )

    def _diff(self, path: str, text: str) -> str:
        old = f"{path}@{self._heads[path].latest}"
        return unified(
            self._contents[path].text, text, old, f"{path}@{self._heads[path].latest + 1}"
        )
