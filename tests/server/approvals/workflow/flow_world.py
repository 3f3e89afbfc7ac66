"""A project with people in every role: real database, access, gate, papers and releases; signatures by a stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, update

from promptops.delivery.header import key_id_of, sign_header
from promptops_server.access.grants import add_grant
from promptops_server.access.policy import authorise
from promptops_server.access.signing import Components, Signer
from promptops_server.access.standing import actor_now
from promptops_server.access.users import create_user, grants_of
from promptops_server.approvals.gate import gate
from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.decide import Decided, Given, decide
from promptops_server.approvals.workflow.demands import DAY_US, Tightening
from promptops_server.approvals.workflow.papers import Around, Case, PaperReader
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.request import request_review
from promptops_server.approvals.workflow.status import case_of
from promptops_server.approvals.workflow.tables import review_decision, review_request
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Denied
from promptops_server.infra.tables import installation
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.projects import create_project
from promptops_server.registry.versions import find_version
from promptops_server.releases import environments, publish, rollback
from promptops_server.releases.live import LiveVersions, live_now
from promptops_server.releases.model import Delivery, Outcome, Pick
from promptops_server.releases.ports import ReleaseDeps
from support.reviewed_files import reviewed_prompt

PROJECT = "bank"
PEOPLE = {
    "ada": "author",
    "ben": "author",
    "rita": "reviewer",
    "ross": "reviewer",
    "val": "validator",
    "abe": "approver",
    "amy": "approver",
    "rob": "risk",
    "pia": "publisher",
    "pat": "publisher",
    "vic": "viewer",
    "maria.lopez": "viewer",
    "tom.becker": "viewer",
    "lena.vogt": "viewer",
}
"""Who is there, and in which role."""
PASSWORD = "correct horse battery"


class Flow:
    """The project `bank`, and short words for what its people do."""

    def __init__(self, db: Database, more: Tightening | None = None) -> None:
        self.db = db
        self.key = Ed25519PrivateKey.generate()
        with db.write() as tx:
            if tx.conn.execute(select(installation.c.id)).first() is None:
                tx.conn.execute(
                    insert(installation).values(id=new_id(), epoch=1, created_at=tx.now)
                )
        self.actors: dict[str, Actor] = {}
        for name, role in PEOPLE.items():
            self.add_person(name, role)
        self.add_person("bot", "reviewer", "approver", "publisher", "author", kind="service")
        self.actors["root"] = Actor("id-of-root", "root", admin=True)
        self.more = more or Tightening()
        papers = PaperReader(
            self.more,
            Around(
                waivers=lambda conn, project_id, paths, environment, now: {},
                overdue=lambda conn, project_id, paths, now: {},
                retired=lambda conn, project_id, paths: {},
            ),
        )
        self.papers = papers
        self.releases = ReleaseDeps(
            db, authorise, self._sign, self._project, gate, actor_now, papers
        )
        self.deps = WorkflowDeps(db, authorise, LiveVersions(), check_signer, self.more)
        self.project = create_project(
            db,
            self.actors["root"],
            authorise,
            PROJECT,
            on_created=[environments.create_defaults(self._sign)],
        )

    def add_person(self, name: str, *roles: str, email: str = "", kind: str = "person") -> Actor:
        """Create an account that holds these roles on the project."""
        with self.db.write() as tx:
            found = create_user(tx, SYSTEM, name, email=email or f"{name}@bank.example", kind=kind)
            for role in roles:
                add_grant(tx, SYSTEM, name, PROJECT, role)
            actor = Actor(
                found.id,
                name,
                kind="service" if kind == "service" else "person",
                roles=grants_of(tx.conn, found.id),
            )
        self.actors[name] = actor
        return actor

    def _sign(self, statement_text: str, as_of_text: str) -> tuple[str, str]:
        key_id = key_id_of(self.key.public_key().public_bytes_raw())
        header = sign_header(self.key, statement_text, as_of_text, key_id=key_id)
        return header.key_id, header.signature

    def _project(self, environment_id: str) -> Delivery:
        return "applied"

    def put(
        self, path: str = "hours", text: str | None = None, *, by: str = "ada", **file: Any
    ) -> int:
        """Write the next version; its number."""
        with self.db.read() as conn:
            found = find_version(conn, self.project, path)
        made = put_prompt(
            self.db,
            self.actors[by],
            authorise,
            PROJECT,
            path,
            reviewed_prompt(**file) if text is None else text,
            parent=None if found is None or found.archived else found.number,
        )
        return made.version.number

    def ask(self, path: str = "hours", number: int | None = None, *, by: str = "ada") -> int:
        """Ask for a review; the request's number."""
        return request_review(self.deps, self.actors[by], self.project, path, number=number).number

    def decide(
        self, number: int, by: str, verdict: str = "approve", *, signs: bool = False, **given: Any
    ) -> Decided:
        """Decide about a request."""
        if signs:
            given["components"] = Components(PASSWORD, "123456")
        if verdict in ("request_changes", "reject", "revoke"):
            given.setdefault("reason", "It will not do")
        if by == "val" and verdict == "approve":
            given.setdefault("report_hash", "a" * 64)
        given["accept"] = frozenset(given.get("accept", ()))
        return decide(self.deps, self.actors[by], self.project, number, Given(verdict, **given))

    def approved(self, path: str = "hours", tier: str = "low", **file: Any) -> tuple[int, int]:
        """A version that is approved: its number and its request's."""
        version = self.put(path, tier=tier, **file)
        request = self.ask(path)
        if tier == "medium":
            self.decide(request, "rita")
        if tier == "high":
            self.decide(request, "rita", signs=True)
            self.decide(request, "val", signs=True)
            self.decide(request, "abe", signs=True)
        self.decide(request, "rob" if tier == "high" else "abe", signs=tier == "high")
        return version, request

    def publish(self, *picks: str, by: str = "pia", to: str = "production", **more: Any) -> Outcome:
        """Publish `hours` or `hours@2`."""
        wanted = []
        for item in picks or ("hours",):
            path, _, number = item.partition("@")
            wanted.append(Pick(path, int(number) if number else None))
        return publish.publish(
            self.releases, self.actors[by], self.project, to, wanted, "for staff", **more
        )

    def rollback(self, version: int, path: str = "hours", *, by: str = "pia") -> Outcome:
        """Put an earlier version back in production."""
        return rollback.rollback(
            self.releases,
            self.actors[by],
            self.project,
            "production",
            "was better",
            path=path,
            to_version=version,
        )

    def refused(self, *picks: str, by: str = "pia", **more: Any) -> list[str]:
        """The rules by which a publish to production is refused."""
        try:
            self.publish(*picks, by=by, **more)
        except Denied as refusal:
            return [item["rule"] for item in refusal.members["unmet"]]
        raise AssertionError("it was published")

    def case(self, path: str = "hours", number: int | None = None) -> Case:
        """Where a version stands."""
        with self.db.read() as conn:
            return case_of(conn, self.project, path, number, self.more)

    def state(self, path: str = "hours", number: int | None = None) -> str:
        """The state of a version's newest request, or `draft`."""
        found = self.case(path, number).progress
        return "draft" if found is None else found.state

    def authors(self, path: str = "hours", number: int | None = None) -> set[str]:
        """Names of a version's authors."""
        names = {a.identity: n for n, a in self.actors.items()}
        return {names[i] for i in self.case(path, number).authors.identities}

    def live(self, environment: str = "production") -> dict[str, int]:
        """Path to version of what is live."""
        with self.db.read() as conn:
            found = environments.get(conn, self.project.id, environment)
            return {e.path: e.version for e in live_now(conn, found) if e.state == "live"}

    def age(self, days: float, *, by_us: int = 0) -> None:
        """Let time pass for all requests and decisions."""
        passed = int(days * DAY_US) + by_us
        with self.db.write() as tx:
            columns = review_request.c
            tx.conn.execute(update(review_decision).values(at=review_decision.c.at - passed))
            tx.conn.execute(
                update(review_request).values(
                    opened_at=columns.opened_at - passed, approved_at=columns.approved_at - passed
                )
            )

    def events(self, action: str) -> list[Mapping[str, Any]]:
        """Audit events of an action, oldest first."""
        with self.db.read() as conn:
            query = select(audit_event).where(audit_event.c.action == action)
            return [row._mapping for row in conn.execute(query.order_by(audit_event.c.seq))]

    def requests(self) -> list[store.RequestRow]:
        """All requests of the project, newest first."""
        with self.db.read() as conn:
            return store.page(
                conn,
                self.project.id,
                state=None,
                path=None,
                opened_by=None,
                limit=100,
                after=None,
                lapsed_before=0,
            ).items


def check_signer(tx: Transaction, actor: Actor, given: Components) -> Signer:
    """Answers the port `CheckSigner`: one password for everybody."""
    if given.password != PASSWORD:
        raise Denied("The password is wrong.", rule="signature.password")
    return Signer(
        actor.subject,
        actor.identity,
        actor.name.title(),
        ("password", "code") if given.code else ("password",),
        actor.session or "",
        tx.now,
    )
