"""A process may fork at any moment: nothing that a thread of the parent holds then may keep the child from following."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from promptops.delivery.entries import EntryTree
from promptops.delivery.header import Header
from promptops.delivery.once import once

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")


class Slow:
    """Its value can be held up."""

    def __init__(self, go_on: threading.Event, begun: threading.Event) -> None:
        self.go_on = go_on
        self.begun = begun
        self.made = 0

    @once
    def value(self) -> int:
        """The value."""
        self.made += 1
        self.begun.set()
        assert self.go_on.wait(20)
        return 7


def in_child(does: Callable[[], bool], within: float = 5.0) -> bool:
    """Whether a forked child did it, in time."""
    child = os.fork()
    if child == 0:
        os._exit(0 if does() else 1)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def test_a_value_is_computed_once_and_documented() -> None:
    done = threading.Event()
    done.set()
    slow = Slow(done, threading.Event())
    assert (slow.value, slow.value, slow.made) == (7, 7, 1)
    assert Slow.value.__doc__ == "The value."


def test_a_child_forked_while_a_value_is_computed_can_compute_others() -> None:
    go_on, begun = threading.Event(), threading.Event()
    held_up = Slow(go_on, begun)
    thread = threading.Thread(target=lambda: held_up.value)
    thread.start()
    assert begun.wait(10)

    def child() -> bool:
        free = threading.Event()
        free.set()
        return Slow(free, threading.Event()).value == 7

    assert in_child(child)
    go_on.set()
    thread.join(10)


def test_what_a_release_computes_is_computed_so() -> None:
    for kind, name in ((Header, "statement"), (Header, "hash"), (EntryTree, "root")):
        assert isinstance(vars(kind)[name], once)


def test_following_imports_nothing_in_its_thread() -> None:
    """What is imported there while the process forks could never be imported by the child."""
    program = """
import sys, threading
from promptops import PromptOps
ops = PromptOps("http://127.0.0.1:9", "t", "p", "e", start_timeout=0, disk_cache=False)
for name in ("httpx2", "cryptography.hazmat.primitives.asymmetric.ed25519"):
    assert name in sys.modules, name
ops.close()
ops = PromptOps(redis_url="redis://127.0.0.1:9", project="p", environment="e", start_timeout=0, disk_cache=False,
                trust_key="A" * 43 + "=")
assert "redis.retry" in sys.modules
ops.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
