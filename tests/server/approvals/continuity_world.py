"""A project with prompts and people: real database, real access; papers and places are said by the test."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from promptops_server.access.policy import authorise
from promptops_server.access.signing import Components, Signer
from promptops_server.approvals.continuity import ContinuityDeps
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.workflow.demands import demands_of
from promptops_server.approvals.workflow.progress import Progress
from promptops_server.audit.read import entries_of
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.tables import installation, outbox
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.model import Project
from promptops_server.registry.projects import create_project

DAY = 86_400 * 1_000_000
FILE = "messages:\n  - role: user\n    content: {text}\n"


def person(name: str, *roles: str, **more: Any) -> Actor:
    """Somebody who holds these roles in every project."""
    return Actor(
        subject=f"id-of-{name}", name=name, roles=frozenset(f"*:{role}" for role in roles), **more
    )


ADA = person("ada", "author")
REV = person("rev", "reviewer")
APP = person("app", "approver")
RIK = person("rik", "risk")
ROBOT = person("robot", "risk", "approver", "reviewer", kind="service")


def everybody_signs(tx: Transaction, actor: Actor, components: Components) -> Signer:
    """Answers the port `CheckSigner`: what a signature asks for is the tests' of signing."""
    return Signer(actor.subject, actor.identity, actor.name, ("password",), "", tx.now)


class ContinuityWorld:
    """One project with `claims/triage`, `claims/letter` and `cards/limit`, all written by ada."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.papers: dict[str, Paperwork] = {}
        """By path; what is missing is approved at tier low."""
        self.live_gated: dict[str, list[str]] = {}
        self.humans: dict[str, str] = {}
        """Account to human, where that is not the same."""
        with db.write() as tx:
            tx.conn.execute(insert(installation).values(id=new_id(), epoch=1, created_at=tx.now))
        self.project: Project = create_project(db, ADA, authorise, "retail-bank")
        for path in ("claims/triage", "claims/letter", "cards/limit"):
            self.put(path, "one")
        self.deps = ContinuityDeps(
            db,
            authorise,
            papers=self._papers,
            places=self,
            identities=self._identities,
            check_signer=everybody_signs,
        )

    def put(self, path: str, text: str, actor: Actor = ADA, parent: int | None = None) -> int:
        """Write a version; its number."""
        made = put_prompt(
            self.db, actor, authorise, "retail-bank", path, FILE.format(text=text), parent=parent
        )
        return made.version.number

    def names(self, conn: Connection, project_id: str) -> Mapping[str, str]:
        """Answers `Places`."""
        return {"e1": "production", "e2": "pilot"}

    def gated(self, conn: Connection, project_id: str, path: str) -> Sequence[str]:
        """Answers `Places`."""
        return self.live_gated.get(path, [])

    def _papers(
        self,
        conn: Connection,
        project: Project,
        environment: str,
        contents: Sequence[tuple[str, int]],
        now: int,
    ) -> Mapping[tuple[str, int], Paperwork]:
        return {key: self.papers.get(key[0], paper()) for key in contents}

    def _identities(self, conn: Connection, subjects: Collection[str]) -> Mapping[str, str]:
        return {subject: self.humans.get(subject, subject) for subject in subjects}

    def events(self, action: str) -> list[dict[str, Any]]:
        """Audit events of an action, in order."""
        with self.db.read() as conn:
            rows = conn.execute(
                select(audit_event.c.log_id, audit_event.c.seq)
                .where(audit_event.c.action == action)
                .order_by(audit_event.c.seq)
            ).all()
            return [entries_of(conn, row.log_id, [row.seq])[0] for row in rows]

    def told(self, event: str) -> list[dict[str, Any]]:
        """Outbox rows of topic `review` with this event."""
        with self.db.read() as conn:
            rows = conn.execute(
                select(outbox.c.payload).where(outbox.c.topic == "review").order_by(outbox.c.id)
            ).scalars()
            return [p for p in map(json.loads, rows) if p["event"] == event]


def paper(tier: Any = "low", **more: Any) -> Paperwork:
    """Approved papers at a tier."""
    base = Paperwork(
        tier=tier,
        residual_tier=tier,
        demands=demands_of(tier or "high"),
        request=1,
        progress=Progress("approved", approved_at=1),
    )
    return dataclasses.replace(base, **more)
