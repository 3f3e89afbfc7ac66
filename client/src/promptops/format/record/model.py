"""The values a record is described and judged by: fields, findings, where a value comes from.

Owns shapes and words only. What the fields are is `catalogue`, what is wrong with a record `check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .shapes import Shape

Tier: TypeAlias = Literal["low", "medium", "high"]
TIERS: tuple[Tier, ...] = ("low", "medium", "high")

Condition: TypeAlias = Literal["", "people", "personal_data", "external_model", "tools"]
CONDITIONS: dict[Condition, str] = {
    "people": "a person is affected or addressed",
    "personal_data": "personal data is used",
    "external_model": "the model is run by a third party",
    "tools": "the prompt has tools",
}

NotApplicable: TypeAlias = Literal["with_reason", "below_high", "never"]
"""Whether `n/a` may stand for a value: with a reason; with one but not at tier high; not at all."""


def at_least(tier: Tier | None, least: Tier) -> bool:
    """Whether a tier is as high as another; an unknown one counts as low."""
    return TIERS.index(tier or "low") >= TIERS.index(least)


@dataclass(frozen=True, slots=True)
class Need:
    """From which tier on a field is required, and under which condition."""

    tier: Tier = "low"
    condition: Condition = ""

    def __str__(self) -> str:
        text = {"low": "always", "medium": "from tier medium", "high": "at tier high"}[self.tier]
        if not self.condition:
            return text
        condition = f"if {CONDITIONS[self.condition]}"
        return condition if self.tier == "low" else f"{text}, {condition}"


ALWAYS = Need()
MEDIUM = Need("medium")
HIGH = Need("high")
PEOPLE = Need("low", "people")
PEOPLE_MEDIUM = Need("medium", "people")
PERSONAL_DATA = Need("low", "personal_data")
EXTERNAL = Need("low", "external_model")
TOOLS = Need("low", "tools")


@dataclass(frozen=True, slots=True)
class Field:
    """One key of `record`. Several keys may share an id (`owner` and `backup` are D02).

    `serves` are FEAT principles (MAS, 2018), P1 to P14. `own` names what defaults may not give:
    the key itself, or members of it. `question`, `help` and `example` are what a form shows.
    """

    id: str
    key: str
    shape: Shape
    need: Need
    serves: tuple[str, ...]
    question: str
    help: str
    example: Any
    na: NotApplicable = "with_reason"
    own: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The field as the API and the command line tell it."""
        return {
            "id": self.id,
            "key": self.key,
            "type": self.shape.to_json(),
            "required": {
                "tier": self.need.tier,
                "condition": self.need.condition or None,
                "text": str(self.need),
            },
            "serves": list(self.serves),
            "not_applicable": self.na,
            "own": list(self.own),
            "question": self.question,
            "help": self.help,
            "example": self.example,
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept beside a version as rows, never in the file. Same numbering as the fields."""

    id: str
    name: str
    required: str
    serves: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The item as the API tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "required": self.required,
            "serves": list(self.serves),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a record lacks, or says wrongly.

    `code` is stable: `missing`, `placeholder`, `too-short`, `too-long`, `wrong-type`,
    `not-allowed`, `not-applicable`, `inconsistent`, `unknown-key`, `unreadable-defaults`. Warnings
    leave a record complete. `file` is the defaults file the value is in, "" for the prompt file;
    `line` and `column` count from 1 and are 0 where no file has the value.
    """

    id: str
    key: str
    code: str
    message: str
    fix: str
    severity: Literal["error", "warning"] = "error"
    file: str = ""
    line: int = 0
    column: int = 0

    def to_json(self) -> dict[str, Any]:
        """The finding's members, named as those of a file's problems are."""
        return {
            "severity": self.severity,
            "code": self.code,
            "id": self.id,
            "key": self.key,
            "message": self.message,
            "fix": self.fix,
            "file": self.file or None,
            "line": self.line or None,
            "column": self.column or None,
        }
