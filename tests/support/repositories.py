"""A project's repository in a database, driven the way the server drives it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, insert, select

from promptops_server.audit.tables import audit_event
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.git import read, store, write
from promptops_server.registry.git.objects import TYPE_NAMES
from promptops_server.registry.tables import git_commit, git_object, git_ref, project
from support.stock_git import Git

ANNA = write.Ident("Anna Weber", "u1@installation")


@dataclass
class Repository:
    """One project in a database."""

    db: Database
    id: str
    name: str

    def commit(
        self,
        changes: dict[str, str | bytes | None],
        message: str = "Change",
        ref: str = "refs/heads/main",
    ) -> str:
        """Commit text (or remove) on a branch and return the commit's id."""
        prepared = {
            path: None
            if content is None
            else write.prepare_blob(content.encode() if isinstance(content, str) else content)
            for path, content in changes.items()
        }
        with self.db.write() as tx:
            lock_project(tx.conn, self.id)
            parent = read.ref(tx.conn, self.id, ref)
            made = write.commit_blobs(
                tx,
                self.id,
                ref=ref,
                parent=parent,
                changes=prepared,
                author=ANNA,
                message=message,
            )
        return made.oid

    def refs(self) -> dict[str, str]:
        with self.db.read() as conn:
            return read.refs(conn, self.id)

    def rows(self) -> tuple[int, ...]:
        """How many objects, commits, refs and audit events there are."""
        with self.db.read() as conn:
            return tuple(
                int(conn.execute(select(func.count()).select_from(table)).scalar_one())
                for table in (git_object, git_commit, git_ref, audit_event)
            )

    def count_objects(self) -> int:
        with self.db.read() as conn:
            query = select(func.count()).where(git_object.c.project_id == self.id)
            return int(conn.execute(query.select_from(git_object)).scalar_one())

    def export(self, git: Git, folder: Path) -> Path:
        """Write every object and ref into a bare repository on disk, without any code under test but the rows."""
        git("init", "-q", "--bare", "-b", "main", str(folder))
        with self.db.read() as conn:
            rows = conn.execute(select(git_object).where(git_object.c.project_id == self.id)).all()
            refs = store.refs(conn, self.id)
        for row in rows:
            content = zlib.decompress(row.z)
            assert len(content) == row.size
            loose = folder / "objects" / row.oid[:2] / row.oid[2:]
            loose.parent.mkdir(exist_ok=True)
            head = b"%b %d\0" % (TYPE_NAMES[row.type], len(content))
            loose.write_bytes(zlib.compress(head + content))
        for name, oid in refs.items():
            git("update-ref", name, oid, cwd=folder)
        return folder


def make_repository(db: Database, name: str = "retail-bank") -> Repository:
    """Create an empty project."""
    project_id = new_id()
    with db.write() as tx:
        tx.conn.execute(
            insert(project).values(
                id=project_id,
                name=name,
                name_fold=name.lower(),
                title=name,
                description="",
                created_at=tx.now,
                created_by="u1",
            )
        )
        write.create_repository(tx, project_id)
    return Repository(db, project_id, name)
