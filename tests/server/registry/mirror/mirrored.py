"""The registry's bank with a mirror: the jobs of the outbox are run by hand, so that tests decide when."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from bank import ACTORS, ADMIN, Bank, prompt_text
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from promptops_server.access.policy import authorise
from promptops_server.app import refusals
from promptops_server.infra import outbox
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unauthenticated
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.git import read
from promptops_server.registry.git.write import commit_blobs, move_ref, prepare_blob
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.credentials import SEALED_FOR
from promptops_server.registry.mirror.hosts import HostRules
from promptops_server.registry.mirror.model import Mirror
from promptops_server.registry.mirror.push import PushDeps, push_mirrors
from promptops_server.registry.mirror.remote import Limits
from promptops_server.registry.mirror.retries import queue_due
from promptops_server.registry.mirror.routes import MirrorDeps, router
from promptops_server.registry.mirror.set_mirror import PasswordGiven, Wanted, set_mirror
from promptops_server.registry.record import author_of
from support.git_http import GitHost

LIMITS = Limits(
    hosts=HostRules.of("127.0.0.1"), plain_http=True, connect_seconds=2, push_seconds=20
)
SECRET = b"the installation's secret, long enough"

__all__ = ["ADMIN", "Mirrored", "prompt_text"]


class Mirrored(Bank):
    """`bank`, the host it is mirrored to, and what an attempt needs."""

    def __init__(self, db: Database, host: GitHost) -> None:
        super().__init__(db)
        self.host = host
        self.deps = PushDeps(
            db, Sealer(SECRET, SEALED_FOR), LIMITS, retry_first=100, retry_longest=300,
            luck=lambda: 0.0,
        )  # fmt: skip

    def set(self, url: str | None = None, **more: Any) -> Mirror:
        """Set the mirror as an administrator."""
        given = more.pop("given", PasswordGiven(self.host.user, self.host.password))
        wanted = Wanted(url or self.host.url(), given=given, **more)
        mirror, _ = set_mirror(
            self.db, ADMIN, authorise, self.deps.sealer, self.deps.limits, "bank", wanted
        )
        return mirror

    def run_jobs(self) -> int:
        """Do what the dispatcher and the job queue do: one attempt for all waiting rows; returns the rows."""
        with self.db.read() as conn:
            rows = [row for row in outbox.waiting(conn) if row.topic == "mirror"]
        if rows:
            with self.db.write() as tx:
                outbox.mark_dispatched(tx.conn, [row.id for row in rows], tx.now)
            push_mirrors(self.deps, rows[-1].key, rows[-1].payload["run"])
        return len(rows)

    def settle(self) -> Mirror:
        """Run jobs until nothing waits."""
        while self.run_jobs():
            pass
        return self.mirror

    def retry(self) -> Mirror:
        """The time of the next attempt comes: what the retries' thread does then, and the job."""
        assert self.mirror.next_attempt_at is not None
        with self.db.write() as tx:
            store.change(tx.conn, self.mirror.id, {"next_attempt_at": tx.now})
        assert queue_due(self.db) == 1
        assert queue_due(self.db) == 0, "two processes do not start it twice"
        return self.settle()

    @property
    def mirror(self) -> Mirror:
        with self.db.read() as conn:
            found = store.mirror_of(conn, self.project.id)
        assert found is not None
        return found

    @property
    def refs(self) -> dict[str, str]:
        """The project's refs."""
        with self.db.read() as conn:
            return read.refs(conn, self.project.id)

    def pushed(self) -> dict[str, str]:
        """What the mirror is known to hold."""
        with self.db.read() as conn:
            return store.pushed_refs(conn, self.mirror.id)

    def branch(self, name: str, *, parent: str | None = None, text: str = "x") -> str:
        """A commit on a branch, straight in the repository."""
        with self.db.write() as tx:
            made = commit_blobs(
                tx, self.project.id, ref=name, parent=parent,
                changes={"notes.txt": prepare_blob(text.encode())},
                author=author_of(tx.conn, ADMIN), message=f"{name} {text}",
            )  # fmt: skip
        return made.oid

    def move(self, name: str, old: str | None, new: str | None) -> None:
        """Move a ref as a push would."""
        with self.db.write() as tx:
            move_ref(tx, self.project.id, name, old, new)

    def run_id(self) -> str:
        """An id for a run of the job."""
        return str(uuid.uuid4())

    def with_limits(self, **changes: Any) -> None:
        """Change the operator's settings."""
        self.deps = replace(self.deps, limits=replace(self.deps.limits, **changes))

    def client(self, as_: str = "ada") -> TestClient:
        """An HTTP client of the mirror's routes."""
        app = FastAPI()

        async def by_name(authorization: str | None, *, ip: Any, request_id: Any) -> Any:
            actor = ACTORS.get((authorization or "").removeprefix("Bearer "))
            if actor is None:
                raise Unauthenticated("There is no such token.")
            return actor

        app.state.authenticate = by_name
        refusals.install(app, refusals.DenialLog(self.db, per_minute=100))
        deps = MirrorDeps(self.db, authorise, self.deps.sealer, self.deps.limits)
        app.include_router(router(deps), prefix="/api/v1")
        return TestClient(
            app,
            base_url="http://testserver/api/v1",
            headers={"authorization": f"Bearer {as_}"},
        )

    def rows_of(self, table: Any) -> list[tuple[Any, ...]]:
        """Every row of a table, for looking at what is stored."""
        with self.db.read() as conn:
            return [tuple(row) for row in conn.execute(select(table))]
