"""Carry out a run: every target's calls at once, each call paid within the limits, scored and stored before the next.

One `Carrying` per run and attempt, in the event loop of `running`. What is written goes through `writer`; ending the
run is `ending`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from promptops.money import dollars
from promptops_server.evaluation.model import Answer
from promptops_server.evaluation.runs import packing
from promptops_server.evaluation.runs.answer_rows import row_of, texts_of
from promptops_server.evaluation.runs.asks import Asks
from promptops_server.evaluation.runs.judge import Judging, RunJudge
from promptops_server.evaluation.runs.lane import Lane, Ready
from promptops_server.evaluation.runs.model import Contents, PlannedCall, Run
from promptops_server.evaluation.runs.money import Purse
from promptops_server.evaluation.runs.ports import EngineDeps, OpenCaller
from promptops_server.evaluation.runs.reserving import BudgetRoom
from promptops_server.evaluation.runs.usable import usable
from promptops_server.evaluation.runs.writer import Ledger, Writer
from promptops_server.providers.model import CallError, Fault, Reply, Target

log = structlog.get_logger(__name__)

SETTLED_BY_TARGET: frozenset[Fault] = frozenset(("authentication", "permission", "no_credentials"))
"""Faults that every further call of the target would meet again."""
_TEXT_MAX = 2_000


class Carrying:
    """One attempt of a run under way.

    Args:
        now: the run's targets as they are configured now, by id.
        calls: those without a result.
    """

    def __init__(
        self,
        deps: EngineDeps,
        caller: OpenCaller,
        writer: Writer,
        run: Run,
        contents: Contents,
        calls: Sequence[PlannedCall],
        now: Mapping[str, Target],
        project: str,
    ) -> None:
        self._deps = deps
        self._caller = caller
        self._writer = writer
        self._run = run
        self._contents = contents
        self.purse = Purse(run.max_cost, run.cost)
        self.ledger = Ledger(run.id, run.attempt, self.purse, run.cost, run.progress)
        self._room = BudgetRoom(deps.limits.budget_seconds)
        self._judge = RunJudge(deps, caller, self.purse, self._room, project)
        self._suites = {suite.name: suite for suite in contents.suites}
        asks = Asks(contents.artifact, deps.limited)
        by_target: dict[str, list[PlannedCall]] = {}
        for call in calls:
            by_target.setdefault(call.target_id, []).append(call)
        self._lanes: list[Lane] = []
        for target_id, mine in by_target.items():
            before = run.target(target_id)
            target, refusal = usable(before, now.get(target_id), project)
            lane = Lane(deps, run, target, asks, self._suites, mine)
            lane.refusal = refusal
            self._lanes.append(lane)
        self._stopped: str | None = None
        self._end: str | None = None

    def stop(self, end: str) -> None:
        """Send nothing more: `cancelled`, or `interrupted` when this process ends."""
        self._end = self._end or end
        self.purse.wake()
        self._room.close()

    def look(self) -> None:
        """Stop if somebody asked for it, or another attempt has the run."""
        if self.ledger.lost:
            self.stop("lost")
        elif self.ledger.cancel_asked:
            self.stop("cancelled")

    async def carry_out(self) -> tuple[str, str | None]:
        """Make the calls; returns how it ended (`done`, `stopped`, `cancelled`, `interrupted`, `lost`) and why.

        Raises:
            Exception: the run itself broke.
        """
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                tasks.create_task(self._lane(lane))
        if self._end is not None:
            return self._end, None
        return ("stopped", self._stopped) if self._stopped is not None else ("done", None)

    async def _lane(self, lane: Lane) -> None:
        many = max(1, min(lane.target.limits.concurrency, lane.left))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(many):
                tasks.create_task(self._worker(lane))
        if lane.refusal is not None and lane.refusal[0] != "budget" and self._end is None:
            fault, detail = lane.refusal
            told = packing.storable_text(detail[:_TEXT_MAX])
            await self._writer.write(self.ledger, lane.target, skip=(fault, told))

    async def _worker(self, lane: Lane) -> None:
        while self._end is None:
            ready = await lane.next()
            if ready is None:
                return
            await self._one(lane, ready)
            self.look()

    async def _one(self, lane: Lane, ready: Ready) -> None:
        if ready.fault is not None:
            await self._without_answer(
                lane, ready, CallError(ready.fault, ready.detail, attempts=0)
            )
        elif ready.stored is not None:
            stored = ready.stored
            row, spent = await self._judged(
                lane, ready, stored.reply, stored.cost, known=stored.judged
            )
            row["from_run"] = None if stored.run_id == self._run.id else stored.run_id
            await self._writer.write(self.ledger, lane.target, row=row, spent=spent)
        else:
            await self._called(lane, ready)

    async def _called(self, lane: Lane, ready: Ready) -> None:
        target, most = lane.target, ready.most
        assert ready.ask is not None
        if self._run.max_cost is not None and most is None:
            unknown = CallError("budget", f"the price of {target.name} is unknown", attempts=0)
            await self._without_answer(lane, ready, unknown)
            return
        amount = most or 0
        if not await self.purse.reserve(amount, lambda: self._given_up(lane)):
            if not self._given_up(lane):
                self._stop_for_money(
                    lane, f"The next call of {target.name} can cost more than is left"
                )
            return
        held = await self._from_budget(lane, most)
        if isinstance(held, CallError):
            self.purse.settle(amount, 0)
            if not self._given_up(lane):
                lane.refusal = ("budget", held.detail)
                self._stopped = self._stopped or held.detail
            return
        if self._given_up(lane):
            self.purse.settle(amount, 0)
            if held is not None:
                await self._writer.write(self.ledger, target, settle=held, paid=0)
            return
        try:
            await self._sent(lane, ready, amount, held)
        finally:
            self._room.freed()

    async def _sent(self, lane: Lane, ready: Ready, amount: int, held: Any) -> None:
        target = lane.target
        assert ready.ask is not None
        try:
            reply = await self._caller.call(
                target, ready.ask, deadline=self._deps.limits.call_seconds
            )
        except CallError as error:
            paid = await self._perhaps_charged(target, ready, error)
            self.purse.settle(amount, paid or 0)
            await self._without_answer(lane, ready, error, held=held, paid=paid)
            return
        cost = self._deps.prices.cost_of(target, reply.usage)
        # An endpoint that does not say what it counted is taken to have cost the most it can.
        paid = cost if cost is not None else amount
        self.purse.settle(amount, paid)
        money = {"settle": held, "paid": paid}

        async def settled() -> None:
            # Before a judge waits for room in a budget: it may be this one.
            if money["settle"] is not None:
                now = dict(money)
                money.update(settle=None, paid=None)
                await self._writer.write(self.ledger, target, **now)
                self._room.freed()

        row, judged = await self._judged(lane, ready, reply, cost, before=settled)
        await self._writer.write(self.ledger, target, row=row, spent=paid + judged, **money)

    async def _perhaps_charged(self, target: Target, ready: Ready, error: CallError) -> int | None:
        """What a call without an answer counts as: the most it can cost where the endpoint may charge for it, else 0.

        None where nobody can tell.
        """
        if not error.may_have_cost:
            return 0
        if ready.most is not None or ready.ask is None:
            return ready.most
        # Nothing was set aside, as no limit is kept; the sum shown is to be honest all the same.
        return await asyncio.to_thread(self._deps.prices.most, target, ready.ask)

    async def _from_budget(self, lane: Lane, most: int | None) -> Any:
        """A reservation of the target's budget; None where it has none; the refusal where there is no room."""
        target = lane.target
        if target.budget_month is None:
            return None
        return await self._room.take(
            lambda: self._writer.write(self.ledger, target, reserve=most),
            lambda: self._given_up(lane),
        )

    def _stop_for_money(self, lane: Lane, why: str) -> None:
        limit = self._run.max_cost
        said = "."
        if limit is not None:
            said = f": {dollars(self.purse.spent)} of {dollars(limit)} is spent."
        self._stopped = self._stopped or f"{why}{said} Resume the run with a higher limit."
        for other in self._lanes:
            other.refusal = other.refusal or ("budget", self._stopped)
        lane.refusal = lane.refusal or ("budget", self._stopped)
        self.purse.wake()

    def _given_up(self, lane: Lane) -> bool:
        return self._end is not None or lane.refusal is not None

    async def _judged(
        self,
        lane: Lane,
        ready: Ready,
        reply: Reply,
        cost: int | None,
        *,
        before: Callable[[], Awaitable[None]] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], int]:
        """The row of an answer with its scores, and what its judges came to.

        Where a judge does not fit the limits the run stops, and the answer waits with its text and with what its other
        judges said: a resumed run asks those that are missing and pays for nothing again.
        """
        suite = self._suites[ready.call.suite]
        judging = Judging(self._judge, before, known)
        scores = await self._deps.score(
            suite.checks,
            ready.case,
            Answer(reply, cost),
            artifact=self._contents.artifact,
            judge=judging,
        )
        row = row_of(ready, reply, cost, scores)
        if judging.no_room is not None:
            row |= {"state": "waiting", "passed": None, "scores": None}
            row["texts"] = texts_of(ready, reply, judged=dict(judging.kept))
            row["detail"] = packing.storable_text(f"answered, not judged: {judging.no_room}")
            self._stop_for_money(lane, judging.no_room[:1].upper() + judging.no_room[1:])
        return row, judging.spent

    async def _without_answer(
        self,
        lane: Lane,
        ready: Ready,
        error: CallError,
        *,
        held: Any = None,
        paid: int | None = None,
    ) -> None:
        """An error's cost is an estimate: what the call can have cost at most, where it may have been charged."""
        if error.fault in SETTLED_BY_TARGET and lane.refusal is None:
            lane.refusal = (error.fault, error.detail)
        row: dict[str, Any] = {
            "ordinal": ready.call.ordinal,
            "state": "skipped" if error.fault == "no_credentials" else "error",
            "fault": error.fault,
            "detail": packing.storable_text(error.detail[:_TEXT_MAX]),
            "attempts": error.attempts,
        }
        if error.fault != "no_credentials":
            row["passed"] = False
        if ready.request is not None:
            row["texts"] = packing.packed({"request": dict(ready.request)})
        if paid:
            row["cost"] = paid
        money = {"settle": held, "paid": paid} if paid or held is not None else {}
        await self._writer.write(self.ledger, lane.target, row=row, spent=paid or 0, **money)
