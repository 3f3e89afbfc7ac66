"""One attempt to bring a mirror up to date: claim it, look at both sides, push, write down what came of it.

Three short transactions and none while the network is waited for. The claim is a lease, so that one attempt runs at a
time; what happened meanwhile (a commit, a change of the mirror) is found when the result is written, under the project
lock, and queues the next attempt. Nothing here raises for a reason of the host's: that is a state of the mirror.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import Connection

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.git import ancestry
from promptops_server.registry.git import store as git_store
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.address import parse_address
from promptops_server.registry.mirror.connect import conversation
from promptops_server.registry.mirror.credentials import Secret, unseal
from promptops_server.registry.mirror.errors import BadAddress, PushFailed
from promptops_server.registry.mirror.exchange import Report
from promptops_server.registry.mirror.model import (
    MAX_LISTED,
    HeldRef,
    Mirror,
    Problem,
    goes_out,
    may_try,
    retry_wait,
)
from promptops_server.registry.mirror.outcome import Outcome, result_of
from promptops_server.registry.mirror.packing import write_pack
from promptops_server.registry.mirror.plan import Plan, plan
from promptops_server.registry.mirror.remote import Limits, Remote
from promptops_server.registry.projects import get_project_by_id

log = structlog.get_logger(__name__)

_LEASE_SPARE_US = 60 * 1_000_000
_PUT_OFF_US = 1_000_000


@dataclass(frozen=True, slots=True)
class PushDeps:
    """What an attempt needs."""

    db: Database
    sealer: Sealer
    limits: Limits
    retry_first: float = 5.0
    retry_longest: float = 3600.0
    luck: Callable[[], float] = field(default=random.random)

    def wait(self, attempts: int) -> float:
        """Seconds until the next attempt after so many failed ones."""
        return retry_wait(attempts, self.retry_first, self.retry_longest, self.luck())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mirror this run may push to, as it was when claimed."""

    mirror: Mirror
    project: str
    secret_sealed: bytes | None = field(repr=False)


def push_mirrors(deps: PushDeps, project_id: str, run: str) -> None:
    """Bring every mirror of the project up to date that may be tried now. Idempotent."""
    with deps.db.read() as conn:
        found = store.mirrors_of(conn, project_id)
    for mirror in found:
        claimed = claim(deps, mirror.id, project_id, run)
        if claimed is not None:
            finish(deps, claimed, run, attempt(deps, claimed))


def claim(deps: PushDeps, mirror_id: str, project_id: str, run: str) -> Claimed | None:
    """Take the lease, if there is something to try."""
    with deps.db.write() as tx:
        lock_project(tx.conn, project_id)
        mirror = next((m for m in store.mirrors_of(tx.conn, project_id) if m.id == mirror_id), None)
        if mirror is None or not may_try(mirror, run, tx.now):
            return None
        idle = mirror.state == "ok" and mirror.requested_at is None and mirror.lease is None
        if idle and not store.is_behind(tx.conn, mirror):
            # A ref that is not mirrored moved, or an earlier attempt was faster.
            store.change(tx.conn, mirror.id, {"next_attempt_at": None, "lease_until": None})
            return None
        until = tx.now + int(deps.limits.push_seconds * 1_000_000) + _LEASE_SPARE_US
        # Should this process die and nobody take its job over, the end of the lease is when the next attempt is due.
        store.change(
            tx.conn, mirror.id, {"lease": run, "lease_until": until, "next_attempt_at": until}
        )
        return Claimed(
            mirror,
            get_project_by_id(tx.conn, project_id).name,
            store.sealed_secret(tx.conn, mirror.id),
        )


def attempt(deps: PushDeps, claimed: Claimed) -> Outcome:
    """Push what differs; nothing is written to the database."""
    mirror = claimed.mirror
    outcome = Outcome()
    secret = Secret()
    try:
        secret = unseal(deps.sealer, mirror.id, claimed.secret_sealed)
        address = parse_address(mirror.url, plain_http=deps.limits.plain_http)
        with deps.db.read() as conn:
            refs = git_store.refs(conn, mirror.project_id)
            pushed = store.pushed_refs(conn, mirror.id)
        outcome.going = {
            name: oid
            for name, oid in refs.items()
            if goes_out(name, all_branches=mirror.all_branches)
        }
        with conversation(address, mirror.credentials, secret, deps.limits) as remote:
            _exchange(deps, mirror, remote, pushed, set(pushed) - refs.keys(), outcome)
    except PushFailed as failed:
        outcome.failed = failed
    except BadAddress as refused:
        outcome.failed = PushFailed("host-refused", refused.detail, refused.remedy)
    except Exception as error:
        # No text of the error and no trace: either could repeat what was sent.
        log.error("mirror_push_broke", project=claimed.project, error=type(error).__name__)
        outcome.failed = PushFailed(
            "protocol",
            f"The push ended with an unexpected error ({type(error).__name__}).",
            "The server tries again; its log names the time.",
            transient=True,
        )
    if outcome.failed is not None:
        outcome.failed.problem = _without(outcome.failed.problem, secret)
    outcome.held = [replace(ref, reason=_hide(ref.reason, secret)) for ref in outcome.held]
    return outcome


def _exchange(
    deps: PushDeps,
    mirror: Mirror,
    remote: Remote,
    pushed: dict[str, str],
    deleted: set[str],
    outcome: Outcome,
) -> None:
    there = remote.advertised().refs
    with deps.db.read() as conn:
        view = ObjectView(conn, mirror.project_id)
        todo = plan(
            outcome.going,
            deleted,
            pushed,
            there,
            mirror.overwrite,
            lambda old, new: _contains(conn, view, old, new),
        )
        outcome.held_there.update(todo.in_step)
        outcome.gone |= todo.gone
        outcome.held += todo.diverged
        if not todo.updates:
            return
        wants = {update.new for update in todo.updates if update.new is not None}
        pack = write_pack(view, wants, set(there.values())) if wants else None
    try:
        report = remote.send(todo.updates, pack)
    finally:
        if pack is not None:
            pack.close()
    _read_report(todo, report, outcome)


def _read_report(todo: Plan, report: Report, outcome: Outcome) -> None:
    for update in todo.updates:
        if update.name in report.raced:
            continue
        if update.name in report.refused:
            reason = report.refused[update.name]
            said = f" ({report.said})" if report.said else ""
            outcome.held.append(
                HeldRef(update.name, "refused", update.new, update.old, reason + said)
            )
            continue
        outcome.moved += 1
        if update.new is None:
            outcome.gone.add(update.name)
        else:
            outcome.held_there[update.name] = update.new
    if report.raced:
        raise PushFailed(
            "busy",
            f"{min(report.raced)} moved on the mirror during the push.",
            "The server looks again.",
            transient=True,
        )


def _contains(conn: Connection, view: ObjectView, old: str, new: str) -> bool:
    if not git_store.commit_rows(conn, view.project_id, (old, new)).keys() >= {old, new}:
        return False
    return ancestry.is_ancestor(view, old, new)


def put_off(db: Database, project_id: str) -> None:
    """Let the project's mirrors wait a moment, because this process pushes to as many as it may."""
    with db.write() as tx:
        lock_project(tx.conn, project_id)
        for mirror in store.mirrors_of(tx.conn, project_id):
            if mirror.enabled and mirror.next_attempt_at is None:
                store.change(tx.conn, mirror.id, {"next_attempt_at": tx.now + _PUT_OFF_US})


def finish(deps: PushDeps, claimed: Claimed, run: str, outcome: Outcome) -> None:
    """Write down what an attempt did, give the lease back, and queue the next when something happened meanwhile.

    When the mirror was changed or removed during the attempt, its result is dropped.
    """
    was = claimed.mirror
    with deps.db.write() as tx:
        lock_project(tx.conn, was.project_id)
        now = next((m for m in store.mirrors_of(tx.conn, was.project_id) if m.id == was.id), None)
        if now is None or now.lease != run:
            return
        store.note_pushed(tx.conn, was.id, outcome.held_there, outcome.gone, tx.now)
        values = result_of(now, outcome, tx.now, deps.wait)
        asked_again = now.requested_at is not None and now.requested_at != was.requested_at
        if asked_again:
            values.pop("overwrite", None)  # it may be what was asked for
        else:
            values["requested_at"] = None
        store.change(tx.conn, was.id, values)
        if asked_again or _moved_meanwhile(tx, was, outcome):
            queue_push(tx, was.project_id)
        _tell(tx, claimed, outcome, values)


def _moved_meanwhile(tx: Transaction, was: Mirror, outcome: Outcome) -> bool:
    """Whether refs that go out are not those this attempt saw."""
    if outcome.failed is not None:
        return False
    refs = git_store.refs(tx.conn, was.project_id)
    return outcome.going != {
        name: oid for name, oid in refs.items() if goes_out(name, all_branches=was.all_branches)
    }


def _tell(tx: Transaction, claimed: Claimed, outcome: Outcome, values: dict[str, Any]) -> None:
    """The log has every attempt; the audit log what nobody here did: a mirror somebody else has changed."""
    was = claimed.mirror
    problem: Problem | None = values["problem"]
    if problem is None:
        log.info("mirror_pushed", project=claimed.project, refs_moved=outcome.moved)
        return
    log.warning(
        "mirror_not_pushed",
        project=claimed.project,
        state=values["state"],
        code=problem.code,
        reason=problem.detail,
        attempts=values["attempts"],
    )
    before = {(ref.name, ref.there) for ref in was.held if ref.why == "diverged"}
    diverged = [ref for ref in outcome.held if ref.why == "diverged"]
    if {(ref.name, ref.there) for ref in diverged} - before:
        record(
            tx,
            AuditEvent(
                action="mirror.diverged",
                object=AuditObject("mirror", claimed.project),
                actor=SYSTEM,
                outcome="failed",
                project=claimed.project,
                after={
                    "url": was.url,
                    "refs": {
                        ref.name: {"here": ref.here, "there": ref.there}
                        for ref in diverged[:MAX_LISTED]
                    },
                    "refs_diverged": len(diverged),
                },
            ),
            project_id=was.project_id,
        )


def _without(problem: Problem, secret: Secret) -> Problem:
    return Problem(problem.code, _hide(problem.detail, secret), problem.remedy)


def _hide(text: str, secret: Secret) -> str:
    """A host may echo what it was sent."""
    if secret.password and secret.password in text:
        return text.replace(secret.password, "********")
    return text
