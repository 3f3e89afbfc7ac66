"""The background jobs of the product: their names, and which outbox topic starts which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete

from promptops_server.approvals.certification.model import Cadence
from promptops_server.approvals.certification.notice import LOOK_SECONDS, notice_dues
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.jobs import JobFunction, Jobs
from promptops_server.infra.tables import idempotency_key
from promptops_server.registry.working_copies.discard import remove_untouched
from promptops_server.registry.working_copies.model import DAY_US

LATEST_ONLY = frozenset({"release", "mirror"})
"""Topics where the newest waiting row of a key does the work of those before it."""

IDEMPOTENCY_KEEP_US = 48 * 3600 * 1_000_000
"""How long a repeated request gets the first answer again."""

CHECKPOINT_LOOK_SECONDS = 30.0
"""How often it is looked whether a log needs a checkpoint."""

REDACTIONS_LOOK_SECONDS = 60.0
"""How often it is looked whether a redaction has expired, or left something to clean up."""


@dataclass(frozen=True, slots=True)
class TestRunJobs:
    """Carries out one attempt of a test run; forgets the texts of old runs."""

    carry_out: JobFunction
    forget_texts: Callable[[], object]


@dataclass(frozen=True, slots=True)
class AuditUpkeep:
    """What is done about the audit logs in the background: erase who is to be erased, remove what is old, send the new."""

    erase: Callable[[], object]
    remove_old: Callable[[], object]
    send: Callable[[], object]
    send_seconds: float


AT_ONCE = frozenset({"test-run"})
"""Topics whose jobs somebody waits for, and which limit themselves."""


def register_jobs(
    jobs: Jobs,
    database: Database,
    project: Callable[[str], object],
    *,
    push_mirror: JobFunction,
    working_copies_keep_days: float,
    make_checkpoints: Callable[[], object],
    look_after_redactions: Callable[[], object],
    cadence: Cadence,
    audit_upkeep: AuditUpkeep,
    test_runs: TestRunJobs,
) -> dict[str, str]:
    """Register every job and schedule; returns topic → job name for the dispatcher.

    Args:
        project: brings Redis to an environment's head; repeated until it holds, by the reconciler if need be.
        working_copies_keep_days: how long a working copy is kept that nobody saves.
        cadence: how often what is live is reviewed.
        make_checkpoints: signs the audit logs that have grown.
        look_after_redactions: closes requests past their time, and cleans up after those carried out.
        audit_upkeep: keeps what belongs to the audit logs in order.
        test_runs: tests of prompts on models.
        push_mirror: one attempt to bring a project's mirrors up to date; it never fails, and repeats are its own.
    """

    def project_release(payload: dict[str, Any]) -> None:
        project(payload["key"])

    def forget_idempotency_keys(_: dict[str, Any]) -> None:
        with database.write() as tx:
            tx.conn.execute(
                delete(idempotency_key).where(
                    idempotency_key.c.created_at < now_us() - IDEMPOTENCY_KEEP_US
                )
            )

    def remove_working_copies(_: dict[str, Any]) -> None:
        remove_untouched(database, now_us() - int(working_copies_keep_days * DAY_US))

    def make_audit_checkpoints(_: dict[str, Any]) -> None:
        make_checkpoints()

    def end_redactions(_: dict[str, Any]) -> None:
        look_after_redactions()

    def look_at_reviews(_: dict[str, Any]) -> None:
        notice_dues(database, cadence=cadence)

    def erase_people(_: dict[str, Any]) -> None:
        audit_upkeep.erase()

    def remove_old_audit_events(_: dict[str, Any]) -> None:
        audit_upkeep.remove_old()

    def send_audit_events(_: dict[str, Any]) -> None:
        audit_upkeep.send()

    def forget_test_texts(_: dict[str, Any]) -> None:
        test_runs.forget_texts()

    jobs.register("test-run", test_runs.carry_out)
    jobs.register("forget-test-texts", forget_test_texts)
    jobs.schedule("forget-test-texts", 24 * 3600)
    jobs.register("erase-people", erase_people)
    jobs.register("remove-old-audit-events", remove_old_audit_events)
    jobs.register("send-audit-events", send_audit_events)
    jobs.schedule("erase-people", 300)
    jobs.schedule("remove-old-audit-events", 24 * 3600)
    jobs.schedule("send-audit-events", audit_upkeep.send_seconds)
    jobs.register("project-release", project_release)
    jobs.register("look-at-reviews", look_at_reviews)
    jobs.register("push-mirror", push_mirror)
    jobs.register("forget-idempotency-keys", forget_idempotency_keys)
    jobs.register("remove-working-copies", remove_working_copies)
    jobs.register("make-audit-checkpoints", make_audit_checkpoints)
    jobs.register("end-redactions", end_redactions)
    jobs.schedule("end-redactions", REDACTIONS_LOOK_SECONDS)
    jobs.schedule("make-audit-checkpoints", CHECKPOINT_LOOK_SECONDS)
    jobs.schedule("look-at-reviews", LOOK_SECONDS)
    jobs.schedule("forget-idempotency-keys", 3600)
    jobs.schedule("remove-working-copies", 6 * 3600)
    return {"release": "project-release", "mirror": "push-mirror", "test-run": "test-run"}
