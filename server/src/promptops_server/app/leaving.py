"""The end of the process, once everything is closed."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

import structlog

log = structlog.get_logger(__name__)


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
