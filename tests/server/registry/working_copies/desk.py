"""What the tests of working copies share: short ways to save, commit and rebase as somebody, and an HTTP client."""

from __future__ import annotations

from typing import Any

from bank import ACTORS, AUTHOR, Bank
from fastapi import FastAPI
from starlette.testclient import TestClient

from promptops_server.access.policy import authorise
from promptops_server.app import refusals
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unauthenticated
from promptops_server.registry.edits.put import Put
from promptops_server.registry.routes import RegistryDeps
from promptops_server.registry.routes import router as registry_router
from promptops_server.registry.working_copies import store
from promptops_server.registry.working_copies.commit import Once, commit_copy
from promptops_server.registry.working_copies.look import Shown, get_copy, show_copy
from promptops_server.registry.working_copies.model import Seen, WorkingCopy
from promptops_server.registry.working_copies.rebase import rebase_copy, undo_rebase
from promptops_server.registry.working_copies.routes import WorkingCopyDeps, router
from promptops_server.registry.working_copies.save import Saved, save_copy


def text_of(*says: str) -> str:
    """A prompt file with a message per argument, each with an unchanged line around it."""
    parts = [f"  - role: user\n    content: {word}\n" for word in says]
    return "# ours\nmessages:\n" + "".join(parts)


class Desk:
    """Somebody at work on the bank's prompts."""

    def __init__(self, bank: Bank, actor: Actor = AUTHOR) -> None:
        self.bank = bank
        self.db = bank.db
        self.actor = actor

    def save(self, path: str, text: str, seen: int | None = None, **more: Any) -> Saved:
        state = None if seen is None else Seen(seen)
        return save_copy(self.db, self.actor, authorise, "bank", path, text, seen=state, **more)

    def copy(self, path: str) -> WorkingCopy:
        with self.db.read() as conn:
            return get_copy(conn, self.bank.project, self.actor.subject, path)

    def exists(self, path: str) -> bool:
        with self.db.read() as conn:
            found = store.find(conn, self.bank.project, self.actor.subject, path)
        return found is not None

    def shown(self, path: str, *, diff: bool = False) -> Shown:
        with self.db.read() as conn:
            copy = get_copy(conn, self.bank.project, self.actor.subject, path)
            return show_copy(conn, self.bank.project, copy, diff=diff)

    def commit(self, path: str, key: str | None = None, **more: Any) -> tuple[int, int]:
        """HTTP status and version number."""

        def answer(done: Put) -> tuple[int, dict[str, Any]]:
            return 201 if done.changed else 200, {"version": done.version.number}

        status, body = commit_copy(
            self.db,
            self.actor,
            authorise,
            "bank",
            path,
            answer=answer,
            once=Once(key, "the same"),
            **more,
        )
        return status, body["version"]

    def rebase(self, path: str, **more: Any) -> WorkingCopy:
        return rebase_copy(self.db, self.actor, authorise, "bank", path, **more)

    def undo(self, path: str, **more: Any) -> WorkingCopy:
        return undo_rebase(self.db, self.actor, authorise, "bank", path, **more)


async def _by_name(authorization: str | None, *, ip: str | None, request_id: str | None) -> Actor:
    actor = ACTORS.get((authorization or "").removeprefix("Bearer "))
    if actor is None:
        raise Unauthenticated("There is no such token.")
    return actor


def http(db: Database, as_: str = "ben") -> TestClient:
    """An HTTP client of the registry's routes and those of working copies."""
    app = FastAPI()
    app.state.authenticate = _by_name
    refusals.install(app, refusals.DenialLog(db, per_minute=100))
    for routes in (
        router(WorkingCopyDeps(db, authorise, keep_days=180)),
        registry_router(RegistryDeps(db, authorise)),
    ):
        app.include_router(routes, prefix="/api/v1")
    return TestClient(
        app,
        base_url="http://testserver/api/v1",
        headers={"authorization": f"Bearer {as_}"},
        raise_server_exceptions=True,
    )
