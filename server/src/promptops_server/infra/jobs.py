"""Background work that must not be forgotten: the port. `jobs_dbos` is its one implementation.

A job is a registered function and a small JSON payload under an id. A job that was started runs to its end at least
once, across crashes and restarts; starting the same id again does nothing. So job functions are idempotent, and what
inside them must not be repeated is wrapped in `step`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from promptops_server.infra.cursor import Page

JobFunction = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class JobStats:
    """Counts of jobs by state, for metrics and `doctor`."""

    waiting: int
    running: int
    failed: int
    """Ended with an error and will not run again."""


JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job as it stands. Times are microseconds since 1970.

    A repetition is a job of its own: `attempt` counts them, and an attempt that was followed by another is `done`.
    """

    id: str
    kind: str
    """The name it was registered under."""
    key: str
    """What it is about, from its payload: an environment's, project's or run's id; empty for what is scheduled."""
    state: JobState
    attempt: int
    error: str
    """The first line of why it failed; empty otherwise."""
    created_at: int
    started_at: int | None
    ended_at: int | None


class Jobs(Protocol):
    """Register everything, then `launch`; `close` waits a few seconds for running jobs."""

    def register(self, name: str, function: JobFunction) -> None:
        """Make a function startable by name. A function whose steps change needs a new name.

        Raises:
            ValueError: the name is taken.
        """
        ...

    def schedule(self, name: str, every_seconds: float) -> None:
        """Start a registered job every so often, once over all workers of a database."""
        ...

    def start(
        self, name: str, job_id: str, payload: dict[str, Any], *, at_once: bool = False
    ) -> None:
        """Start a job; durable when this returns. The same id again does nothing.

        `at_once` begins it in this process without queueing: for what somebody waits for, and what limits itself.

        Raises:
            KeyError: no job of this name is registered.
        """
        ...

    def step(self, name: str, call: Callable[[], Any]) -> Any:
        """Inside a job: do `call` and remember its JSON result, so that a repeated job does not do it again."""
        ...

    def launch(self) -> None:
        """Begin to run jobs, first those an earlier process of this worker left unfinished."""
        ...

    def close(self) -> None:
        """Stop. What did not finish continues at the next launch."""
        ...

    def stats(self) -> JobStats:
        """How many jobs wait, run and failed."""
        ...

    def page(
        self, *, state: JobState | None, kind: str | None, limit: int, cursor: str | None
    ) -> Page[JobRow]:
        """Jobs, the newest first.

        Raises:
            BadRequest: the cursor is not from here.
        """
        ...

    def retry(self, job_id: str) -> JobRow:
        """Try a failed job once more, as a new job in its place; returns the one that failed.

        Raises:
            NotFound: there is no such job, or nothing is registered under its name any more.
            Conflict: it has not failed.
        """
        ...
