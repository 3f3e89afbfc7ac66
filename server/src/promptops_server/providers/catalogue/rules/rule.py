"""What a rule is: one way of changing a request so that a provider takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from promptops.calls.ask import Ask, snake_case

SettingKind = Literal["text", "texts", "values", "mapping", "boolean", "any"]
Settings: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a rule, as `contracts.yaml` gives it."""

    kind: SettingKind
    help: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """One change, for people: which parameter (or `messages`, `jsonSchema`, …), and what was done."""

    parameter: str
    what: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A request after a rule, and every change it made. No changes: the very same request."""

    ask: Ask
    said: Sequence[Said] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of rule. `apply` is pure, changes nothing the second time, and says all that it does."""

    help: str
    apply: Callable[[Ask, Settings], Changed]
    settings: Mapping[str, Setting] = field(default_factory=dict)


def given(ask: Ask, names: Sequence[str]) -> list[str]:
    """The parameters of the request, as it spells them, that have one of these names (`top_p`, `topP`)."""
    wanted = {snake_case(name) for name in names}
    return [name for name in ask.parameters if snake_case(name) in wanted]


def shown(value: Any) -> str:
    """A value in a sentence, cut."""
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"
