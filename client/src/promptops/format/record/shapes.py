"""What a value of the record may look like, and what is wrong with one that does not.

Owns types, lengths, counts and placeholders of a single value. Which value is required when is
`check`'s. Nothing here raises for any value a YAML file can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..problem import KeyPath

REASON_MIN = 20
"""Characters of the reason beside an `n/a` or a score."""
NA = "n/a"

_PLACEHOLDERS = frozenset(
    (
        *("", "tbd", "tba", "tbc", "todo", "fixme", "none", "nil", "null", "n/a", "na", "n.a"),
        *("nothing", "unknown", "placeholder", "xxx", "x", "?", "later", "to be defined", "same"),
    )
)
_EDGES = re.compile(r"^[\s.…!\-–—_*/()<>\[\]]+|[\s.…!\-–—_*/()<>\[\]]+$")
_NA_TEXT = re.compile(r"n/a(?:\s*[:,;–—-]\s*|\s+)(?P<reason>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value, at a path inside it."""

    path: KeyPath
    code: str
    message: str
    fix: str


Grade: TypeAlias = Literal["low", "medium", "high"]


def is_placeholder(text: str) -> bool:
    """Whether a text says nothing: `tbd`, `none`, `-`, `n/a` and their like."""
    return _EDGES.sub("", text).strip().lower() in _PLACEHOLDERS


def na_reason(value: Any) -> str | None:
    """The reason of a value that says `n/a` (`"n/a: reason"` or `{n/a: reason}`); None for any other."""
    if isinstance(value, Mapping) and list(value) == [NA]:
        reason = value[NA]
        return reason.strip() if isinstance(reason, str) else ""
    if isinstance(value, str):
        if value.strip().lower() == NA:
            return ""
        matched = _NA_TEXT.fullmatch(value.strip())
        if matched is not None:
            return matched["reason"].strip()
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """A text of `min` to `max` characters; at tier high at least `min_high`. Numbers count as texts."""

    min: int = 1
    max: int = 4_000
    min_high: int = 0
    person: bool = False

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            yield _wrong(value, "a text")
            return
        said = value.strip()
        least = max(self.min, self.min_high) if tier == "high" else self.min
        if is_placeholder(said):
            yield Fault(
                (),
                "placeholder",
                f"{said[:40]!r} says nothing",
                f"write it, or n/a with a reason of at least {REASON_MIN} characters",
            )
        elif len(said) < least:
            yield Fault(
                (),
                "too-short",
                f"it has {len(said)} characters; at least {least} are needed",
                "say more",
            )
        elif len(said) > self.max:
            yield Fault(
                (),
                "too-long",
                f"it has {len(said):,} characters; at most {self.max:,} are read",
                "shorten it",
            )

    def to_json(self) -> dict[str, Any]:
        kind: dict[str, Any] = {"type": "person" if self.person else "text"}
        kind.update(min_length=self.min, max_length=self.max)
        if self.min_high:
            kind["min_length_high"] = self.min_high
        return kind


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these words."""

    values: tuple[str, ...]

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if not isinstance(value, str) or value not in self.values:
            yield Fault(
                (),
                "not-allowed",
                f"{_shown(value)} is not one of the values",
                f"write one of: {', '.join(self.values)}",
            )

    def to_json(self) -> dict[str, Any]:
        return {"type": "choice", "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `min` to `max`."""

    min: int
    max: int

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield _wrong(value, "a whole number")
        elif not self.min <= value <= self.max:
            yield Fault(
                (),
                "not-allowed",
                f"{value} is out of range",
                f"write a whole number from {self.min} to {self.max:,}",
            )

    def to_json(self) -> dict[str, Any]:
        return {"type": "integer", "min": self.min, "max": self.max}


@dataclass(frozen=True, slots=True)
class Number:
    """Any number."""

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield _wrong(value, "a number")

    def to_json(self) -> dict[str, Any]:
        return {"type": "number"}


@dataclass(frozen=True, slots=True)
class YesNo:
    """true or false."""

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if not isinstance(value, bool):
            yield _wrong(value, "true or false")

    def to_json(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Many:
    """A list of at least `min` values. A single value stands for a list of one, unless it is a mapping."""

    item: Shape
    min: int = 1

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        items = as_list(value)
        if items is None:
            yield _wrong(value, "a list")
            return
        if len(items) < self.min:
            yield Fault(
                (),
                "too-short",
                f"the list has {len(items)} items; at least {self.min} needed",
                "list what belongs here, or write n/a with a reason",
            )
        for index, item in enumerate(items):
            at: KeyPath = (index,) if isinstance(value, list | tuple) else ()
            for fault in self.item.faults(item, tier):
                yield Fault((*at, *fault.path), fault.code, fault.message, fault.fix)

    def to_json(self) -> dict[str, Any]:
        return {"type": "list", "min_items": self.min, "items": self.item.to_json()}


@dataclass(frozen=True, slots=True)
class Member:
    """A key of a mapping; `from_tier` None: it may be left out."""

    name: str
    shape: Shape
    from_tier: Grade | None = "low"


@dataclass(frozen=True, slots=True)
class Group:
    """A mapping with these keys. Others are left alone."""

    members: tuple[Member, ...]

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if not isinstance(value, Mapping):
            yield _wrong(value, f"a mapping with {', '.join(m.name for m in self.members)}")
            return
        for member in self.members:
            given = value.get(member.name)
            if given is None:
                if member.from_tier is not None and _grade(tier) >= _grade(member.from_tier):
                    yield Fault(
                        (member.name,), "missing", "is missing", f"write {member.name} below it"
                    )
                continue
            for fault in member.shape.faults(given, tier):
                yield Fault((member.name, *fault.path), fault.code, fault.message, fault.fix)

    def to_json(self) -> dict[str, Any]:
        members = [
            {"key": m.name, "required_from": m.from_tier, **m.shape.to_json()} for m in self.members
        ]
        return {"type": "group", "members": members}


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping of names the author chooses to values of one shape."""

    item: Shape

    def faults(self, value: Any, tier: Grade) -> Iterator[Fault]:
        if not isinstance(value, Mapping):
            yield _wrong(value, "a mapping")
            return
        for name, item in value.items():
            for fault in self.item.faults(item, tier):
                yield Fault((str(name), *fault.path), fault.code, fault.message, fault.fix)

    def to_json(self) -> dict[str, Any]:
        return {"type": "named", "values": self.item.to_json()}


Shape: TypeAlias = Text | Choice | Whole | Number | YesNo | Many | Group | Named


def as_list(value: Any) -> list[Any] | None:
    """The items of a list, or of a single scalar; None for a mapping or nothing."""
    if isinstance(value, list | tuple):
        return list(value)
    if value is None or isinstance(value, Mapping):
        return None
    return [value]


def _grade(tier: Grade) -> int:
    return ("low", "medium", "high").index(tier)


def _wrong(value: Any, wanted: str) -> Fault:
    return Fault((), "wrong-type", f"{_shown(value)} is not {wanted}", f"write {wanted}")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value if not isinstance(value, str) else value[:40])
