"""Commits and pushes to the bank's `main`, as the Git remote makes them."""

from __future__ import annotations

from collections.abc import Mapping

from bank import AUTHOR, Bank

from promptops_server.access.policy import authorise
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read, store
from promptops_server.registry.git.objects import COMMIT, build_commit, prepare
from promptops_server.registry.git.ports import RefUpdate
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.write import (
    Ident,
    commit_blobs,
    move_ref,
    prepare_blob,
)
from promptops_server.registry.history.log import list_versions
from promptops_server.registry.pushed import PushedToMain

MAY = Ident("May Lin", "may@example.org")
SIDE = "refs/heads/side"


class Pusher:
    """Makes commits on a side branch, then moves `main` there as the Git remote does."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.tip: str | None = None
        self.when = 1_551_675_967

    def add(self, files: Mapping[str, str | None], message: str = "A change") -> str:
        changes = {p: None if t is None else prepare_blob(t.encode()) for p, t in files.items()}
        with self.bank.db.write() as tx:
            tx.now = self.when * 1_000_000  # what the commit will say
            project = self.bank.project.id
            self.tip = self.tip or read.ref(tx.conn, project, MAIN)
            if self.tip != read.ref(tx.conn, project, SIDE):
                move_ref(tx, project, SIDE, read.ref(tx.conn, project, SIDE), self.tip)
            self.tip = commit_blobs(
                tx, project, ref=SIDE, parent=self.tip, changes=changes, author=MAY, message=message
            ).oid
        return self.tip

    def merge(self, first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
        """Two commits side by side on the tip, and their merge, which holds what the second says: all three ids."""
        base = self.tip
        parents = []
        for files in (first, second):
            self.tip = base
            parents.append(self.add(files))
        project = self.bank.project.id
        with self.bank.db.write() as tx:
            row = store.commit_row(tx.conn, project, parents[1])
            assert row is not None
            text = build_commit(row.tree, parents, MAY, "Merge", self.when)
            made = prepare(COMMIT, text)
            store.insert_objects(tx.conn, project, [made])
            node = CommitRow(made.oid, row.tree, tuple(parents), row.generation + 1, self.when)
            store.insert_commits(tx.conn, project, [node])
        self.tip = made.oid
        return [*parents, made.oid]

    def push(self) -> list[str]:
        answer = PushedToMain(authorise)
        project = self.bank.project
        with self.bank.db.read() as conn:
            update = RefUpdate(MAIN, read.ref(conn, project.id, MAIN), self.tip)
            prepared = answer.check(ObjectView(conn, project.id), AUTHOR, project, update)
        with self.bank.db.write() as tx:
            lock_project(tx.conn, project.id)
            move_ref(tx, project.id, MAIN, update.old, update.new)
            lines = list(answer.apply(tx, AUTHOR, project, update, prepared))
            event = AuditEvent(
                "git.push",
                AuditObject("project", project.name),
                AUTHOR,
                after={"refs": {MAIN: update.new}, "prompts": answer.touched(prepared)},
            )
            answer.note(tx, project, prepared, record(tx, event, project_id=project.id))
            return lines

    def numbers(self, path: str) -> list[tuple[int, str, bool]]:
        """Number, commit and validity of a prompt's versions, oldest first."""
        with self.bank.db.read() as conn:
            page = list_versions(conn, self.bank.project, path, limit=500)
        return [(v.number, v.commit, v.valid) for v in reversed(page.items)]
