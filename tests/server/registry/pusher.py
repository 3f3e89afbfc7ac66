"""Commits and pushes to the bank's `main`, as the Git remote makes them."""

from __future__ import annotations

from collections.abc import Mapping

from bank import AUTHOR, Bank

from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.edits.put import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.ports import RefUpdate
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

    def add(self, files: Mapping[str, str | None], message: str = "A change") -> str:
        changes = {p: None if t is None else prepare_blob(t.encode()) for p, t in files.items()}
        with self.bank.db.write() as tx:
            project = self.bank.project.id
            self.tip = self.tip or read.ref(tx.conn, project, MAIN)
            if self.tip != read.ref(tx.conn, project, SIDE):
                move_ref(tx, project, SIDE, read.ref(tx.conn, project, SIDE), self.tip)
            self.tip = commit_blobs(
                tx, project, ref=SIDE, parent=self.tip, changes=changes, author=MAY, message=message
            ).oid
        return self.tip

    def push(self) -> list[str]:
        answer = PushedToMain()
        project = self.bank.project
        with self.bank.db.read() as conn:
            update = RefUpdate(MAIN, read.ref(conn, project.id, MAIN), self.tip)
            prepared = answer.check(ObjectView(conn, project.id), AUTHOR, project, update)
        with self.bank.db.write() as tx:
            lock_project(tx.conn, project.id)
            move_ref(tx, project.id, MAIN, update.old, update.new)
            return list(answer.apply(tx, AUTHOR, project, update, prepared))

    def numbers(self, path: str) -> list[tuple[int, str, bool]]:
        """Number, commit and validity of a prompt's versions, oldest first."""
        with self.bank.db.read() as conn:
            page = list_versions(conn, self.bank.project, path, limit=500)
        return [(v.number, v.commit, v.valid) for v in reversed(page.items)]
