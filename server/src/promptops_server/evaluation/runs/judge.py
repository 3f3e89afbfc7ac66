"""Models that judge, called for a run: within its limit and the judging target's budget, found by name in its project."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from promptops.calls.ask import Ask
from promptops_server.evaluation.runs import packing
from promptops_server.evaluation.runs.money import Purse
from promptops_server.evaluation.runs.ports import EngineDeps, OpenCaller
from promptops_server.evaluation.runs.reserving import BudgetRoom
from promptops_server.infra.problems import ProblemError
from promptops_server.providers.model import CallError, Reply, Target


class Judging:
    """The judges of one answer: what they came to, and whether one did not fit the limits any more.

    Args:
        before: awaited once, before the first judge is asked.
        known: answers of judges by question, as `kept` gave them when this answer was judged in part.

    Attributes:
        spent: millionths of a US dollar.
        no_room: why a judge was not asked; the answer then waits to be judged, it has not failed.
    """

    def __init__(
        self,
        judge: RunJudge,
        before: Callable[[], Awaitable[None]] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self._judge = judge
        self._before = before
        self._known = dict(known or {})
        self._beginning = asyncio.Lock()
        self.spent = 0
        self.no_room: str | None = None

    async def __call__(self, target: str, ask: Ask) -> tuple[Reply, int | None]:
        """As `RunJudge.ask`; a question that was answered before is not asked again."""
        key = _question(target, ask)
        if key in self._known:
            found = self._known[key]
            return packing.reply_from(found["reply"]), found["cost"]
        async with self._beginning:
            before, self._before = self._before, None
            if before is not None:
                await before()
        try:
            reply, cost = await self._judge.ask(target, ask, self._count)
        except CallError as error:
            if error.fault == "budget":
                self.no_room = self.no_room or error.detail
            raise
        self._known[key] = {"reply": packing.reply_to(reply), "cost": cost}
        return reply, cost

    @property
    def kept(self) -> Mapping[str, Any]:
        """What judges have answered, as JSON, for judging the rest later."""
        return self._known

    def _count(self, paid: int) -> None:
        self.spent += paid


def _question(target: str, ask: Ask) -> str:
    said = [target, ask.model, list(ask.messages), dict(ask.parameters)]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class RunJudge:
    """The models that judge in one run. What they cost counts for the run and for their targets' months."""

    def __init__(
        self, deps: EngineDeps, caller: OpenCaller, purse: Purse, room: BudgetRoom, project: str
    ) -> None:
        self._deps = deps
        self._caller = caller
        self._purse = purse
        self._room = room
        self._project = project
        self._found: dict[str, Target] = {}

    async def ask(
        self, target: str, ask: Ask, count: Callable[[int], None]
    ) -> tuple[Reply, int | None]:
        """The judge's answer and what it cost.

        Args:
            count: told what is counted for it: the most it can cost where nobody knows, or it may have been charged.

        Raises:
            CallError: there is no such target, it gave no answer, or what it can cost does not fit the run's limit.
        """
        found = await self._target(target)
        most = self._deps.prices.most(found, ask)
        if most is None and self._purse.limited:
            raise CallError(
                "budget", f"the price of {found.name}, which judges, is unknown", attempts=0
            )
        amount = most or 0
        if not await self._purse.reserve(amount):
            raise CallError(
                "budget", f"judging with {found.name} can cost more than is left", attempts=0
            )
        try:
            held = await self._room.take(lambda: asyncio.to_thread(self._reserve, found, most))
            if isinstance(held, CallError):
                raise held
        except BaseException:
            self._purse.settle(amount, 0)
            raise
        cost: int | None = 0
        try:
            reply = await self._caller.call(found, ask, deadline=self._deps.limits.call_seconds)
            cost = self._deps.prices.cost_of(found, reply.usage)
            return reply, cost
        except CallError as error:
            cost = None if error.may_have_cost else 0
            raise
        finally:
            paid = amount if cost is None else cost
            count(paid)
            self._purse.settle(amount, paid)
            await asyncio.to_thread(self._settle, held, cost)
            self._room.freed()

    def _reserve(self, target: Target, most: int | None) -> object:
        try:
            with self._deps.db.write() as tx:
                return self._deps.budgets.reserve_in(tx, target, most)
        except CallError as refused:
            return refused

    def _settle(self, held: object, cost: int | None) -> None:
        with self._deps.db.write() as tx:
            self._deps.budgets.settle_in(tx, held, cost)

    async def _target(self, name: str) -> Target:
        if name not in self._found:
            self._found[name] = await asyncio.to_thread(self._look, name)
        return self._found[name]

    def _look(self, name: str) -> Target:
        try:
            with self._deps.db.read() as conn:
                return self._deps.targets.named(conn, self._project, [name])[0]
        except ProblemError as problem:
            raise CallError("not_found", problem.detail) from None
