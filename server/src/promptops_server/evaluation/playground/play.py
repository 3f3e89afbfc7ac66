"""One try under way: every target asked at once, what they say as events in the order it comes.

Nothing of the contents is stored. That models were asked is an audit event, written before anything is sent; what it cost
is counted in the targets' month. Whoever stops listening ends the calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.evaluation.playground.ports import PlayDeps
from promptops_server.evaluation.playground.prepare import Prepared, Question, Wanted, prepare
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.project_lock import lock_project
from promptops_server.providers.model import Caller, CallError, Delta, Reply
from promptops_server.registry.projects import get_project, require_readable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """`start`, `delta`, `done` or `error` of one target, and at last `end`."""

    kind: str
    data: dict[str, Any]


def begin(deps: PlayDeps, actor: Actor, project_name: str, wanted: Wanted) -> Prepared:
    """Everything before the first call: may it be, what is asked, and the audit event.

    Raises:
        Denied: the actor may not test this prompt.
        NotFound, Invalid, CannotRender: as `prepare`.
    """
    require_readable(deps.authorise, actor, project_name)
    rule = require(deps.authorise, actor, "test:run", Resource(project_name, path=wanted.path)).rule
    with deps.db.read() as conn:
        prepared = prepare(conn, deps, get_project(conn, project_name), wanted)
    asked = [q.target.name for q in prepared.questions if q.ask is not None]
    if asked:
        with deps.db.write() as tx:
            lock_project(tx.conn, prepared.project.id)
            record(
                tx,
                AuditEvent(
                    action="playground.call",
                    object=AuditObject(
                        "prompt",
                        f"{project_name}/{wanted.path}",
                        version=None if prepared.version is None else str(prepared.version),
                        hash=prepared.behaviour,
                    ),
                    actor=actor,
                    project=project_name,
                    after={"targets": asked, "most_cost": prepared.most},
                    rule=rule,
                ),
                project_id=prepared.project.id,
            )
    return prepared


class Play:
    """The calls of one try. `events` is read once; `stop` ends what is still under way."""

    def __init__(self, deps: PlayDeps, prepared: Prepared) -> None:
        self._deps = deps
        self._prepared = prepared
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cost: int | None = 0

    async def events(self) -> AsyncIterator[Event | None]:
        """Events as they come; None when there was nothing for the time of a heartbeat."""
        caller = self._deps.caller()
        for question in self._prepared.questions:
            self._put("start", question, **_told(question))
            # Tasks of their own: they settle what was paid even while the listener's request is torn down.
            task = asyncio.create_task(self._ask(caller, question))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        while True:
            try:
                async with asyncio.timeout(self._deps.heartbeat):
                    event = await self._queue.get()
            except TimeoutError:
                yield None
                continue
            if event is None:
                break
            for merged in self._merged(event):
                yield merged
        yield Event("end", {"cost": self._cost})

    def stop(self) -> None:
        """End the calls that are under way."""
        for task in self._tasks:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("play_failed", error=repr(task.exception()))
        if not self._tasks:
            self._queue.put_nowait(None)

    def _merged(self, event: Event) -> list[Event]:
        """The event, and what else waits; neighbouring pieces of one target's text become one."""
        found = [event]
        while not self._queue.empty():
            following = self._queue.get_nowait()
            if following is None:
                self._queue.put_nowait(None)
                break
            last = found[-1]
            same = last.kind == following.kind == "delta"
            if same and last.data["target"] == following.data["target"]:
                joined = {k: last.data[k] + following.data[k] for k in ("text", "reasoning")}
                found[-1] = Event("delta", {**last.data, **joined})
            else:
                found.append(following)
        return found

    def _put(self, kind: str, question: Question, **data: Any) -> None:
        self._queue.put_nowait(Event(kind, {"target": question.target.name, **data}))

    async def _ask(self, caller: Caller, question: Question) -> None:
        try:
            if question.error is not None or question.ask is None:
                raise question.error or CallError("failed", "There is nothing to ask.")
            reply, cost = await self._paid(caller, question)
        except CallError as error:
            self._put(
                "error",
                question,
                fault=error.fault,
                detail=error.detail,
                parameter=error.parameter,
                retry_after=error.retry_after,
            )
        except Exception:
            self._put("error", question, fault="failed", detail="The call failed on this server.")
            raise
        else:
            self._put("done", question, **_answer(reply), cost=cost)

    async def _paid(self, caller: Caller, question: Question) -> tuple[Reply, int | None]:
        """The answer and its cost, within the target's budget."""
        target, ask = question.target, question.ask
        assert ask is not None
        budgets = self._deps.budgets
        held = await run_in_threadpool(budgets.reserve, target, question.most)
        spent: int | None = None  # whoever ends it in between may have to pay all of it

        def on_delta(delta: Delta) -> None:
            if delta.text or delta.reasoning:
                self._put("delta", question, text=delta.text, reasoning=delta.reasoning)

        try:
            reply = await caller.call(target, ask, deadline=self._deps.deadline, on_delta=on_delta)
            spent = self._deps.prices.cost_of(target, reply.usage)
        except CallError as error:
            spent = None if error.may_have_cost else 0
            raise
        finally:
            with suppress(asyncio.CancelledError):
                await run_in_threadpool(budgets.settle, held, spent)
        self._cost = None if self._cost is None or spent is None else self._cost + spent
        return reply, spent


def _told(question: Question) -> dict[str, Any]:
    told = question.told
    tokens = {"count": told.tokens, "exact": told.exact, "tokenizer": told.tokenizer}
    return {
        "model": question.target.model,
        "notes": list(told.notes),
        "tokens": None if told.tokens is None else tokens,
        "most_cost": question.most,
    }


def _answer(reply: Reply) -> dict[str, Any]:
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "refusal": reply.refusal,
        "stop": reply.stop,
        "tool_calls": [asdict(call) for call in reply.tool_calls],
        "usage": asdict(reply.usage),
        "model": reply.model,
        "latency_ms": reply.latency_ms,
        "first_token_ms": reply.first_token_ms,
        "attempts": reply.attempts,
    }
