"""The playground joined with what it stands on: targets, prices, budgets, and one caller for the server's event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict
from weakref import WeakKeyDictionary

from promptops.calls.ask import Ask
from promptops_server.app.model_parts import ModelParts
from promptops_server.app.run_parts import StoredTargets
from promptops_server.evaluation.playground.ports import PlayDeps, Told
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.providers.calls import Calls, provider_of
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.preview import preview
from promptops_server.providers.targets import budget
from promptops_server.providers.tokens import count
from promptops_server.registry.rendering.limited import LimitedRenderer
from promptops_server.releases.live import LiveVersions


class CallerOfLoop:
    """One caller for each event loop that asks, so that connections are used again."""

    def __init__(self, open_caller: Callable[[], Calls]) -> None:
        self._open = open_caller
        self._lock = threading.Lock()
        self._callers: WeakKeyDictionary[asyncio.AbstractEventLoop, Calls] = WeakKeyDictionary()

    def __call__(self) -> Calls:
        """The caller of the running event loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._callers.get(loop)
            if found is None:
                found = self._callers[loop] = self._open()
            return found

    def close(self) -> None:
        """Have every loop that still runs end its connections. Any thread."""
        with self._lock:
            callers = list(self._callers.items())
            self._callers.clear()
        for loop, caller in callers:
            if loop.is_running():
                asyncio.run_coroutine_threadsafe(caller.close(), loop)


class CallBudgets:
    """`playground.ports.Budgets`: each call reserved and settled in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def reserve(self, target: Target, amount: int | None) -> budget.Reservation:
        """Raises CallError `budget`."""
        return budget.reserve(self._db, target, amount, holder="playground")

    def settle(self, reservation: budget.Reservation, spent: int | None) -> None:
        """Once; a second time does nothing."""
        budget.settle(self._db, reservation, spent)


def problem_of(models: ModelParts, target: Target) -> str:
    """Why a target cannot be asked, as the matrix says it. Looks at references, calls nothing."""
    provider = models.providers.get(target.provider)
    if provider is None:
        return f"no provider {target.provider} is installed"
    if target.credential.kind == "none":
        return "no credentials" if provider.needs_credential else ""
    return "no credentials" if models.credentials.missing(target) else ""


def foresee(models: ModelParts, target: Target, ask: Ask) -> Told:
    """Changes made for the model, and its tokens. Raises CallError `cannot_express`, `no_credentials`."""
    missing = problem_of(models, target)
    if missing:
        raise CallError("no_credentials", f"{target.name}: {missing}.")
    shown = preview(provider_of(models.providers, target), target, ask, adapt=models.adapt)
    tokens = count(ask, target.catalogue_id or target.model, target.provider)
    return Told(
        tuple(asdict(note) for note in shown["notes"]), tokens.count, tokens.exact, tokens.tokenizer
    )


def play_deps(
    database: Database,
    authorise: Authorise,
    models: ModelParts,
    caller: CallerOfLoop,
    limited: LimitedRenderer,
    call_seconds: float,
) -> PlayDeps:
    """What trying prompts stands on."""
    return PlayDeps(
        db=database,
        authorise=authorise,
        targets=StoredTargets(),
        caller=caller,
        prices=models,
        budgets=CallBudgets(database),
        limited=limited,
        foresee=lambda target, ask: foresee(models, target, ask),
        live=LiveVersions(),
        deadline=call_seconds,
    )
