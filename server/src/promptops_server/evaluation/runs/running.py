"""The runs of this process: one event loop in a thread of its own, one caller, one writer for all of them.

So several runs at once share targets' limits and connections. A job hands its run over and waits for its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

import structlog

from promptops_server.evaluation.runs.carry_out import Carrying
from promptops_server.evaluation.runs.ending import claim, end, hand_back
from promptops_server.evaluation.runs.ports import EngineDeps, OpenCaller
from promptops_server.evaluation.runs.store import cancel_asked
from promptops_server.evaluation.runs.writer import Writer
from promptops_server.infra.problems import Unavailable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether another process was asked to cancel a run."""
GRACE_SECONDS = 5.0
"""How long calls in flight may take when the process ends; what they would have answered is asked again."""


class Running:
    """Starts nothing before the first run; `close` ends it."""

    def __init__(self, deps: EngineDeps) -> None:
        self._deps = deps
        self._lock = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._writer = Writer(deps.db, deps.budgets)
        self._caller: OpenCaller | None = None
        self._here: dict[str, Carrying | None] = {}
        self._closing = False

    def run_job(self, payload: dict[str, Any]) -> None:
        """Carry out one attempt of a run, and return at its end; what is not the newest attempt is left alone.

        Raises:
            Exception: the database could not be reached; the job is repeated.
        """
        run_id, attempt = str(payload["run"]), int(payload["attempt"])
        with self._lock:
            # An attempt that has just ended is still here for a moment while the next one begins.
            self._lock.wait_for(lambda: self._closing or run_id not in self._here)
            if self._closing:
                raise Unavailable("This process ends; the run is carried on by the next one.")
            self._here[run_id] = None
        try:
            self._in_loop(self._carry_out(run_id, attempt))
        finally:
            with self._lock:
                self._here.pop(run_id, None)
                self._lock.notify_all()

    def moved(self, run_id: str) -> int | None:
        """Counts the changes of a run carried out here; None: it is not. Any thread."""
        carrying = self._here.get(run_id)
        return None if carrying is None else carrying.ledger.moved

    def cancel(self, run_id: str) -> None:
        """Stop sending calls of a run, if it is carried out here; its row says already that it is to. Any thread."""
        carrying, loop = self._here.get(run_id), self._loop
        if carrying is not None and loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(carrying.stop, "cancelled")

    def close(self) -> None:
        """Hand every run back and end. What is in flight may end first, for a few seconds."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
            loop = self._loop
        if loop is None:
            return
        asyncio.run_coroutine_threadsafe(self._stop(), loop).result(GRACE_SECONDS + 15)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._writer.close()

    def _in_loop(self, work: Coroutine[Any, Any, None]) -> None:
        with self._lock:
            if self._loop is None:
                self._loop = _new_loop()
                self._writer.start()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="test-runs", daemon=True
                )
                self._thread.start()
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _carry_out(self, run_id: str, attempt: int) -> None:
        deps = self._deps
        claimed = await asyncio.to_thread(claim, deps, run_id, attempt)
        if claimed is None:
            return
        if self._caller is None:
            self._caller = deps.open_caller()
        try:
            carrying = Carrying(
                *(deps, self._caller, self._writer, claimed.run, claimed.contents),
                *(claimed.calls, claimed.now, claimed.project),
            )
            self._here[run_id] = carrying
            if self._closing:
                carrying.stop("interrupted")
            looking = asyncio.create_task(self._look(run_id, carrying))
            try:
                state, problem = await carrying.carry_out()
            finally:
                looking.cancel()
        except* Unavailable as group:
            raise Unavailable(str(group.exceptions[0])) from group
        except* asyncio.CancelledError:
            state, problem = "interrupted", None
        except* Exception as group:
            log.exception("test_run_broke", run=run_id)
            first = _first(group)
            state, problem = "failed", f"The run broke: {type(first).__name__}: {first}"[:500]
        if state == "interrupted":
            await asyncio.to_thread(hand_back, deps, claimed)
        elif state != "lost":
            await asyncio.to_thread(end, deps, claimed, state, problem)

    async def _look(self, run_id: str, carrying: Carrying) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if await asyncio.to_thread(self._asked, run_id):
                    carrying.stop("cancelled")
            except Unavailable:
                continue

    def _asked(self, run_id: str) -> bool:
        with self._deps.db.read() as conn:
            return cancel_asked(conn, run_id)

    async def _stop(self) -> None:
        for carrying in self._here.values():
            if carrying is not None:
                carrying.stop("interrupted")
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        if others:
            _, late = await asyncio.wait(others, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=GRACE_SECONDS)
        if self._caller is not None:
            await self._caller.close()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not on every system
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
