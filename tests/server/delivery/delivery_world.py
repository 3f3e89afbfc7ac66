"""Projects, environments and releases as rows, made through `releases.seal`, without the registry around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import redis
from sqlalchemy import Connection, insert, select

from promptops.delivery.entries import EMPTY_ROOT
from promptops.delivery.header import Header, Statement, digest_of
from promptops_server.delivery import store
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.known_keys import known_keys, signing_at
from promptops_server.delivery.projection import Projection
from promptops_server.delivery.receipts.tables import follower
from promptops_server.delivery.status import Status
from promptops_server.delivery.timeline import Timeline
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.redis import RedisAddress, connect
from promptops_server.infra.tables import installation
from promptops_server.registry.tables import project
from promptops_server.releases.model import Artifact, Change, Content, Environment
from promptops_server.releases.seal import EMPTY_BUCKETS, seal, write_release
from promptops_server.releases.tables import environment

SECRET = b"the secret key of this test installation"
NO_COMMIT = "0" * 40


def artifact_text(project_name: str, path: str, version: int, body: str = "Sort the claim.") -> str:
    """An artifact as the compiler writes it."""
    return json.dumps(
        {
            "project": project_name,
            "path": path,
            "version": version,
            "commit": NO_COMMIT,
            "behaviour": "sha256:" + "0" * 64,
            "template": "plain",
            "model": None,
            "messages": [{"role": "user", "content": body}],
            "parameters": {},
            "tools": [],
            "responseFormat": None,
            "jsonSchema": None,
            "inputs": {},
            "variants": {},
            "retrieval": None,
            "requires": [],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


@dataclass
class World:
    """One installation; `release` and friends add releases to one environment."""

    db: Database
    keys: Keys
    installation: str
    project_id: str
    project: str
    environment: Environment
    clients: list[redis.Redis] = field(default_factory=list)

    @classmethod
    def create(
        cls, db: Database, project_name: str = "retail-bank", name: str = "production"
    ) -> World:
        keys = Keys(db, SECRET)
        with db.write() as tx:
            owner = tx.conn.execute(select(installation.c.id)).scalar()
            if owner is None:
                owner = new_id()
                tx.conn.execute(
                    insert(installation), {"id": owner, "epoch": 1, "created_at": tx.now}
                )
        keys.ensure()
        with db.write() as tx:
            project_id = new_id()
            tx.conn.execute(
                insert(project),
                {
                    "id": project_id,
                    "name": project_name,
                    "name_fold": project_name,
                    "title": "",
                    "description": "",
                    "created_at": tx.now,
                    "created_by": "system",
                },
            )
        world = cls(db, keys, owner, project_id, project_name, None)  # type: ignore[arg-type]
        world.environment = world.add_environment(name)
        return world

    def add_environment(self, name: str) -> Environment:
        """Another environment of the project, with its signed release 0."""
        with self.db.write() as tx:
            made = Environment(
                new_id(), self.project_id, name, 1, False, head=0, epoch=1, count=0,
                created_at=tx.now,
            )  # fmt: skip
            tx.conn.execute(
                insert(environment),
                {
                    "id": made.id,
                    "project_id": self.project_id,
                    "name": name,
                    "name_fold": name,
                    "position": 1,
                    "approval_required": False,
                    "head": 0,
                    "epoch": 1,
                    "buckets": EMPTY_BUCKETS,
                    "count": 0,
                    "features": "{}",
                    "created_at": tx.now,
                },
            )
            statement = Statement(
                self.installation, self.project, name, made.id, 1, 0, "", (), EMPTY_ROOT, 0,
                to_text(tx.now),
            )  # fmt: skip
            write_release(
                tx, self.keys.sign, statement, self.project_id, "create", NO_COMMIT, tx.now,
                SYSTEM, "Create", None,
            )  # fmt: skip
        return made

    def release(
        self,
        live: Mapping[str, int] | None = None,
        *,
        suspend: Mapping[str, str] | None = None,
        remove: Mapping[str, str] | None = None,
        body: str = "Sort the claim.",
        environment_id: str | None = None,
    ) -> int:
        """One release: paths going live with a version, suspended or removed with a reason. Returns its number."""
        changes = [Change.suspended(p, 1, why) for p, why in (suspend or {}).items()]
        changes += [Change.removed(p, 1, why) for p, why in (remove or {}).items()]
        with self.db.write() as tx:
            return self._seal(tx, environment_id or self.environment.id, live or {}, changes, body)

    def releases(self, path: str, first: int, last: int) -> None:
        """Versions `first` to `last` of one prompt, a release each, in one transaction for speed."""
        with self.db.write() as tx:
            for version in range(first, last + 1):
                self._seal(tx, self.environment.id, {path: version}, [], "Sort the claim.")

    def _seal(
        self,
        tx: Transaction,
        environment_id: str,
        live: Mapping[str, int],
        changes: list[Change],
        body: str,
    ) -> int:
        lock_project(tx.conn, self.project_id)
        artifacts: dict[str, Artifact] = {}
        changes = list(changes)
        for path, version in live.items():
            text = artifact_text(self.project, path, version, body)
            digest = digest_of(text)
            artifacts[digest] = Artifact(digest, text)
            changes.append(Change.live(path, Content(version, digest, "yml", NO_COMMIT)))
        made = seal(
            tx, self.keys.sign, project=self.project, environment=_now(tx.conn, environment_id),
            kind="publish", changes=changes, artifacts=artifacts, actor=SYSTEM, reason="because",
            ticket=None, commit=NO_COMMIT,
        )  # fmt: skip
        return made.number

    def header(self) -> Header:
        """The head's header as SQL has it."""
        with self.db.read() as conn:
            found = store.head_header(conn, self.environment.id)
        assert found is not None
        return found

    @property
    def trust_key(self) -> str:
        """The public key in use, as an application is given it."""
        with self.db.read() as conn:
            signs = signing_at(known_keys(conn), now_us())
        assert signs is not None
        return signs.public

    def followers(self) -> list[tuple[int, str]]:
        """Release and transport of every follower a receipt told of."""
        with self.db.read() as conn:
            rows = conn.execute(select(follower.c.release, follower.c.via)).all()
        return [(row.release, row.via) for row in rows]

    def projection(self, url: str) -> Projection:
        """A projection as one server process has it, with its own client and memory."""
        client = connect(RedisAddress(url))
        self.clients.append(client)
        return Projection(self.db, client, Timeline(self.db), self.keys, Status(with_redis=True))


def _now(conn: Connection, environment_id: str) -> Environment:
    row = conn.execute(select(environment).where(environment.c.id == environment_id)).one()
    return Environment(
        row.id, row.project_id, row.name, row.position, row.approval_required, row.head,
        row.epoch, row._mapping["count"], row.created_at,
    )  # fmt: skip
