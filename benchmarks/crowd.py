"""Many followers or bare subscribers in a few processes of their own, which tell when each had a release.

Times are of the machine's monotonic clock (`time.perf_counter`), which its processes share.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_context = multiprocessing.get_context("spawn")
PATIENCE = 60.0
"""Seconds that a crowd may take for one answer; a figure that takes longer is none."""


_KEPT = 100
"""Releases whose times are kept."""


class _Moments:
    """When each of `count` members had a number; members call `note` from threads of their own."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._at: dict[int, list[float]] = {}

    def note(self, number: int) -> None:
        """A member has it now."""
        now = time.perf_counter()
        with self._changed:
            times = self._at.setdefault(number, [])
            times.append(now)
            self._at.pop(number - _KEPT, None)
            if len(times) == self._count:
                self._changed.notify_all()

    def take(self, number: int) -> list[float]:
        """The times of all members, once every one has it. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: len(self._at.get(number, ())) >= self._count, PATIENCE
            ):
                here = len(self._at.get(number, ()))
                raise TimeoutError(f"{here} of {self._count} have release {number}")
            found = self._at.pop(number)
            self._at = {n: times for n, times in self._at.items() if n > number}
            return found


def _followers(pipe: Any, count: int, options: dict[str, Any]) -> None:
    """The SDK `count` times. The moment is when a read would find the release."""
    from promptops import PromptOps

    moments = _Moments(count)
    with ExitStack() as stack:
        for _ in range(count):
            ops = stack.enter_context(PromptOps(disk_cache=False, start_timeout=30, **options))
            assert ops.health().connected, ops.health()
            # The follower calls this right after the swap; a callback of `on_release` would come a thread later.
            ops._follower.announcer.put = lambda release: moments.note(release.number)  # type: ignore[method-assign]
        _serve(pipe, moments.take)


def _subscribers(pipe: Any, count: int, options: dict[str, Any]) -> None:
    """As many subscriptions as bare as the same library allows: a connection and a thread each."""
    import redis

    moments = _Moments(count)

    def listen(subscription: Any) -> None:
        while True:
            message = subscription.get_message(ignore_subscribe_messages=True, timeout=PATIENCE)
            if message:
                moments.note(int(message["data"][:8]))

    for _ in range(count):
        subscription = redis.Redis.from_url(options["redis_url"]).pubsub()
        subscription.subscribe("floor")
        assert subscription.get_message(timeout=10)
        threading.Thread(target=listen, args=(subscription,), daemon=True).start()
    _serve(pipe, moments.take)


def _serve(pipe: Any, take: Callable[[int], list[float]]) -> None:
    from benchmarks.rows.memory import resident_mb

    pipe.send("ready")
    while (asked := pipe.recv()) is not None:
        if asked == "memory":
            pipe.send(resident_mb("self"))
            continue
        if asked == "cpu":
            pipe.send(time.process_time())
            continue
        try:
            pipe.send(take(asked))
        except TimeoutError as error:
            pipe.send(str(error))


@dataclass
class Crowd:
    """Running processes; `pipes` lead to them."""

    pipes: Sequence[Any]

    def times(self, number: int) -> list[float]:
        """When each member had this release, once all have it. Raises RuntimeError where some never do."""
        found: list[float] = []
        for answer in self._ask(number):
            if isinstance(answer, str):
                raise RuntimeError(answer)
            found += answer
        return found

    def memory(self) -> float:
        """Resident memory of all its processes, MB."""
        return sum(self._ask("memory"))

    def cpu(self) -> float:
        """Seconds of CPU that its processes have used."""
        return sum(self._ask("cpu"))

    def _ask(self, what: object) -> list[Any]:
        for pipe in self.pipes:
            pipe.send(what)
        answers = []
        for pipe in self.pipes:
            if not pipe.poll(PATIENCE + 10):
                raise RuntimeError("a process of followers does not answer")
            answers.append(pipe.recv())
        return answers


def processes_for(count: int) -> int:
    """How many processes a crowd of this size is spread over."""
    return 1 if count == 1 else 2 if count <= 100 else 5


@contextmanager
def crowd(kind: str, count: int, *, among: int | None = None, **options: Any) -> Iterator[Crowd]:
    """`count` members of a kind (`follower`, `subscriber`) in `among` processes, ready when this is entered."""
    target = {"follower": _followers, "subscriber": _subscribers}[kind]
    processes, pipes = [], []
    among = among or processes_for(count)
    try:
        for index in range(among):
            ours, theirs = _context.Pipe()
            share = count // among + (index < count % among)
            process = _context.Process(target=target, args=(theirs, share, options), daemon=True)
            process.start()
            theirs.close()  # so that the end of a process is seen here
            processes.append(process)
            pipes.append(ours)
        for pipe in pipes:
            if not pipe.poll(2 * PATIENCE):
                raise RuntimeError("the followers did not start in time")
            pipe.recv()
        yield Crowd(pipes)
    finally:
        for pipe in pipes:
            try:
                pipe.send(None)
            except OSError:
                continue
        for process in processes:
            process.join(0.5)
            if process.is_alive():
                process.kill()
                process.join(5)


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis of our own; its URL."""
    import tempfile

    from promptops_server.infra.redis_process import RedisProcess

    with tempfile.TemporaryDirectory(prefix="po-") as folder:
        process = RedisProcess(Path(folder))
        process.start()
        try:
            yield process.url
        finally:
            process.stop()
