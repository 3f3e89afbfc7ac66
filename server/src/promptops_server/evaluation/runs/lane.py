"""The calls of one target within a run, made ready a few at a time: rendered, previewed, looked up among stored answers.

Owns what makes two requests the same (`request_key`). Making the calls is `carry_out`'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptops.calls.ask import Ask
from promptops_server.evaluation.model import Case, Suite
from promptops_server.evaluation.runs import kept_answers, packing
from promptops_server.evaluation.runs.asks import Asks, CannotAsk
from promptops_server.evaluation.runs.model import PlannedCall, Run
from promptops_server.evaluation.runs.ports import EngineDeps
from promptops_server.providers.model import CallError, Fault, Reply, Target

AHEAD = 64
"""Calls made ready at once."""
FIRST = 16
"""The same of the very first ones, that nothing is sent before."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A call made ready: either `ask` with its request, or the fault that keeps it from being sent."""

    call: PlannedCall
    case: Case
    ask: Ask | None = None
    request: Mapping[str, Any] | None = None
    key: str | None = None
    most: int | None = None
    stored: Stored | None = None
    fault: Fault | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that is used again, and the run that paid for it.

    `judged` is what its judges said, where it is this very call's and waits for others of them.
    """

    run_id: str
    reply: Reply
    cost: int | None
    judged: Mapping[str, Any] | None = None


class Lane:
    """One target's calls, in order."""

    def __init__(
        self,
        deps: EngineDeps,
        run: Run,
        target: Target,
        asks: Asks,
        suites: Mapping[str, Suite],
        calls: Sequence[PlannedCall],
    ) -> None:
        self._deps = deps
        self._run = run
        self.target = target
        self._asks = asks
        self._cases = {
            (name, case.key): case for name, suite in suites.items() for case in suite.cases
        }
        self._pending = deque(calls)
        self._ready: deque[Ready] = deque()
        self._at_once = FIRST
        self._turn = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None
        self.refusal: tuple[Fault, str] | None = None
        """Why this target is not called any more."""

    @property
    def left(self) -> int:
        """Calls not handed out yet."""
        return len(self._pending) + len(self._ready)

    async def next(self) -> Ready | None:
        """The next call; None when there is none, or the target is not called any more."""
        while self.refusal is None:
            if self._ready:
                if len(self._ready) <= AHEAD // 2 and self._pending and self._idle():
                    self._ahead = asyncio.create_task(self._fill())
                return self._ready.popleft()
            if not self._pending and self._idle() and not self._turn.locked():
                return None
            await self._fill()
        return None

    def _idle(self) -> bool:
        return self._ahead is None or self._ahead.done()

    async def _fill(self) -> None:
        async with self._turn:
            if len(self._ready) > AHEAD // 2 or not self._pending:
                return
            many, self._at_once = min(self._at_once, len(self._pending)), AHEAD
            some = [self._pending.popleft() for _ in range(many)]
            self._ready.extend(await asyncio.to_thread(self._prepare, some))

    def _prepare(self, calls: Sequence[PlannedCall]) -> list[Ready]:
        made: list[Ready] = []
        last: tuple[str, str] | None = None
        for call in calls:
            about = (call.suite, call.case_key)
            made.append(self._one(call) if about != last else self._repeated(made[-1], call))
            last = about
        keys = [ready.key for ready in made if ready.key is not None]
        if not keys:
            return made
        run = self._run
        own: Mapping[int, kept_answers.Kept] = {}
        with self._deps.db.read() as conn:
            if run.attempt > 1:
                own = kept_answers.unjudged(conn, run.id, [ready.call.ordinal for ready in made])
            answers = kept_answers.answers(
                conn, run.project_id, keys, unjudged_of=run.id if run.fresh else None
            )
        return [self._with_stored(ready, own.get(ready.call.ordinal), answers) for ready in made]

    def _one(self, call: PlannedCall) -> Ready:
        case = self._cases[call.suite, call.case_key]
        ask: Ask | None = None
        try:
            ask = self._asks.of(self.target, case)
            request = self._deps.preview(self.target, ask)
        except CannotAsk as error:
            return Ready(call, case, fault="cannot_express", detail=str(error))
        except CallError as error:
            return Ready(call, case, ask, fault=error.fault, detail=error.detail)
        limited = self._run.max_cost is not None or self.target.budget_month is not None
        most = self._deps.prices.most(self.target, ask) if limited else None
        key = request_key(self.target, request, call.repeat)
        return Ready(call, case, ask, request, key, most)

    def _repeated(self, before: Ready, call: PlannedCall) -> Ready:
        request = before.request
        key = None if request is None else request_key(self.target, request, call.repeat)
        return Ready(
            *(call, before.case, before.ask, request, key, before.most, None),
            *(before.fault, before.detail),
        )

    def _with_stored(
        self, ready: Ready, own: kept_answers.Kept | None, answers: Mapping[str, kept_answers.Kept]
    ) -> Ready:
        mine = own is not None and own.request_key == ready.key
        kept = own if mine else answers.get(ready.key or "")
        if kept is None:
            return ready
        texts = packing.unpacked(kept.texts)
        reply = packing.reply_from(texts["reply"])
        judged = texts.get("judged") if mine else None
        return replace(ready, stored=Stored(kept.run_id, reply, kept.cost, judged))


def request_key(target: Target, request: Mapping[str, Any], repeat: int) -> str:
    """What a stored answer is found again by: provider, place, model, the exact body with its seed, which repeat."""
    said = [target.provider, request.get("url"), target.model, request.get("body"), repeat]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
