"""What the registry's tests share: actors with real roles, prompt files, an application on one database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import Connection, insert, select
from starlette.testclient import TestClient

from promptops_server.access.policy import authorise
from promptops_server.access.tables import user
from promptops_server.app import refusals
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import NotFound, ProblemError, Unauthenticated
from promptops_server.registry.edits.put import Put, put_prompt
from promptops_server.registry.model import LivePlace
from promptops_server.registry.projects import create_project
from promptops_server.registry.rendering.models import RenderModels
from promptops_server.registry.routes import RegistryDeps, router

ADMIN = Actor(subject="0190-admin", name="ada", admin=True)
AUTHOR = Actor(subject="0190-author", name="ben", roles=frozenset({"bank:author"}))
OTHER = Actor(subject="0190-other", name="cleo", roles=frozenset({"bank:author"}))
VIEWER = Actor(subject="0190-viewer", name="vera", roles=frozenset({"bank:viewer"}))
STRANGER = Actor(subject="0190-stranger", name="sam")
ACTORS = {a.name: a for a in (ADMIN, AUTHOR, OTHER, VIEWER, STRANGER)}

TRIAGE = """\
# Sorts incoming claims.
name: Triage
description: Sorts motor claims
model: openai/gpt-4o
messages:
  - role: system
    content: Sort the claim.   # one word
  - role: user
    content: "{{ claim }}"
tags: [claims, Motor]
"""


def prompt_text(says: str, **keys: str) -> str:
    """A small prompt file whose one message says this."""
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"{head}messages:\n  - role: user\n    content: {says}\n"


def _user_row(actor: Actor, now: int) -> dict[str, Any]:
    return {
        "id": actor.subject,
        "name": actor.name,
        "name_fold": actor.name,
        "display_name": actor.name.title(),
        "kind": actor.kind,
        "admin": actor.admin,
        "active": True,
        "created_at": now,
    }


class Bank:
    """The project `bank` of one database, and short ways to change it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        with db.write() as tx:
            tx.conn.execute(insert(user), [_user_row(actor, tx.now) for actor in ACTORS.values()])
        self.project = create_project(db, ADMIN, authorise, "bank", "The bank")

    def put(
        self, path: str, text: str, parent: int | None = None, actor: Actor = AUTHOR, **more: Any
    ) -> Put:
        """Put a prompt as its author."""
        return put_prompt(self.db, actor, authorise, "bank", path, text, parent=parent, **more)

    def events(self, action: str) -> list[str]:
        """The audited objects of an action in this project, in order."""
        with self.db.read() as conn:
            rows = conn.execute(
                select(audit_event.c.object_id)
                .where(audit_event.c.log_id == self.project.id, audit_event.c.action == action)
                .order_by(audit_event.c.seq)
            )
            return [row.object_id for row in rows]


class LiveTable:
    """Answers `LiveVersion` from a plain table: environment to path to version."""

    def __init__(self, **environments: Mapping[str, int]) -> None:
        self.environments_ = environments

    def live(self, conn: Connection, project_id: str, environment: str, path: str) -> int | None:
        if environment not in self.environments_:
            raise NotFound(f"The project has no environment {environment!r}.")
        return self.environments_[environment].get(path)

    def where(
        self, conn: Connection, project_id: str, paths: Sequence[str]
    ) -> Mapping[str, tuple[LivePlace, ...]]:
        return {
            path: tuple(
                LivePlace(name, live[path])
                for name, live in self.environments_.items()
                if path in live
            )
            for path in paths
        }

    def environments(self, conn: Connection, project_id: str) -> Sequence[str]:
        return list(self.environments_)


def together(*jobs: Callable[[], object]) -> list[object]:
    """Run all at once; what each returned or raised."""
    results: list[object] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(index: int) -> None:
        start.wait()
        try:
            results[index] = jobs[index]()
        except ProblemError as problem:
            results[index] = problem

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


async def _by_name(authorization: str | None, *, ip: str | None, request_id: str | None) -> Actor:
    """`Bearer NAME` is that actor: what `access` does with real tokens is tested there."""
    actor = ACTORS.get((authorization or "").removeprefix("Bearer "))
    if actor is None:
        raise Unauthenticated("There is no such token.")
    return actor


def client(
    db: Database,
    live: LiveTable | None = None,
    as_: str = "ben",
    models: RenderModels | None = None,
) -> TestClient:
    """An HTTP client of the registry's routes on this database."""
    app = FastAPI()
    app.state.authenticate = _by_name
    refusals.install(app, refusals.DenialLog(db, per_minute=100))
    routes: APIRouter = router(
        RegistryDeps(db, authorise, live or LiveTable(), models=models or RenderModels())
    )
    app.include_router(routes, prefix="/api/v1")
    return TestClient(
        app,
        base_url="http://testserver/api/v1",
        headers={"authorization": f"Bearer {as_}"},
        raise_server_exceptions=True,
    )
