"""receive-pack: what `git push` brings, from a spooled body to moved refs and an audit event.

Everything heavy (unpacking, checking, validating what `main` would become) happens before the project lock. Under the
lock the refs are read again, guards are asked, then objects, commit graph, refs, what the push means, and the audit
event are written in one transaction. When no ref moves, nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from promptops_server import audit
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Denied, ProblemError
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.git import ancestry, push_rules, store, tombstones, walk
from promptops_server.registry.git.incoming import Incoming, Kept, unpack
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.git.objects import TAG
from promptops_server.registry.git.ports import (
    GitAction,
    NewCommits,
    ProjectAccess,
    ProjectLike,
    PushedVersions,
    RefGuard,
    RefUpdate,
)
from promptops_server.registry.git.push_protocol import (
    PushReport,
    PushRequest,
    explain,
    parse_push,
)
from promptops_server.registry.git.push_rules import MAIN, Refusal, is_environment
from promptops_server.registry.git.spool import Spool
from promptops_server.registry.git.view import ObjectView

log = structlog.get_logger(__name__)

_AUDITED_REFS = 100


class _RefFailedError(Exception):
    """A ref was refused after writing began: the transaction is undone and tried without it."""

    def __init__(self, name: str, problem: ProblemError) -> None:
        super().__init__(name)
        self.name = name
        self.problem = problem


class _NothingMovesError(Exception):
    """Leaves the transaction without writing."""


@dataclass(slots=True)
class ReceivePack:
    """Handles pushes to one database."""

    db: Database
    access: ProjectAccess
    guard: RefGuard
    versions: PushedVersions
    limits: Limits
    denied: Callable[[Actor, str, str, Denied], None] | None = None

    def __call__(self, actor: Actor, project: ProjectLike, body: Spool) -> bytes:
        """Handle one spooled request; returns the response body.

        Raises:
            BadRequest, TooLarge: the request is no push. Everything later is told in the report.
        """
        request = parse_push(body, self.limits)
        if request is None:
            return b""
        push = _Push(self, actor, project, request, PushReport())
        try:
            push.run(body)
        except ProblemError as problem:
            push.fail(problem)
        except Exception:
            log.exception("push_failed", project=project.name, request_id=actor.request_id)
            push.fail(ProblemError(f"The server failed. Request {actor.request_id or 'unknown'}."))
        return push.report.encode(request)

    def refuse(self, body: Spool, problem: ProblemError) -> bytes:
        """The response to a push that cannot be handled, e.g. one over the limit; `body` may be its start only."""
        request = parse_push(body, self.limits)
        if request is None:
            return b""
        report = PushReport(unpack=problem.detail)
        for update in request.updates:
            report.refused[update.name] = "not unpacked"
        report.messages.extend(explain(problem))
        return report.encode(request)


@dataclass(slots=True)
class _Push:
    """One push on its way."""

    deps: ReceivePack
    actor: Actor
    project: ProjectLike
    request: PushRequest
    report: PushReport
    prepared_main: Any = None
    keeps: dict[frozenset[str | None], Kept] = field(default_factory=dict)
    """By set of tips: found out before the lock, in which it mostly stays the same set."""
    denials: list[Denied] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What the kept push is answered beyond its refs."""

    def run(self, body: Spool) -> None:
        incoming = Incoming()
        try:
            writable = self._refuse_unwritable()
            if not writable:
                return
            with self.deps.db.read() as conn:
                if self.request.has_pack:
                    base = ObjectView(conn, self.project.id)
                    incoming = unpack(body, self.request.pack_start, base, self.deps.limits)
                view = ObjectView(conn, self.project.id, incoming)
                current = store.refs(conn, self.project.id)
                accepted = self._judge(writable, view, incoming, current)
                accepted = [u for u in accepted if self._check_versions(view, u)]
                self._kept(incoming, accepted)
            while accepted and not (self.request.atomic and self.report.refused):
                try:
                    self.told.clear()
                    with self.deps.db.write() as tx:
                        self._write(tx, incoming, accepted)
                    self.report.messages.extend(self.told)
                    break
                except _RefFailedError as failed:
                    self._refuse_problem(failed.name, failed.problem)
                    accepted = [u for u in accepted if u.name not in self.report.refused]
                except _NothingMovesError:
                    break
            self._undo_all_if_atomic()
            self._hint(current)
        finally:
            incoming.close()
            self._record_denials()

    def _record_denials(self) -> None:
        """Outside of the push's own transaction, which a refusal undoes."""
        if self.deps.denied is not None:
            for denied in self.denials:
                self.deps.denied(self.actor, self.project.name, "git.push", denied)

    # -- before the lock

    def _refuse_unwritable(self) -> list[RefUpdate]:
        """The updates whose ref the actor may move; the guard judges environments itself."""
        updates = list(self.request.updates)
        groups: tuple[tuple[GitAction, list[RefUpdate]], ...] = (
            ("main", [u for u in updates if u.name == MAIN]),
            ("prompt:write", [u for u in updates if not is_environment(u.name) and u.name != MAIN]),
        )
        for action, group in groups:
            if not group:
                continue
            try:
                self.deps.access(self.actor, self.project.name, action)
            except Denied as denied:
                for update in group:
                    self.report.refuse(update.name, denied.detail, explain(denied))
                self.denials.append(denied)
                updates = [u for u in updates if u not in group]
        return updates

    def _judge(
        self,
        writable: list[RefUpdate],
        view: ObjectView,
        incoming: Incoming,
        current: dict[str, str],
    ) -> list[RefUpdate]:
        """The updates the rules allow."""
        current = dict(current)  # follows what is accepted, so that two updates cannot clash
        ends = {u.new for u in writable if u.new is not None}
        kinds = store.object_types(view.conn, view.project_id, ends)
        accepted: list[RefUpdate] = []
        for update in writable:
            kind = None
            if update.new is not None:
                kind = incoming.kind(update.new) or kinds.get(update.new)
            refusal = push_rules.refuse(update, current, kind, _forward(view, update))
            if kind == TAG and update.new is not None and refusal is None:
                _, _, end = walk.peel(view, (update.new,))[update.new]
                refusal = Refusal("a tag of too many tags") if end == TAG else None
            if refusal is not None:
                self._refuse(update.name, refusal)
                continue
            accepted.append(update)
            if update.new is None:
                current.pop(update.name, None)
            else:
                current[update.name] = update.new
        return accepted

    def _check_versions(self, view: ObjectView, update: RefUpdate) -> bool:
        if update.name != MAIN:
            return True
        try:
            self.prepared_main = self.deps.versions.check(view, self.actor, self.project, update)
        except ProblemError as problem:
            self._refuse_problem(update.name, problem)
            return False
        return True

    def _kept(self, incoming: Incoming, accepted: list[RefUpdate]) -> Kept:
        """The new objects to be stored when these updates are made."""
        tips = frozenset(u.new for u in accepted)
        if tips not in self.keeps:
            self.keeps[tips] = incoming.keep(oid for oid in tips if oid is not None)
        return self.keeps[tips]

    # -- under the lock

    def _write(self, tx: Transaction, incoming: Incoming, wanted: list[RefUpdate]) -> None:
        lock_project(tx.conn, self.project.id)
        # A redaction may have come in between.
        tombstones.refuse_push(tx.conn, self.project.id, incoming.mentioned())
        current = store.refs(tx.conn, self.project.id)
        view = ObjectView(tx.conn, self.project.id, incoming)
        accepted: list[RefUpdate] = []
        later: list[tuple[RefUpdate, Callable[[], None]]] = []
        for update in wanted:
            if current.get(update.name) != update.old:
                self._refuse(update.name, push_rules.moved(update, current.get(update.name)))
                continue
            if is_environment(update.name):
                commits = new_commits(view, update, self.deps.limits.guarded_commits)
                try:
                    then = self.deps.guard(tx, self.actor, self.project, update, commits)
                except ProblemError as problem:
                    self._refuse_problem(update.name, problem)
                    continue
                if then is not None:
                    later.append((update, then))
            accepted.append(update)
        if not accepted or (self.request.atomic and self.report.refused):
            raise _NothingMovesError
        keep = self._kept(incoming, accepted)
        store.insert_objects(tx.conn, self.project.id, keep.objects())
        store.insert_commits(tx.conn, self.project.id, keep.commits)
        mirrored = False
        for update in accepted:
            moved = store.move_ref(
                tx.conn, self.project.id, update.name, update.old, update.new, tx.now
            )
            if moved is store.Moved.NO:
                raise RuntimeError(f"{update.name} moved under the project lock")
            mirrored = mirrored or moved is store.Moved.MIRRORED
        if mirrored:
            queue_push(tx, self.project.id)
        for update in accepted:
            if update.name == MAIN:
                self._attempt(update, partial(self._apply_versions, tx, update))
        for update, then in later:
            self._attempt(update, then)
        seq = audit.record(tx, self._event(accepted, keep.count), project_id=self.project.id)
        if self._moves_main(accepted):
            self.deps.versions.note(tx, self.project, self.prepared_main, seq)

    @staticmethod
    def _moves_main(accepted: list[RefUpdate]) -> bool:
        return any(update.name == MAIN for update in accepted)

    def _apply_versions(self, tx: Transaction, update: RefUpdate) -> None:
        lines = self.deps.versions.apply(tx, self.actor, self.project, update, self.prepared_main)
        self.told.extend(lines or ())

    def _attempt(self, update: RefUpdate, work: Callable[[], None]) -> None:
        try:
            work()
        except ProblemError as problem:
            raise _RefFailedError(update.name, problem) from problem

    def _event(self, accepted: list[RefUpdate], objects: int) -> audit.AuditEvent:
        shown = accepted[:_AUDITED_REFS]
        return audit.AuditEvent(
            action="git.push",
            object=audit.AuditObject("project", self.project.name),
            actor=self.actor,
            project=self.project.name,
            before={"refs": {u.name: u.old for u in shown}},
            after={
                "refs": {u.name: u.new for u in shown},
                "refs_moved": len(accepted),
                "objects": objects,
                "prompts": self.deps.versions.touched(self.prepared_main)
                if self._moves_main(accepted)
                else 0,
            },
        )

    # -- telling

    def _refuse(self, name: str, refusal: Refusal) -> None:
        self.report.refuse(name, refusal.reason, [refusal.explanation or refusal.reason + "."])

    def _refuse_problem(self, name: str, problem: ProblemError) -> None:
        self.report.refuse(name, problem.detail, explain(problem))
        if isinstance(problem, Denied):
            self.denials.append(problem)

    def _undo_all_if_atomic(self) -> None:
        if self.request.atomic and self.report.refused:
            for update in self.request.updates:
                self.report.refused.setdefault(update.name, "atomic push: another ref was refused")

    def fail(self, problem: ProblemError) -> None:
        """Nothing of this push was kept."""
        self.report.unpack = problem.detail
        for update in self.request.updates:
            self.report.refused.setdefault(update.name, "unpacker error")
        self.report.messages.extend(explain(problem))

    def _hint(self, before: dict[str, str]) -> None:
        moved = [u for u in self.request.updates if u.name not in self.report.refused]
        created = [u.branch for u in moved if u.branch and u.new]
        if MAIN not in before and created and "main" not in created:
            self.report.messages.append(
                f"{created[0]} is an ordinary branch here: versions of prompts come from main. "
                f"To make it main: git push origin {created[0]}:main"
            )


def new_commits(view: ObjectView, update: RefUpdate, limit: int) -> NewCommits:
    """What an update brings that its old end does not reach; at most `limit` commits."""
    if update.new is None:
        return NewCommits((), True, view)
    fresh, complete = walk.new_commits(view, update.old, update.new, limit)
    return NewCommits(tuple(view.commit_info(oid) for oid in fresh), complete, view)


def _forward(view: ObjectView, update: RefUpdate) -> Callable[[], bool]:
    def answer() -> bool:
        assert update.old is not None
        assert update.new is not None
        return ancestry.is_ancestor(view, update.old, update.new)

    return answer
