"""What differs between the records of two versions, field by field, defaults filled in on both sides. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..problem import key_text
from .catalogue import BY_KEY
from .change import ChangeClass, change_class
from .check import Examined
from .model import Tier
from .shown import values_of


@dataclass(frozen=True, slots=True)
class Side:
    """A value on one side. `origin` is `project`, `module`, `file` or `record`; `file` the defaults file, or ""."""

    value: Any
    origin: str
    file: str

    def to_json(self) -> dict[str, Any]:
        """The side's members."""
        return {"value": self.value, "from": self.origin or None, "file": self.file or None}


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One key, or member of a mapping, whose value differs; None on the side that does not say it."""

    id: str
    key: str
    before: Side | None
    after: Side | None

    def to_json(self) -> dict[str, Any]:
        """The difference as the API tells it."""
        return {
            "id": self.id or None,
            "key": self.key,
            "before": None if self.before is None else self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """All that differs, the tier on both sides, and how large the change is.

    `stated` is the class the author of the new version wrote; `counts_as` the one that counts.
    """

    fields: tuple[FieldDifference, ...]
    tier_before: Tier | None
    tier_after: Tier | None
    change: ChangeClass
    stated: str | None

    @property
    def counts_as(self) -> str:
        """An author may call a change larger than it is, not smaller."""
        return self.change.counts_as(self.stated)

    def to_json(self) -> dict[str, Any]:
        """The difference as the API and the command line tell it."""
        return {
            "fields": [field.to_json() for field in self.fields],
            "tier_before": self.tier_before,
            "tier_after": self.tier_after,
            "change": {
                **self.change.to_json(),
                "stated": self.stated,
                "counts_as": self.counts_as,
            },
        }


def record_diff(old: Examined, new: Examined) -> RecordDifference:
    """The difference of two examined records, by the number of the field, then as they stand."""
    before, after = _sides(old), _sides(new)
    fields = tuple(
        FieldDifference(id, key, before.get((id, key)), after.get((id, key)))
        for id, key in _ordered(before, after)
        if _value(before.get((id, key))) != _value(after.get((id, key)))
    )
    return RecordDifference(
        fields, old.tier.tier, new.tier.tier, change_class(old, new), stated_class(new)
    )


def stated_class(examined: Examined) -> str | None:
    """The class of change that a version's author wrote, or that defaults gave."""
    said = examined.resolved.record.get("change")
    value = said.get("class") if isinstance(said, dict) else None
    return value if isinstance(value, str) else None


def _sides(examined: Examined) -> dict[tuple[str, str], Side]:
    return {
        (known.id if (known := BY_KEY.get(str(path[0]))) else "", key_text(path)): Side(
            value, origin.kind if origin else "", origin.file if origin else ""
        )
        for path, value, origin in values_of(examined)
    }


def _ordered(*sides: dict[tuple[str, str], Side]) -> list[tuple[str, str]]:
    keys = list(dict.fromkeys(key for side in sides for key in side))
    return sorted(keys, key=lambda key: key[0] or "~")


def _value(side: Side | None) -> Any:
    # A boolean is no number here, although they are equal in Python.
    return None if side is None else (type(side.value) is bool, side.value)
