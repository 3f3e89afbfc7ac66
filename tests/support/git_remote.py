"""The Git remote of one database on a loopback port, with small real answers to its ports."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Decision, Resource
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Denied, Invalid, NotFound, Unauthenticated
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.ports import (
    GitAction,
    NewCommits,
    ProjectLike,
    PushedVersions,
    RefUpdate,
)
from promptops_server.registry.git.smart_http import GitDeps, router
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.tables import project


def allow_anything(actor: Actor, action: Action, resource: Resource) -> Decision:
    """Access for tests that are about something else."""
    return Decision(True, "test")


TOKENS = {"writer-token": "writer", "reader-token": "reader"}


@dataclass(frozen=True)
class ProjectRow:
    id: str
    name: str


@dataclass
class Answers:
    """Answers the remote's ports: two tokens, one rule for `main`, one for environments."""

    db: Database
    denials: list[tuple[str, str, str]] = field(default_factory=list)
    applied: list[tuple[str | None, str | None]] = field(default_factory=list)
    guarded: list[tuple[str, int, list[str]]] = field(default_factory=list)
    tells: list[str] = field(default_factory=list)
    before_check: Callable[[], None] | None = None

    def authenticate(
        self, user: str, password: str, *, ip: str | None, request_id: str | None
    ) -> Actor:
        if password not in TOKENS:
            raise Unauthenticated("This token is not known.", remedy="Create a new one.")
        name = TOKENS[password]
        return Actor(subject=name, name=name, ip=ip, request_id=request_id)

    def access(self, actor: Actor, name: str, action: GitAction) -> ProjectLike:
        with self.db.read() as conn:
            row = conn.execute(select(project).where(project.c.name == name)).first()
        if row is None:
            raise NotFound(f"There is no project {name!r}.", remedy="Look at its name.")
        if action != "project:read" and actor.name == "reader":
            raise Denied("A viewer may not push.", remedy="Ask for the role author.")
        return ProjectRow(row.id, row.name)

    def denied(self, actor: Actor, project: str, action: str, denied: Denied) -> None:
        with (
            self.db.write()
        ):  # as the audit log does: a transaction of its own must be possible here
            self.denials.append((actor.name, project, action))

    # -- RefGuard

    def __call__(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        commits: NewCommits,
    ) -> Callable[[], None] | None:
        assert update.new is not None
        changed = commits.view.changed_files(update.old, update.new)
        self.guarded.append((update.name, len(commits.commits), [c.path for c in changed]))
        if len(commits.commits) != 1 or commits.commits[0].parents != (update.old,):
            raise Denied(
                "A release is exactly one commit on the head.", remedy="Squash, then push."
            )
        if any("fails-later" in c.path for c in changed):

            def fail() -> None:
                raise Invalid("This release cannot be recorded.")

            return fail
        return None

    # -- PushedVersions

    def check(self, view: ObjectView, actor: Actor, project: ProjectLike, update: RefUpdate) -> Any:
        if self.before_check is not None:
            self.before_check()
        assert update.new is not None
        errors = []
        for change in view.changed_files(update.old, update.new):
            if change.new_blob and b"BROKEN" in view.blob(change.new_blob):
                errors.append(
                    {
                        "file": change.path,
                        "line": 3,
                        "column": 5,
                        "key": "messages",
                        "message": "expected a list",
                        "fix": "write '- role: user'",
                    }
                )
        if errors:
            raise Invalid("The tip has invalid prompt files.", errors=errors)
        return len(view.entries(update.new))

    def apply(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        prepared: Any,
    ) -> list[str]:
        assert update.new is not None
        # What was checked before the lock is stored now.
        assert len(ObjectView(tx.conn, project.id).entries(update.new)) == prepared
        self.applied.append((update.old, update.new))
        return self.tells

    def touched(self, prepared: Any) -> int:
        return 0

    def note(self, tx: Transaction, project: ProjectLike, prepared: Any, seq: int) -> None:
        assert seq > 0


@dataclass
class Remote:
    """A running server."""

    port: int
    answers: Answers

    def url(self, name: str, token: str = "writer-token") -> str:
        return f"http://git:{token}@127.0.0.1:{self.port}/git/{name}.git"


@contextmanager
def serve(
    db: Database, limits: Limits | None = None, versions: PushedVersions | None = None
) -> Iterator[Remote]:
    """A real uvicorn in a thread, stopped at the end. `versions` answers what a push to `main` means."""
    answers = Answers(db)
    app = FastAPI()
    app.include_router(
        router(
            GitDeps(
                db=db,
                authenticate=answers.authenticate,
                access=answers.access,
                guard=answers,
                versions=versions or answers,
                denied=answers.denied,
                limits=limits or Limits(),
            )
        )
    )
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    try:
        yield Remote(sock.getsockname()[1], answers)
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


@dataclass
class WorkTree:
    """A folder under the stock client."""

    git: Any
    folder: Path

    def __call__(self, *args: str) -> str:
        return str(self.git(*args, cwd=self.folder))

    def run(self, *args: str) -> Any:
        return self.git.run(*args, cwd=self.folder)

    def write(self, files: dict[str, str | bytes | None], message: str = "Change") -> str:
        """Write files, commit, return the commit's id."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self("add", "-A")
        self("commit", "-q", "-m", message)
        return self("rev-parse", "HEAD")
