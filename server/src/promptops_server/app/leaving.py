"""The end of the process, once everything is closed."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 12.0
"""From the signal to the end at the latest; supervisors that kill wait for 30, some for 15."""


def leave(patience: float = 5.0) -> None:
    """Return when no thread is left that the interpreter would wait for, else end the process with 0.

    A job that was running when the database went away tries again until it is back, and Python waits for its thread:
    a server that has stopped would not end. What such a job did is repeated at the next start, as after a power cut.

    Args:
        patience: seconds that threads are given to end by themselves.
    """
    until = time.monotonic() + patience
    threads = _waited_for()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if left := [thread.name for thread in threads if thread.is_alive()]:
        log.warning("jobs_left", threads=left)
        _end_now()


def leave_at_latest(seconds: float = STOP_SECONDS) -> None:
    """End the process with 0 that long from now, whatever still holds it. Call it when it is asked to stop.

    A database that takes connections and answers nothing (its machine is gone, its host stands still) holds every
    thread that asks it, for minutes. What is cut off is whole or not there, and goes on at the next start.
    """

    def end() -> None:
        time.sleep(seconds)
        log.warning("stop_cut_short", after_seconds=seconds)
        _end_now()

    threading.Thread(target=end, name="leave-at-latest", daemon=True).start()


def _end_now() -> None:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _waited_for() -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.current_thread()
    ]
