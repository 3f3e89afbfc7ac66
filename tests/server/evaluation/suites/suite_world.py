"""What the tests of suites share: the project `bank` with people, prompts and files, and a client of the routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from promptops_server.access.policy import authorise
from promptops_server.access.tables import user
from promptops_server.app import refusals
from promptops_server.audit.tables import audit_event
from promptops_server.evaluation.model import Suite
from promptops_server.evaluation.suites.find import suites_of
from promptops_server.evaluation.suites.routes import SuiteDeps, router
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unauthenticated
from promptops_server.registry.edits.frame import MAIN, locked
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.git import read
from promptops_server.registry.git.write import commit_blobs, prepare_blob
from promptops_server.registry.model import Version
from promptops_server.registry.projects import create_project
from promptops_server.registry.record import author_of
from promptops_server.registry.versions import get_version

ADMIN = Actor(subject="0190-admin", name="ada", admin=True)
AUTHOR = Actor(subject="0190-author", name="ben", roles=frozenset({"bank:author"}))
VIEWER = Actor(subject="0190-viewer", name="vera", roles=frozenset({"bank:viewer"}))
STRANGER = Actor(subject="0190-stranger", name="sam")
ACTORS = {a.name: a for a in (ADMIN, AUTHOR, VIEWER, STRANGER)}

TRIAGE = """\
inputs:
  claim: {}
messages:
  - {role: user, content: "Sort this: {{ claim }}"}
testData:
  - {claim: A tree fell on my car., expected: motor}
evaluators:
  - {name: team, string: {contains: "{{expected}}"}}
"""
SUITE = """\
name: Weather
cases:
  - name: hail
    inputs: {claim: 42}
    expected: motor
  - inputs: {claim: Rain came in.}
    evaluators: [{name: short, length: {maximum: 9}}]
evaluators:
  - {name: team, required: false, regex: {pattern: mot.r}}
"""


class World:
    """The project and short ways to change it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        with db.write() as tx:
            rows = [
                {
                    "id": a.subject,
                    "name": a.name,
                    "name_fold": a.name,
                    "display_name": a.name.title(),
                    "kind": a.kind,
                    "admin": a.admin,
                    "active": True,
                    "created_at": tx.now,
                }
                for a in ACTORS.values()
            ]
            tx.conn.execute(insert(user), rows)
        self.project = create_project(db, ADMIN, authorise, "bank", "The bank")

    def prompt(self, path: str, text: str = TRIAGE, parent: int | None = None) -> Version:
        """Put a prompt; its version."""
        put_prompt(self.db, AUTHOR, authorise, "bank", path, text, parent=parent)
        with self.db.read() as conn:
            return get_version(conn, self.project, path)

    def files(self, files: Mapping[str, str]) -> str:
        """Commit files as a push would bring them, unchecked; the commit."""
        with locked(self.db, "bank") as (tx, (found,)):
            made = commit_blobs(
                tx,
                found.id,
                ref=MAIN,
                parent=read.head_commit(tx.conn, found.id, MAIN),
                changes={path: prepare_blob(text.encode()) for path, text in files.items()},
                author=author_of(tx.conn, AUTHOR),
                message="Files",
            )
            return made.oid

    def suites(
        self, path: str, version: Version | str, names: list[str] | None = None, **more: Any
    ) -> tuple[Suite, ...]:
        with self.db.read() as conn:
            return suites_of(conn, self.project, path, version, names, **more)

    def events(self, action: str) -> list[str]:
        with self.db.read() as conn:
            rows = conn.execute(
                select(audit_event.c.object_id)
                .where(audit_event.c.log_id == self.project.id, audit_event.c.action == action)
                .order_by(audit_event.c.seq)
            )
            return [row.object_id for row in rows]

    def http(self, as_: str = "ben") -> TestClient:
        """An HTTP client of the routes of suites."""
        app = FastAPI()
        app.state.authenticate = _by_name
        refusals.install(app, refusals.DenialLog(self.db, per_minute=100))
        app.include_router(router(SuiteDeps(self.db, authorise)), prefix="/api/v1")
        return TestClient(
            app,
            base_url="http://testserver/api/v1",
            headers={"authorization": f"Bearer {as_}"},
            raise_server_exceptions=True,
        )


async def _by_name(authorization: str | None, *, ip: str | None, request_id: str | None) -> Actor:
    actor = ACTORS.get((authorization or "").removeprefix("Bearer "))
    if actor is None:
        raise Unauthenticated("There is no such token.")
    return actor
