"""A process that releases one prompt back and forth at an even pace, so that whoever is measured does nothing but follow."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_context = multiprocessing.get_context("spawn")


class Releasing:
    """Made by `releasing`."""

    def __init__(self, made: Any) -> None:
        self._made = made

    @property
    def made(self) -> int:
        """Releases acknowledged until now."""
        return int(self._made.value)


@contextmanager
def releasing(
    url: str, token: str, path: str, versions: Sequence[int], *, a_second: float
) -> Iterator[Releasing]:
    """Release while this is entered; `versions` by turns, whichever is live at the start."""
    made, stop = _context.Value("q", 0), _context.Event()
    process = _context.Process(
        target=_release, args=(url, token, path, tuple(versions), a_second, made, stop), daemon=True
    )
    process.start()
    try:
        until = time.monotonic() + 30
        while made.value == 0:  # it starts an interpreter first
            if not process.is_alive() or time.monotonic() > until:
                raise RuntimeError("nothing is released")
            time.sleep(0.02)
        yield Releasing(made)
        if not process.is_alive():
            raise RuntimeError("releasing ended early")
    finally:
        stop.set()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join(5)


def _release(
    url: str,
    token: str,
    path: str,
    versions: tuple[int, ...],
    a_second: float,
    made: Any,
    stop: Any,
) -> None:
    import httpx2

    from benchmarks.stage import publish

    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60) as api:
        prompts = api.get("/projects/bench/environments/staging").json()["items"]
        live = next(prompt["version"] for prompt in prompts if prompt["path"] == path)
        turn, due = versions.index(live), time.monotonic()
        while not stop.is_set():
            turn += 1
            publish(api, "staging", path, versions[turn % len(versions)])
            made.value += 1
            due = max(
                due + 1 / a_second, time.monotonic() - 1
            )  # a second behind at most is made up for
            stop.wait(max(0.0, due - time.monotonic()))
