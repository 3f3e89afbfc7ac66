"""Upgrade pins: many prompts come to include another version of a fragment, in one commit.

Only the characters of the pins change. A fragment that includes the fragment gets a new version by that; with
`transitive` whoever pins its newest version follows in the same commit. A prompt that would not be valid afterwards is
named, and nothing is written, unless it may be skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Connection

from promptops.format import PromptFile
from promptops.format.diff import unified
from promptops.format.fragment import FragmentRef, Pin
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Invalid
from promptops_server.registry.content import Card, Content, card_of, located, with_fragments
from promptops_server.registry.edits.arriving import planned_loader, repinned
from promptops_server.registry.edits.frame import (
    Edit,
    FileEdit,
    Keep,
    Seen,
    check_message,
    commit_edits,
    refuse_too_many,
)
from promptops_server.registry.edits.places import stored_contents
from promptops_server.registry.fragments.target import NEWEST, target_version
from promptops_server.registry.fragments.uses import PinNumbers, users_of
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import file_error
from promptops_server.registry.projects import require_readable
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import fragment_loader, no_prompt

_LISTED = 100

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


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The whole answer, by path. `commit` is None when nothing changed (or nothing was to be written)."""

    commit: str | None
    message: str
    fragment: str
    to: Version
    items: Sequence[Upgrade]

    def count(self, result: Result) -> int:
        """How many prompts had this result."""
        return sum(item.result == result for item in self.items)


@dataclass(slots=True)
class UpgradeDraft:
    """What will be written: the changed contents and cards by path."""

    seen: tuple[Seen, ...]
    to: Version
    items: list[Upgrade]
    contents: dict[str, Content] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)


def upgrade_pins(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    wish: Wish,
    *,
    message: str | None = None,
    dry_run: bool = False,
    keep: Keep[Upgraded] | None = None,
) -> Upgraded:
    """Move pins of a fragment in the newest versions that include it.

    Args:
        dry_run: only say what would happen, with the difference of each file; refused prompts are no error then.

    Raises:
        NotFound: no such project (or not readable), fragment or version.
        Denied: the actor may not write here.
        BadRequest: `to`, a path or the message breaks a rule.
        Invalid: the version is not valid, or prompts would not be valid afterwards; `errors` names all of them.
        TooLarge: more prompts than an edit may have.
    """
    require_readable(authorise, actor, project)
    require(authorise, actor, "prompt:write", Resource(project=project, path=wish.module or None))
    said = check_message(message)

    def plan(conn: Connection, projects: tuple[Project, ...]) -> UpgradeDraft:
        return plan_upgrade(conn, projects[0], wish)

    def words(draft: UpgradeDraft) -> str:
        return said or f"Use {wish.fragment}@{draft.to.number}"

    if dry_run:
        draft = Edit(plan, _nothing).preview(db, project)
        return Upgraded(None, words(draft), wish.fragment, draft.to, draft.items)

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: UpgradeDraft) -> Upgraded:
        (found,) = projects
        refused = [item for item in draft.items if item.result == "refused"]
        if refused and not wish.skip_refused:
            raise _refusal(refused)
        commit = None
        if draft.contents:
            edits = [FileEdit(path, content) for path, content in draft.contents.items()]
            commit = commit_edits(
                tx,
                actor,
                found,
                edits,
                draft.seen[0].heads,
                message=words(draft),
                cards=draft.cards,
            ).commit
        done = Upgraded(commit, words(draft), wish.fragment, draft.to, draft.items)
        if commit is not None:
            record(tx, _event(actor, found, done), project_id=found.id)
        return done

    return Edit(plan, apply).run(db, project, keep=keep)


def _nothing(tx: Transaction, projects: tuple[Project, ...], draft: UpgradeDraft) -> None:
    raise AssertionError("a preview is not applied")


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
            for path, content in bad.items():
                if any(r.path in bad for r in self._contents[path].includes):
                    continue  # what it includes is to blame
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


def _refusal(refused: Sequence[Upgrade]) -> Invalid:
    errors = [
        error
        for item in refused
        for error in (item.problems or ({"file": item.path, "message": item.reason},))
    ]
    many = f"{len(refused)} prompts would" if len(refused) > 1 else f"{refused[0].path} would"
    return Invalid(
        f"{many} not be valid with this version: {refused[0].reason}. Nothing was changed.",
        remedy="Correct them first, or send skip_refused to leave them as they are.",
        slug="refused-prompts",
        errors=[dict(error) for error in errors],
    )


def _event(actor: Actor, project: Project, done: Upgraded) -> AuditEvent:
    changed = [item for item in done.items if item.result == "changed"]
    return AuditEvent(
        action="fragment.upgrade",
        object=AuditObject(
            "prompt",
            f"{project.name}/{done.fragment}",
            version=str(done.to.number),
            hash=done.to.behaviour,
        ),
        actor=actor,
        project=project.name,
        before={"pins": sorted({old for item in changed for old, _ in item.pins})[:_LISTED]},
        after={
            "commit": done.commit,
            "prompts": {item.path: item.version for item in changed[:_LISTED]},
            "count": len(changed),
            "refused": done.count("refused"),
        },
        reason=done.message,
    )
