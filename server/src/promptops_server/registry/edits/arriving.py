"""Prompts arriving at addresses of a project: their files with the pins that hold there, judged before they are written.

Owns the rewriting of references between prompts that arrive together, and the bringing of fragments into a project that
does not have them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from promptops.format import CannotEdit, PromptFile
from promptops.format.fragment import FragmentRef, Loader, Pin
from promptops.format.names import fold
from promptops.format.repin import repin
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.registry.content import Content, read_content, with_fragments
from promptops_server.registry.edits.frame import EXTENSION, Seen, refuse_too_many
from promptops_server.registry.git import read
from promptops_server.registry.model import Project
from promptops_server.registry.paths import file_error
from promptops_server.registry.rows import BATCH
from promptops_server.registry.tables import prompt, version
from promptops_server.registry.versions import find_pinned, fragment_loader


@dataclass(frozen=True, slots=True)
class Coming:
    """A content on its way: the version it was, and the number it gets."""

    source: str
    source_version: int
    blob: str
    behaviour: str | None
    extension: str
    path: str
    number: int
    fragment: bool = False


def coming(conn: Connection, where: Mapping[str, str], source: Seen, target: Seen) -> list[Coming]:
    """The newest contents of addresses, on their way to others, which are free or archived: old path to new path."""
    heads = [head for path in where if (head := source.head(path)) is not None]
    known: dict[int, str | None] = {}
    for at in range(0, len(heads), BATCH):
        query = (
            select(version.c.prompt_id, version.c.behaviour)
            .join(prompt, prompt.c.id == version.c.prompt_id)
            .where(
                prompt.c.id.in_([head.id for head in heads[at : at + BATCH]]),
                version.c.number == prompt.c.latest,
            )
        )
        known.update((row.prompt_id, row.behaviour) for row in conn.execute(query))
    items = []
    for head in heads:
        new = where[head.path]
        there = target.head(new)
        items.append(
            Coming(
                head.path,
                head.latest,
                head.blob,
                known[head.id],
                head.extension,
                new,
                (there.latest if there else 0) + 1,
            )
        )
    return items


def planned_loader(
    stored: Loader,
    files: Mapping[tuple[str, int], PromptFile],
    digests: Mapping[tuple[str, str], int],
) -> Loader:
    """Loads what an edit is about to write, by number or digest, and all else from what is stored."""

    def load(path: str, pin: Pin) -> PromptFile:
        number = pin if isinstance(pin, int) else digests.get((path, pin))
        if number is not None and (path, number) in files:
            return files[path, number]
        return stored(path, pin)

    return load


def repinned(content: Content, choose: Mapping[FragmentRef, tuple[str, Pin]]) -> Content:
    """The content with references exchanged, its fragments still pending. Raises Invalid."""
    by_target = {(ref.path, ref.pin): new for ref, new in choose.items()}
    try:
        text = repin(content.text, lambda path, pin: by_target.get((path, pin)))
    except CannotEdit as error:
        raise Invalid(f"{error}.", slug="cannot-edit") from error
    return content if text == content.text else read_content(text.encode())


@dataclass(slots=True)
class Arrivals:
    """What arrives in another project and what each version of the source is called there."""

    items: list[Coming]
    names: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    needed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Fragments that are missing in the target, by path and version, each as a fault."""


def bring(
    conn: Connection, source: Project, target: Project, items: list[Coming], *, with_fragments: bool
) -> tuple[list[Coming], dict[str, Content]]:
    """Everything that arrives, fragments included, and each content as it will be there, by new path.

    Raises:
        Invalid: prompts include fragments that the target does not have, and they are not brought along.
        Conflict: a fragment's address has another prompt in the target, or two versions of one would be needed.
        TooLarge: with its fragments it is more than an edit may have.
    """
    arrivals = Arrivals(list(items))
    arrivals.names = {(i.source, i.source_version): (i.path, i.number) for i in items}
    raw: dict[str, Content] = {}
    waiting = deque(items)
    while waiting:
        at = [waiting.popleft() for _ in range(len(waiting))]
        for oid, data in read.blobs(conn, source.id, {i.blob for i in at} - raw.keys()).items():
            raw[oid] = read_content(data)  # compressed again: it is another project's repository
        for item in at:
            for reference in raw[item.blob].includes:
                fresh = _bring_one(conn, source, target, arrivals, reference, with_fragments)
                if fresh is not None:
                    waiting.append(fresh)
    _refuse(arrivals, target)
    refuse_too_many(len(arrivals.items))
    return arrivals.items, _as_there(conn, source, target, arrivals, raw)


def _bring_one(
    conn: Connection,
    source: Project,
    target: Project,
    arrivals: Arrivals,
    reference: FragmentRef,
    with_fragments: bool,
) -> Coming | None:
    """Note what the version referred to is called in the target; the fragment itself when it must come too."""
    found = find_pinned(conn, source, reference.path, reference.pin)
    if found is None or (found.path, found.number) in arrivals.names:
        return None
    there = None
    if found.behaviour is not None:
        there = find_pinned(conn, target, found.path, found.behaviour)
    if there is not None:
        arrivals.names[found.path, found.number] = (there.path, there.number)
        return None
    name = f"{found.path}@{found.number}"
    if not with_fragments:
        arrivals.needed.setdefault(
            name, _fault(name, "missing-fragment", f"{name} is not in {target.name}")
        )
        return None
    seen = Seen.of(conn, target.id, [found.path])
    head = seen.heads.get(fold(found.path))
    if head is not None and (head.path != found.path or not head.archived):
        message = f"{name} is needed, and {target.name} has another prompt at {head.path}"
        arrivals.needed.setdefault(name, _fault(name, "address-taken", message))
        return None
    if any(item.path == found.path for item in arrivals.items):
        message = f"two versions of {found.path} would be needed in one commit"
        arrivals.needed.setdefault(name, _fault(name, "two-versions", message))
        return None
    item = Coming(
        found.path,
        found.number,
        found.blob,
        found.behaviour,
        EXTENSION,
        found.path,
        (head.latest if head else 0) + 1,
        fragment=True,
    )
    arrivals.items.append(item)
    arrivals.names[found.path, found.number] = (item.path, item.number)
    return item


def _fault(name: str, code: str, message: str) -> dict[str, Any]:
    fixes = {
        "missing-fragment": "bring it along (with_fragments), or write it there first",
        "address-taken": "archive or move that one first",
        "two-versions": "bring all pins to one version first (upgrade-pins)",
    }
    return file_error(name.partition("@")[0] + ".prompt.yml", code, message, fixes[code])


def _refuse(arrivals: Arrivals, target: Project) -> None:
    faults = list(arrivals.needed.values())
    if not faults:
        return
    missing = [name for name, f in arrivals.needed.items() if f["code"] == "missing-fragment"]
    if missing:
        listed = ", ".join(missing[:10]) + (" …" if len(missing) > 10 else "")
        raise Invalid(
            f"These prompts include fragments that {target.name} does not have: {listed}.",
            remedy="Send with_fragments to bring them along.",
            slug="missing-fragments",
            errors=faults,
        )
    first = faults[0]
    raise Conflict(
        f"{first['message'][:1].upper()}{first['message'][1:]}.",
        remedy=first["fix"],
        slug=first["code"],
        errors=faults,
    )


def _as_there(
    conn: Connection,
    source: Project,
    target: Project,
    arrivals: Arrivals,
    raw: Mapping[str, Content],
) -> dict[str, Content]:
    contents: dict[str, Content] = {}
    for item in arrivals.items:
        content = raw[item.blob]
        choose: dict[FragmentRef, tuple[str, Pin]] = {}
        for reference in content.includes:
            found = find_pinned(conn, source, reference.path, reference.pin)
            new = arrivals.names.get((found.path, found.number)) if found else None
            if new is not None:
                choose[reference] = renamed(reference, new)
        contents[item.path] = repinned(content, choose) if choose else content
    stored = fragment_loader(conn, target)
    return resolve_coming(arrivals.items, contents, stored)


def renamed(reference: FragmentRef, new: tuple[str, int]) -> tuple[str, Pin]:
    """The reference to the same text at its new address; a digest stays the digest, since the text is the same."""
    return new[0], reference.pin if isinstance(reference.pin, str) else new[1]


def resolve_coming(
    items: list[Coming], contents: Mapping[str, Content], stored: Loader
) -> dict[str, Content]:
    """The contents by new path, fragments resolved against each other and what is stored.

    Raises:
        Invalid: one that was valid would not be.
    """
    files = {
        (item.path, item.number): file
        for item in items
        if (file := contents[item.path].file) is not None
    }
    digests = {(i.path, i.behaviour): i.number for i in items if i.behaviour is not None}
    load = planned_loader(stored, files, digests)
    resolved = {path: with_fragments(content, load) for path, content in contents.items()}
    faults = []
    for item in items:
        content = resolved[item.path]
        if item.behaviour is not None and content.behaviour != item.behaviour:
            message = "its text would not be the same there"
            reasons = [p["message"] for p in content.errors] or [message]
            faults.append(file_error(item.path + item.extension, "fragment", str(reasons[0])))
    if faults:
        raise Invalid(
            f"{faults[0]['file']}: {faults[0]['message']}. Nothing was changed.", errors=faults
        )
    return resolved
