"""A project to release in: real database, real keys, real gate and access; a projection that only notes its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select

from promptops.delivery.entries import EntryTree
from promptops.delivery.header import (
    Entry,
    Header,
    digest_of,
    key_id_of,
    sign_header,
    signature_is_right,
)
from promptops.format.names import file_path_of
from promptops_server.access.policy import authorise
from promptops_server.approvals.gate import gate
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.rulebook import all_rules
from promptops_server.approvals.workflow.demands import demands_of
from promptops_server.approvals.workflow.progress import Progress
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Denied
from promptops_server.infra.tables import installation
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.git.read import commit_info, files
from promptops_server.registry.model import Project
from promptops_server.registry.projects import create_project
from promptops_server.registry.versions import find_version
from promptops_server.releases import environments, publish, rollback, stop
from promptops_server.releases.configure import Wanted, configure
from promptops_server.releases.live import LiveVersions, live_now
from promptops_server.releases.model import Delivery, Environment, LiveEntry, Outcome, Pick
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.tables import artifact, live, release

PROJECT = "retail-bank"


def prompt_file(text: str, *, template: str = "plain", model: str = "openai/gpt-4o") -> str:
    """A small valid prompt file."""
    kind = "" if template == "plain" else f"template: {template}\n"
    return f"name: Triage\nmodel: {model}\n{kind}messages:\n  - role: user\n    content: {text}\n"


@dataclass
class Signer:
    """A real Ed25519 key, answering the port `Sign`."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def __call__(self, statement_text: str, as_of_text: str) -> tuple[str, str]:
        header = sign_header(self.key, statement_text, as_of_text, key_id=key_id_of(self.public))
        return header.key_id, header.signature


@dataclass
class Projected:
    """Answers the port `Projection` and notes for which environment."""

    answer: Delivery = "applied"
    calls: list[str] = field(default_factory=list)
    broken: bool = False

    def __call__(self, environment_id: str) -> Delivery:
        self.calls.append(environment_id)
        if self.broken:
            raise ConnectionError("Redis is down")
        return self.answer


@dataclass
class ApprovedPapers:
    """Answers the port `Papers`: everything is approved at tier low, unless `known` says otherwise."""

    known: dict[tuple[str, int], Paperwork] = field(default_factory=dict)
    live: list[tuple[str, int]] = field(default_factory=list)
    """What was noted as released where approval is asked."""

    def __call__(
        self,
        conn: Connection,
        project: Project,
        environment: str,
        contents: Sequence[tuple[str, int]],
        now: int,
    ) -> Mapping[tuple[str, int], Paperwork]:
        return {content: self.known.get(content, APPROVED) for content in contents}

    def released(
        self,
        tx: Transaction,
        project: Project,
        environment: tuple[str, str],
        live: Sequence[tuple[str, int]],
        gone: Sequence[str],
    ) -> None:
        self.live.extend(live)


APPROVED = Paperwork(
    tier="low",
    residual_tier="low",
    demands=demands_of("low"),
    request=1,
    progress=Progress("approved", approved_at=1),
)


def actor_with(*roles: str, name: str = "someone", project: str = "*") -> Actor:
    """A person who holds these roles."""
    held = frozenset(f"{project}:{role}" for role in roles)
    return Actor(subject=f"id-of-{name}", name=name, roles=held)


AUTHOR = actor_with("author", name="ada")
PUBLISHER = actor_with("publisher", name="pia")
VIEWER = actor_with("viewer", name="vic")


class World:
    """One project with its two environments, and short words for what tests do."""

    def __init__(self, db: Database, project: str = PROJECT) -> None:
        self.db = db
        self.signer = Signer()
        self.projection = Projected()
        with db.write() as tx:
            if tx.conn.execute(select(installation.c.id)).first() is None:
                tx.conn.execute(
                    insert(installation).values(id=new_id(), epoch=1, created_at=tx.now)
                )
        self.refused: dict[str, Denied] = {}
        """Who may not act any more, by subject."""
        self.actors = {actor.subject: actor for actor in (AUTHOR, PUBLISHER, VIEWER)}
        self.papers = ApprovedPapers()
        self.deps = ReleaseDeps(
            db, authorise, self.signer, self.projection, gate, self.actor_now, self.papers
        )
        self.project: Project = create_project(
            db,
            AUTHOR,
            authorise,
            project,
            on_created=[environments.create_defaults(self.signer)],
        )

    def actor_now(
        self,
        conn: Connection,
        subject: str,
        *,
        auth_method: str,
        session: str | None,
        at: int | None = None,
    ) -> Actor:
        """Answers the port `ActorNow` from `actors` and `refused`."""
        if subject in self.refused:
            raise self.refused[subject]
        return self.actors[subject]

    def configure(
        self, name: str = "production", actor: Actor | None = None, **rules: object
    ) -> None:
        """Set rules of an environment, given as the API takes them; None clears one."""
        set_to = {
            rule: None if given is None else all_rules()[rule].model_validate(given)
            for rule, given in rules.items()
        }
        configure(self.deps, actor or PUBLISHER, self.project, name, Wanted(rules=set_to))

    def put(self, path: str, text: str, **file: str) -> int:
        """Write the next version of a prompt; its number."""
        with self.db.read() as conn:
            found = find_version(conn, self.project, path)
        parent = None if found is None or found.archived else found.number
        made = put_prompt(
            self.db,
            AUTHOR,
            authorise,
            self.project.name,
            path,
            prompt_file(text, **file),
            parent=parent,
        )
        return made.version.number

    def archive(self, path: str) -> None:
        """Remove a prompt from main."""
        with self.db.read() as conn:
            found = find_version(conn, self.project, path)
        assert found is not None
        archive_prompt(
            self.db, AUTHOR, authorise, LiveVersions(), self.project.name, path, parent=found.number
        )

    def publish(
        self,
        *picks: str,
        to: str = "staging",
        actor: Actor = AUTHOR,
        reason: str = "for a test",
        **more: object,
    ) -> Outcome:
        """Publish addresses without project: `claims/triage` or `claims/triage@2`."""
        return publish.publish(
            self.deps,
            actor,
            self.project,
            to,
            [pick(p) for p in picks],
            reason,
            **more,  # type: ignore[arg-type]
        )

    def rollback(
        self,
        path: str | None = None,
        *,
        to: str = "staging",
        actor: Actor = AUTHOR,
        reason: str = "was better",
        **more: object,
    ) -> Outcome:
        return rollback.rollback(
            self.deps,
            actor,
            self.project,
            to,
            reason,
            path=path,
            **more,  # type: ignore[arg-type]
        )

    def suspend(
        self,
        *paths: str,
        to: str = "staging",
        actor: Actor = AUTHOR,
        reason: str = "does harm",
        **more: object,
    ) -> Outcome:
        return stop.suspend(self.deps, actor, self.project, to, paths, reason, **more)  # type: ignore[arg-type]

    def unpublish(
        self,
        *paths: str,
        to: str = "staging",
        actor: Actor = AUTHOR,
        reason: str = "not needed",
        **more: object,
    ) -> Outcome:
        return stop.unpublish(self.deps, actor, self.project, to, paths, reason, **more)  # type: ignore[arg-type]

    def environment(self, name: str = "staging") -> Environment:
        with self.db.read() as conn:
            return environments.get(conn, self.project.id, name)

    def live(self, name: str = "staging") -> dict[str, str]:
        """Path to `7`, or `suspended 7`."""
        with self.db.read() as conn:
            return shown(live_now(conn, environments.get(conn, self.project.id, name)))

    def check(self, name: str = "staging") -> None:
        """Everything that must hold after any release: the chain, the root, the artifacts, the branch."""
        with self.db.read() as conn:
            found = environments.get(conn, self.project.id, name)
            rows = conn.execute(
                select(release)
                .where(release.c.environment_id == found.id)
                .order_by(release.c.number)
            ).all()
            now = live_now(conn, found)
            texts = {
                row.digest: row
                for row in conn.execute(
                    select(artifact).where(artifact.c.project_id == self.project.id)
                )
            }
            blobs = {
                file_path_of(row.path, row.extension): row.blob_oid
                for row in conn.execute(
                    select(live).where(
                        live.c.environment_id == found.id,
                        live.c.to_release.is_(None),
                        live.c.state == "live",
                    )
                )
            }
            assert files(conn, self.project.id, rows[-1].commit_oid) == blobs
            parents = [commit_info(conn, self.project.id, row.commit_oid).parents for row in rows]
        assert [row.number for row in rows] == list(range(found.head + 1))
        tree, previous, moment = EntryTree.empty(), "", 0
        for row in rows:
            header = Header(row.statement, to_text(row.as_of), row.key_id, row.signature)
            assert signature_is_right(header, self.signer.public)
            said = header.statement
            assert (said.release, said.previous) == (row.number, previous)
            assert row.acknowledged_at > moment
            tree = tree.apply(said.changes)
            assert (tree.root, tree.count) == (said.root, said.count)
            previous, moment = header.hash, row.acknowledged_at
        for before, after in zip(rows, parents[1:], strict=False):
            assert tuple(after) == (before.commit_oid,)
        assert {e.path: e for e in tree} == {
            e.path: Entry(e.path, e.state, e.version, e.release, e.digest, e.reason) for e in now
        }
        needed: set[str] = set()
        for entry in now:
            if entry.state == "live":
                assert digest_of(texts[entry.digest].text) == entry.digest
                if "jinja2" in texts[entry.digest].requires:
                    needed.add("jinja2")
        assert set(said.requires) == needed


def pick(address: str) -> Pick:
    """`claims/triage@2` as a pick."""
    path, _, version = address.partition("@")
    return Pick(path, int(version) if version else None)


def shown(entries: list[LiveEntry]) -> dict[str, str]:
    """What is live, as tests write it."""
    return {
        e.path: str(e.version) if e.state == "live" else f"{e.state} {e.version}" for e in entries
    }
