"""The clock of emergencies: a thread in every server and worker that takes back what nobody ratified in time.

Any number of them may run on one database: the row is read again under the project lock and ends in the transaction of
the release that takes it back. What came due while nothing ran is acted upon at the next start, however late.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.repeating import Repeating
from promptops_server.registry.projects import get_project_by_id
from promptops_server.releases import environments
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.settle import settle
from promptops_server.releases.ports import ReleaseDeps

log = structlog.get_logger(__name__)

AGAIN_US = 60 * 1_000_000
"""Wait after an error nobody foresaw; it is tried until it is done."""


class EmergencyTimer:
    """A thread of its own between `start` and `close`.

    Args:
        poll_seconds: how often to look for emergencies that other processes released.
        clock: the time in microseconds.
    """

    def __init__(
        self,
        deps: ReleaseDeps,
        *,
        poll_seconds: float = 5.0,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self._deps = deps
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._not_before: dict[str, int] = {}
        self._thread = Repeating("emergency", self._round, otherwise=poll_seconds)

    def start(self) -> None:
        """Begin; what came due while nothing ran goes first."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the release under way."""
        self._thread.close()

    def run_due(self) -> int:
        """Take back what is due, one after the other; returns how many ended.

        Raises:
            Unavailable: the database is down.
        """
        now = self._clock()
        with self._deps.db.read() as conn:
            waiting = store.due(conn, now)
        ended = 0
        for emergency_id, project_id in waiting:
            if self._thread.stopping:
                break
            if self._not_before.get(emergency_id, 0) > now:
                continue
            try:
                ended += self._end(emergency_id, project_id)
                self._not_before.pop(emergency_id, None)
            except Unavailable:
                raise
            except Exception:  # the next ones are not to wait for this one
                self._not_before[emergency_id] = now + AGAIN_US
                log.exception("emergency_not_ended", emergency=emergency_id)
        return ended

    def _end(self, emergency_id: str, project_id: str) -> bool:
        with self._deps.db.write() as tx:
            lock_project(tx.conn, project_id)
            found = store.by_id(tx.conn, emergency_id)
            if found is None or found.state != "open" or found.deadline > self._clock():
                return False  # ratified, refused, or ended by another process meanwhile
            project = get_project_by_id(tx.conn, project_id)
            place = environments.get(tx.conn, project_id, found.environment)
            why = (
                f"Emergency {found.incident} (r{found.release}) was not ratified by "
                f"{to_text(found.deadline)}"
            )
            state, _ = settle(self._deps, tx, project, place, found, why)
        log.warning("emergency_ended", project=project.name, release=found.release, state=state)
        return True

    def _round(self) -> float:
        self.run_due()
        with self._deps.db.read() as conn:
            at = store.next_deadline(conn)
        if at is None or at <= self._clock():
            return self._poll_seconds
        return min(self._poll_seconds, (at - self._clock()) / 1_000_000)
