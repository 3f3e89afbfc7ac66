"""What the playground asks of others; `app` connects the answers. Money is millionths of a US dollar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from promptops.calls.ask import Ask
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.providers.model import Caller, Target, Usage
from promptops_server.registry.ports import LiveVersion, NothingLive
from promptops_server.registry.rendering.limited import LimitedRenderer


class Targets(Protocol):
    """The targets of the installation."""

    def named(self, conn: Connection, project: str, names: Sequence[str]) -> tuple[Target, ...]:
        """Those of these names; raises NotFound or Invalid for what the project may not use."""
        ...


class Prices(Protocol):
    """What calls cost; None where a price is unknown."""

    def cost_of(self, target: Target, usage: Usage) -> int | None:
        """Of a call that was made."""
        ...

    def most(self, target: Target, ask: Ask) -> int | None:
        """The most a call can cost."""
        ...


class Budgets(Protocol):
    """Targets' monthly budgets, each call in a transaction of its own."""

    def reserve(self, target: Target, amount: int | None) -> Any:
        """Set aside what a call can cost at most. Raises CallError `budget`."""
        ...

    def settle(self, reservation: Any, spent: int | None) -> None:
        """What it came to; 0: it was never sent, None: nobody knows."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a request before it is sent.

    `notes` are the changes made for the model, each `{rule, parameter, what, source, date}`. `tokens` is None where they
    cannot be counted; `exact` is false for an estimate.
    """

    notes: Sequence[dict[str, str]] = ()
    tokens: int | None = None
    exact: bool = False
    tokenizer: str = ""


Foresee = Callable[[Target, Ask], Told]
"""Raises CallError `cannot_express` where the target cannot be asked this."""


def nothing_foreseen(target: Target, ask: Ask) -> Told:
    """The answer where nothing is known."""
    return Told()


@dataclass(frozen=True, slots=True)
class PlayDeps:
    """What trying a prompt stands on. `caller` is asked for in the event loop that calls."""

    db: Database
    authorise: Authorise
    targets: Targets
    caller: Callable[[], Caller]
    prices: Prices
    budgets: Budgets
    limited: LimitedRenderer
    foresee: Foresee = nothing_foreseen
    live: LiveVersion = field(default_factory=NothingLive)
    deadline: float = 120.0
    """Seconds for one target's answer, further attempts included."""
    heartbeat: float = 10.0
    """Seconds of silence after which a stream says that it is there."""
    at_once: int = 32
    """Tries of this process at the same time."""
