"""Telling the application about releases, in a thread of its own.

Owns the order (one listener call after the other, releases in order) and that nothing a
listener does, slow or failing, reaches the follower. Leaves what a release is to `held`.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from promptops.delivery.held import Release

log = logging.getLogger("promptops")
Listener = Callable[[Release], object]


class Announcer:
    """Calls listeners with every release, from one daemon thread that starts with the first
    listener.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._changing = threading.Lock()
        self._waiting: queue.SimpleQueue[Release | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call this listener from now on; returns the function that ends it."""
        with self._changing:
            self._listeners = (*self._listeners, listener)
            if self._thread is None:
                self._start()

        def remove() -> None:
            with self._changing:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return remove

    def put(self, release: Release) -> None:
        """Have every listener called; returns at once."""
        if self._listeners:
            self._waiting.put(release)

    def close(self) -> None:
        """Call no listener after those that run now."""
        self._listeners = ()
        self._waiting.put(None)

    def after_fork(self) -> None:
        """In the child of a fork: keep the listeners, with locks and a thread of our own."""
        self._changing = threading.Lock()
        self._waiting = queue.SimpleQueue()
        self._thread = None
        if self._listeners:
            self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="promptops-callbacks", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        waiting = self._waiting
        while (release := waiting.get()) is not None:
            for listener in self._listeners:
                try:
                    listener(release)
                except BaseException:  # SystemExit too: it would end all callbacks with this thread
                    log.exception("an on_release callback failed for release %s", release.number)
