"""One model as the catalogue knows it. Plain values; None means that nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from promptops.format.canonical import digest_of

HISTORY = 1
"""Part of every digest: raised when a rule comes to mean something else."""


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars for a million tokens, which is millionths of a dollar for one.

    A tier holds for all tokens of a request whose input is larger than its start.
    """

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The rate of a request with this many input tokens."""
        found = self.base
        for start, price in self.tiers:
            if input_tokens > start:
                found = price
        return found


@dataclass(frozen=True, slots=True)
class Price:
    """What text costs at one provider. `date` is the day the list it was read from speaks of."""

    provider: str
    source: str
    date: str
    input: Rate
    output: Rate
    cached: Rate | None = None
    cache_written: Rate | None = None
    reasoning: Rate | None = None
    request: Decimal = Decimal(0)
    """Millionths of a dollar for each request, beside its tokens."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a contract speaks: a parameter (dots go into it) has one of the values, or any other than those."""

    parameter: str
    values: tuple[Any, ...] | None = None
    """None: that it is given is enough."""
    other: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the digest and for people."""
        return {
            "parameter": self.parameter,
            "values": None if self.values is None else list(self.values),
            "other": self.other,
        }


@dataclass(frozen=True, slots=True)
class Contract:
    """Something a provider is known to refuse, and the rule that makes a request acceptable."""

    id: str
    rule: str
    settings: Mapping[str, Any]
    why: str
    source: str
    date: str
    when: Condition | None = None
    unless: Condition | None = None

    def as_json(self) -> dict[str, Any]:
        """What it does to a request, without the papers."""
        return {
            "id": self.id,
            "rule": self.rule,
            "settings": dict(self.settings),
            "when": self.when.as_json() if self.when else None,
            "unless": self.unless.as_json() if self.unless else None,
        }


@dataclass(frozen=True, slots=True)
class Parameters:
    """Names as providers spell them. `accepted` is None where the list is not known."""

    accepted: tuple[str, ...] | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A model at a provider (None: wherever). `id` is the catalogue's own name for it.

    `context` and `max_output` are tokens. `alias` says whether the id may come to mean another model, None: not known.
    `retired_at` is the day (YYYY-MM-DD) it stops or stopped answering, `deprecated_at` the day that was announced.
    `source` and `date` are those of our own table; empty where only the price list knows the model.
    """

    id: str
    family: str | None
    provider: str | None = None
    name: str = ""
    context: int | None = None
    max_output: int | None = None
    modalities: tuple[str, ...] | None = None
    """What it reads: text, image, audio, file."""
    parameters: Parameters = Parameters()
    price: Price | None = None
    alias: bool | None = None
    deprecated_at: str | None = None
    retired_at: str | None = None
    contracts: tuple[Contract, ...] = ()
    source: str = ""
    date: str = ""
    digest: str = field(init=False, default="")
    """Over all that changes how a request is built or what a result means. Prices, dates and names are not in it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", _digest(self))


def _digest(entry: Entry) -> str:
    return digest_of(
        {
            "history": HISTORY,
            "family": entry.family,
            "alias": entry.alias,
            "modalities": sorted(entry.modalities) if entry.modalities is not None else None,
            "accepted": sorted(entry.parameters.accepted)
            if entry.parameters.accepted is not None
            else None,
            "contracts": [contract.as_json() for contract in entry.contracts],
        }
    )
