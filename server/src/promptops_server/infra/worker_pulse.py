"""Who is alive among several workers on one database: a row per worker, touched every few seconds.

Whoever finds a row untouched for too long deletes it, and the one whose delete hit inherits the dead worker's jobs.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from promptops_server.infra.database import Database
from promptops_server.infra.tables import job_worker


class WorkerPulse:
    """The heartbeat of one worker.

    Args:
        worker_id: this worker's name among its peers.
        dead_after: seconds of silence after which a peer counts as dead.
    """

    def __init__(self, database: Database, worker_id: str, dead_after: float) -> None:
        self._database = database
        self._worker_id = worker_id
        self._dead_after_us = int(dead_after * 1_000_000)
        self.interval = dead_after / 3

    def beat(self) -> None:
        """Say that this worker lives."""
        with self._database.write() as tx:
            touched = tx.conn.execute(
                update(job_worker)
                .where(job_worker.c.id == self._worker_id)
                .values(seen_at=tx.now)
                .returning(job_worker.c.id)
            ).first()
            if touched is None:
                insert = postgresql.insert if tx.conn.dialect.name != "sqlite" else sqlite.insert
                tx.conn.execute(
                    insert(job_worker)
                    .values(id=self._worker_id, started_at=tx.now, seen_at=tx.now)
                    .on_conflict_do_update(index_elements=["id"], set_={"seen_at": tx.now})
                )

    def bury_dead(self) -> list[str]:
        """Names of peers that died; each is given to exactly one caller."""
        with self._database.read() as conn:
            names = list(conn.execute(select(job_worker.c.id)).scalars())
        if set(names) <= {self._worker_id}:
            return []
        with self._database.write() as tx:
            return list(
                tx.conn.execute(
                    delete(job_worker)
                    .where(
                        job_worker.c.id != self._worker_id,
                        job_worker.c.seen_at < tx.now - self._dead_after_us,
                    )
                    .returning(job_worker.c.id)
                ).scalars()
            )
