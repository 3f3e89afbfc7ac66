"""What the server knows that a record must agree with: people, the project's limits, the version before. Pure.

What it knows today changes while a version does not, so these findings are warnings: they leave a record
complete, and who gates decides which of their codes block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptops.format.problem import KeyPath, key_text
from promptops.format.record import BY_KEY, Examined, Finding, change_class, stated_class
from promptops.format.record.shapes import as_list, na_reason

PEOPLE: tuple[KeyPath, ...] = (("owner",), ("backup",), ("accountable_manager",))
"""Keys that name an account."""

_ADDRESS = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*")
_NUMBERED = re.compile(r"[^\W\d_].*\d", re.DOTALL)
_AI = re.compile(r"(?<![A-Za-z])(?:AI|A\.I\.|KI|IA)(?![A-Za-z])|人工智能|人工知能")
_AI_WORDS = re.compile(
    r"\b(?:artificial intelligence|automat\w*|language model|chat ?bot|bot|algorithm\w*)\b",
    re.IGNORECASE,
)
_REACH = re.compile(
    r"\d{3}|\d[ -]\d{2}|@|https?://|\b(?:person|people|human|staff|colleague|adviser|advisor|agent|handler"
    r"|branch|call|contact|speak|talk|reach|ask|write|visit|nurse|doctor|team)\b",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """An account. `identity` is the same for every account of one human; `person` is False for service accounts."""

    name: str
    identity: str
    active: bool
    person: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What an institution allows in a project; None leaves it open."""

    regions: frozenset[str] | None = None
    data_classes: frozenset[str] | None = None
    retired_use_cases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """What is known about one version. `people` is by name as the record writes it; `authors` are identities."""

    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    authors: frozenset[str] = frozenset()
    limits: Limits = Limits()
    previous: Examined | None = None


def named_people(examined: Examined) -> set[str]:
    """The names that `fact_findings` asks about."""
    record = examined.resolved.record
    return {name for path in PEOPLE if (name := _text(record, *path)) is not None}


def fact_findings(examined: Examined, known: KnownFacts) -> tuple[Finding, ...]:
    """Everything a record says that does not agree with what is known, by the number of the field."""
    found = [
        *_use_case(examined, known.limits),
        *_owners(examined, known),
        *_third_party(examined, known.limits),
        *_ethics(examined),
        *_manager(examined, known),
        *_disclosure(examined),
        *_data_class(examined, known.limits),
        *_change(examined, known.previous),
    ]
    return tuple(found)


def _use_case(examined: Examined, limits: Limits) -> Iterator[Finding]:
    said = _text(examined.resolved.record, "use_case_id")
    if said in limits.retired_use_cases:
        yield _finding(
            *(examined, ("use_case_id",), "retired", f"the use case {said} is retired"),
            "name the use case that replaced it",
        )


def _owners(examined: Examined, known: KnownFacts) -> Iterator[Finding]:
    record = examined.resolved.record
    for path in (("owner",), ("backup",)):
        yield from _account(examined, path, known)
    owner = known.people.get(_text(record, "owner") or "")
    backup = known.people.get(_text(record, "backup") or "")
    if owner and backup and owner.name != backup.name and owner.identity == backup.identity:
        yield _finding(
            *(examined, ("backup",), "same-person"),
            f"{owner.name} and {backup.name} are accounts of one person",
            "name another person as backup",
        )


def _account(examined: Examined, path: KeyPath, known: KnownFacts) -> Iterator[Finding]:
    name = _text(examined.resolved.record, *path)
    if name is None:
        return
    found = known.people.get(name)
    if found is None:
        yield _finding(
            *(examined, path, "unknown-person", f"nobody here is called {name[:80]}"),
            "write the name somebody signs in with",
        )
    elif not found.active:
        yield _finding(
            *(examined, path, "inactive-person", f"{found.name} is not active any more"),
            "name somebody who is",
        )
    elif not found.person:
        yield _finding(
            *(examined, path, "no-person", f"{found.name} is a service account"),
            "name a person",
        )


def _manager(examined: Examined, known: KnownFacts) -> Iterator[Finding]:
    path: KeyPath = ("accountable_manager",)
    yield from _account(examined, path, known)
    manager = known.people.get(_text(examined.resolved.record, *path) or "")
    if manager is not None and manager.identity in known.authors:
        yield _finding(
            *(examined, path, "author", f"{manager.name} is an author of this version"),
            "name a manager who did not write it",
        )


def _third_party(examined: Examined, limits: Limits) -> Iterator[Finding]:
    region = _text(examined.resolved.record, "third_party", "region")
    if region is not None and limits.regions is not None and region not in limits.regions:
        yield _finding(
            *(examined, ("third_party", "region"), "not-allowed-here"),
            f"the region {region[:80]} is not allowed for this project",
            f"allowed: {', '.join(sorted(limits.regions)) or 'none'}",
        )


def _data_class(examined: Examined, limits: Limits) -> Iterator[Finding]:
    said = _text(examined.resolved.record, "data_class")
    if said is not None and limits.data_classes is not None and said not in limits.data_classes:
        yield _finding(
            *(examined, ("data_class",), "not-allowed-here"),
            f"data of the class {said[:40]} is not allowed for this project",
            f"allowed: {', '.join(sorted(limits.data_classes)) or 'none'}",
        )


def _ethics(examined: Examined) -> Iterator[Finding]:
    said = _text(examined.resolved.record, "ethics_ref")
    if said is None or _ADDRESS.fullmatch(said):
        return
    if "://" in said or not _NUMBERED.search(said):
        yield _finding(
            *(examined, ("ethics_ref",), "unresolved", "this leads to no document"),
            "write its number (Responsible AI policy 4.2) or its address (https://…)",
        )


def _disclosure(examined: Examined) -> Iterator[Finding]:
    path: KeyPath = ("disclosure", "text")
    said = _text(examined.resolved.record, *path)
    if said is None:
        return
    if not _AI.search(said) and not _AI_WORDS.search(said):
        yield _finding(
            *(examined, path, "no-ai-named", "the text does not say that AI is used"),
            "say it in plain words",
        )
    # Whether a text in another script names a way to a person is left to the reviewer.
    if _LATIN.search(said) and not _REACH.search(said):
        yield _finding(
            *(examined, path, "no-way-to-a-person", "the text does not say how to reach a person"),
            "add a telephone number, an address or a place",
        )


def _change(examined: Examined, previous: Examined | None) -> Iterator[Finding]:
    stated = stated_class(examined)
    if previous is None or stated is None:
        return
    least = change_class(previous, examined)
    counts = least.counts_as(stated)
    if counts != stated:
        why = "; ".join(least.reasons[:3]) + ("; …" if len(least.reasons) > 3 else "")
        yield _finding(
            *(examined, ("change", "class"), "class-too-low"),
            f"the change counts as {counts}, not {stated}: {why}",
            f"write {counts}; an author cannot lower the class",
        )


def _finding(examined: Examined, path: KeyPath, code: str, message: str, fix: str) -> Finding:
    layer = examined.resolved.origin(path)
    line = column = 0
    file = ""
    if layer is not None:
        file = layer.file
        if layer.source is not None:
            line, column = layer.source.at((*layer.root, *path))
    id = BY_KEY[str(path[0])].id
    return Finding(id, key_text(path), code, message, fix, "warning", file, line, column)


def _text(record: Mapping[str, Any], *path: str | int) -> str | None:
    """The text at a path; None for n/a and anything else. A list of one counts as its item."""
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
        if na_reason(value) is not None:
            return None
    items = as_list(value) or ()
    said = items[0] if len(items) == 1 else None
    return said.strip() if isinstance(said, str) and said.strip() else None
