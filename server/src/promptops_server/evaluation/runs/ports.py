"""What a run asks of others: targets, prices, budgets, suites, scores, calls. `app` connects them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from promptops.calls.ask import Ask
from promptops_server.evaluation.model import Answer, Case, Check, Score, Suite
from promptops_server.evaluation.runs.model import Run, RunLimits
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database, Transaction
from promptops_server.providers.model import Caller, Reply, Target, Usage
from promptops_server.registry.model import Project, Version
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

    def reserve_in(
        self, tx: Transaction, target: Target, amount: int | None, *, holder: str = ""
    ) -> Any:
        """Set aside what a call can cost at most; gives the reservation.

        Raises:
            CallError: `budget`: there is no room for it. Nothing has changed.
        """
        ...

    def settle_in(self, tx: Transaction, reservation: Any, spent: int | None) -> None:
        """Turn a reservation into what was spent; None: nobody knows."""
        ...

    def count_in(self, tx: Transaction, target_id: str, spent: int, calls: int) -> None:
        """Count what calls came to for which nothing was reserved."""
        ...

    def settle_left(self, tx: Transaction, holder: str) -> int:
        """Count as spent what an attempt of this run that was killed had set aside."""
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
        version: Version | str,
        names: Sequence[str] | None = None,
        *,
        texts: Sequence[tuple[str, str]] = (),
    ) -> tuple[Suite, ...]:
        """Those named, or (None) all that belong to the prompt, and those sent along as name and text.

        `version` may be the text of a draft.

        Raises:
            NotFound, Invalid: an unknown name, or a file with errors by line.
        """
        ...


class JudgeCall(Protocol):
    """Calls a model that judges, out of the run's purse."""

    async def __call__(self, target: str, ask: Ask) -> tuple[Reply, int | None]:
        """Its answer and cost. Raises CallError."""
        ...


class Scoring(Protocol):
    """Scores one answer."""

    async def __call__(
        self,
        checks: Sequence[Check],
        case: Case,
        answer: Answer,
        *,
        artifact: Mapping[str, Any],
        judge: JudgeCall,
    ) -> tuple[Score, ...]:
        """The scores of a suite's checks, then of the case's own; never raises for what an answer says."""
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
    limits: RunLimits = field(default_factory=RunLimits)
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
    catalogue_digest: Callable[[Target], str]
    limited: LimitedRenderer
    wake: Callable[[], None]
    watched: Watched
    limits: RunLimits = field(default_factory=RunLimits)
