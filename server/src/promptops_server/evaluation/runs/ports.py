"""What a run asks of others: targets, prices, budgets, suites, scores, calls. `app` connects them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from promptops.calls.ask import Ask
from promptops_server.evaluation.model import Answer, Case, Check, Score, Suite
from promptops_server.evaluation.runs.model import Run, RunLimits
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.providers.model import Caller, Target, Usage
from promptops_server.registry.model import Project
from promptops_server.registry.rendering.limited import LimitedRenderer


class Targets(Protocol):
    """The targets of the installation."""

    def named(self, conn: Connection, project: str, names: Sequence[str]) -> tuple[Target, ...]:
        """The targets of these names, each of which the project may use.

        Raises:
            NotFound, Invalid: naming the targets that are unknown, disabled, or not for this project.
        """
        ...

    def current(self, conn: Connection, ids: Sequence[str]) -> Mapping[str, Target]:
        """These targets as they are now, by id; removed ones are left out."""
        ...


class Prices(Protocol):
    """What calls cost, in millionths of a US dollar; None where a price is unknown."""

    def cost_of(self, target: Target, usage: Usage) -> int | None:
        """What a call with this usage cost."""
        ...

    def most(self, target: Target, ask: Ask) -> int | None:
        """The most this call can cost: its counted input, and its output as long as it may get."""
        ...


class Budgets(Protocol):
    """Targets' monthly budgets as rows, changed in the caller's transaction."""

    def reserve(self, conn: Connection, target: Target, amount: int, now: int) -> bool:
        """Set aside, unless budget, spent and reserved leave no room: then False and nothing changes."""
        ...

    def settle(
        self, conn: Connection, target_id: str, reserved: int, spent: int, calls: int, now: int
    ) -> None:
        """Give back what was reserved and count what was spent by so many calls."""
        ...


@dataclass(frozen=True, slots=True)
class SuiteText:
    """A suite's file, sent along."""

    name: str
    content: str


class Suites(Protocol):
    """Finds the suites of a prompt."""

    def __call__(
        self,
        conn: Connection,
        project: Project,
        path: str,
        version: int | None,
        artifact: Mapping[str, Any],
        content: bytes,
        names: Sequence[str] | None,
        texts: Sequence[SuiteText],
    ) -> tuple[Suite, ...]:
        """Those named and those sent, or (None) all that belong to the prompt.

        Raises:
            NotFound, Invalid: an unknown name, or a file with errors by line.
        """
        ...


class Scoring(Protocol):
    """Scores one answer by all checks that hold for it."""

    async def __call__(
        self, checks: Sequence[Check], case: Case, answer: Answer, *, ask: Ask, target: Target
    ) -> tuple[Score, ...]:
        """A score per check, in their order; never raises for what an answer says."""
        ...


class OpenCaller(Caller, Protocol):
    """A caller whose connections are closed when no run needs them any more."""

    async def close(self) -> None:
        """Close every connection."""
        ...


Preview = Callable[[Target, Ask], Mapping[str, Any]]
"""The exact request (method, url, headers without secrets, body, notes) without sending it.

Raises CallError `cannot_express` where the protocol cannot say what the prompt asks."""

OnEnded = Callable[[Connection, Run], None]
"""Told in the run's last transaction, under the project lock."""


def nothing_on_ended(conn: Connection, run: Run) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class EngineDeps:
    """What carrying out stands on. `open_caller` is called in the event loop."""

    db: Database
    targets: Targets
    prices: Prices
    budgets: Budgets
    preview: Preview
    score: Scoring
    open_caller: Callable[[], OpenCaller]
    limited: LimitedRenderer
    limits: RunLimits = RunLimits()
    on_ended: OnEnded = nothing_on_ended


class Watched(Protocol):
    """The runs of this process, as those ask who read or cancel them."""

    def moved(self, run_id: str) -> int | None:
        """Counts the changes of a run carried out here; None: it is not."""
        ...

    def cancel(self, run_id: str) -> None:
        """Look now whether it is to be cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class RunDeps:
    """What starting, reading, cancelling and resuming stand on. `wake` starts what was written down."""

    db: Database
    authorise: Authorise
    targets: Targets
    suites: Suites
    prices: Prices
    limited: LimitedRenderer
    wake: Callable[[], None]
    watched: Watched
    limits: RunLimits = RunLimits()
