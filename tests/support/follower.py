"""A separate Python process that uses the SDK, as an application would, and reports what it sees."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_PROGRAM = """
import json, sys, threading, time
from promptops import PromptOps, PromptNotLive, PromptSuspended
options, paths = json.loads(sys.argv[1]), json.loads(sys.argv[2])

one_at_a_time = threading.Lock()  # two threads report: the one that follows, and the one that is asked

def look(ops):
    with one_at_a_time:
        seen = {}
        snapshot = ops.snapshot()  # what is reported is one moment, whatever arrives meanwhile
        for path in paths:
            try:
                seen[path] = snapshot.get(path).version
            except PromptSuspended as stop:
                seen[path] = "suspended: " + stop.reason
            except PromptNotLive:
                seen[path] = None
        print(json.dumps({"at": time.time(), "release": snapshot.release,
                          "connected": ops.health().connected, "seen": seen}), flush=True)

with PromptOps(disk_cache=False, start_timeout=20, **options) as ops:
    ops.on_release(lambda _: look(ops))
    look(ops)
    for line in sys.stdin:
        look(ops)
"""


@dataclass
class Follower:
    """`wait_for` what it should see; `look` asks it for its state now."""

    options: dict[str, Any]
    paths: list[str]
    reports: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("PROMPTOPS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps(self.options), json.dumps(self.paths)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True,
        )  # fmt: skip
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(json.loads(line))

    def wait_for(
        self, met: Callable[[dict[str, Any]], bool], timeout: float = 15.0
    ) -> dict[str, Any]:
        """The first report that meets the condition (earlier unread ones count too)."""
        deadline = time.monotonic() + timeout
        last: dict[str, Any] | None = None
        while time.monotonic() < deadline:
            try:
                last = self._queue.get(timeout=0.25)
            except queue.Empty:
                self.look()
                continue
            self.reports.append(last)
            if met(last):
                return last
        raise AssertionError(f"the follower did not get there; its last report was {last}")

    def wait_seen(self, path: str, value: object, timeout: float = 15.0) -> dict[str, Any]:
        """Until `path` is at this version, or stopped in this way."""
        return self.wait_for(lambda r: r["seen"][path] == value, timeout)

    def look(self) -> None:
        """Ask for a report now."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write("look\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(f"the follower ended with {self.process.poll()}") from None

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)
