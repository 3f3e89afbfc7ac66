"""A process ends though a thread never will."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading, time
from promptops_server.app.leaving import leave
threading.Thread(target=time.sleep, args=(float(sys.argv[1]),), name="erase-texts").start()
leave(0.5)
print("nobody left")
"""


@pytest.mark.parametrize(("seconds", "said"), [("0.1", "nobody left"), ("600", "erase-texts")])
def test_the_process_waits_a_moment_for_its_jobs_and_no_longer(seconds: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, seconds], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_the_process_ends_in_time_though_closing_never_does() -> None:
    program = (
        "import time; from promptops_server.app.leaving import leave_at_latest\n"
        "leave_at_latest(0.3); time.sleep(600)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, "stop_cut_short" in done.stdout) == (0, True), done.stderr
