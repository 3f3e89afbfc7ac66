"""Models that judge, called for a run: within its limit and the judging target's budget, found by name in its project."""

from __future__ import annotations

import asyncio

from promptops.calls.ask import Ask
from promptops_server.evaluation.runs.money import Purse
from promptops_server.evaluation.runs.ports import EngineDeps, OpenCaller
from promptops_server.infra.problems import ProblemError
from promptops_server.providers.model import CallError, Reply, Target


class RunJudge:
    """What `Tools.judge` is during a run. Whoever scores counts the cost it tells as spent by the run."""

    def __init__(self, deps: EngineDeps, caller: OpenCaller, purse: Purse, project: str) -> None:
        self._deps = deps
        self._caller = caller
        self._purse = purse
        self._project = project
        self._found: dict[str, Target] = {}

    async def __call__(self, target: str, ask: Ask) -> tuple[Reply, int | None]:
        """The judge's answer and what it cost.

        Raises:
            CallError: there is no such target, it gave no answer, or what it can cost does not fit the run's limit.
        """
        found = await self._target(target)
        most = self._deps.prices.most(found, ask)
        amount = most or 0
        if not await self._purse.reserve(amount):
            raise CallError("budget", f"judging with {found.name} can cost more than is left")
        try:
            held = await asyncio.to_thread(self._reserve, found, most)
        except BaseException:
            self._purse.settle(amount, 0)
            raise
        cost: int | None = 0
        try:
            reply = await self._caller.call(found, ask, deadline=self._deps.limits.call_seconds)
            cost = self._deps.prices.cost_of(found, reply.usage)
            return reply, cost
        finally:
            self._purse.settle(amount, amount if cost is None else cost)
            await asyncio.to_thread(self._settle, held, cost)

    def _reserve(self, target: Target, most: int | None) -> object:
        with self._deps.db.write() as tx:
            return self._deps.budgets.reserve_in(tx, target, most)

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
