"""A request as a model will take it: the contracts of its entry applied, every change told.

Pure. Owns the order (that of the files) and when a contract speaks; what is done is a file in `rules` each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptops.calls.ask import Ask, snake_case
from promptops_server.providers.catalogue.entry import Condition, Contract, Entry
from promptops_server.providers.catalogue.rules import rules

_ROUNDS = 4
"""A change may let an earlier contract speak; more rounds than this are never needed by files that pass the check."""


@dataclass(frozen=True, slots=True)
class Note:
    """One change made for a model, with where it is known from. `date` is the day that was looked up."""

    rule: str
    parameter: str
    what: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Adapted:
    """The request to send, and every difference from the one given."""

    ask: Ask
    notes: tuple[Note, ...] = ()


def adapt(ask: Ask, entry: Entry | None) -> Adapted:
    """Change a request so that the model takes it. Without an entry or a contract, it is the same request.

    Adapting the result again changes nothing.
    """
    if entry is None or not entry.contracts:
        return Adapted(ask)
    notes: list[Note] = []
    for _ in range(_ROUNDS):
        before = len(notes)
        for contract in entry.contracts:
            ask = _applied(ask, contract, notes)
        if len(notes) == before:
            break
    return Adapted(ask, tuple(notes))


def _applied(ask: Ask, contract: Contract, notes: list[Note]) -> Ask:
    if contract.when is not None and not holds(ask, contract.when):
        return ask
    if contract.unless is not None and holds(ask, contract.unless):
        return ask
    changed = rules()[contract.rule].apply(ask, contract.settings)
    because = f" ({contract.why})" if contract.why else ""
    notes.extend(
        Note(contract.rule, said.parameter, said.what + because, contract.source, contract.date)
        for said in changed.said
    )
    return changed.ask


def holds(ask: Ask, condition: Condition) -> bool:
    """Whether the request is what a condition speaks of."""
    given, value = _parameter(ask.parameters, condition.parameter.split("."))
    if not given or condition.values is None:
        return given
    return (value in condition.values) is not condition.other


def _parameter(values: Any, path: list[str]) -> tuple[bool, Any]:
    for step in path:
        if not isinstance(values, Mapping):
            return False, None
        for name in values:
            if snake_case(str(name)) == snake_case(step):
                values = values[name]
                break
        else:
            return False, None
    return True, values
