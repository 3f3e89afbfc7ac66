"""What certification and exceptions put on people's desks: on the right ones, and until it is done."""

from __future__ import annotations

import dataclasses
from typing import Any

from continuity_world import ADA, APP, DAY, REV, RIK, ROBOT, ContinuityWorld, paper, person
from sqlalchemy import update

from promptops_server.approvals.certification.certify import certify
from promptops_server.approvals.certification.keep import keep_live
from promptops_server.approvals.certification.model import PRODUCT, Published
from promptops_server.approvals.certification.note import note_release
from promptops_server.approvals.certification.notice import notice_dues
from promptops_server.approvals.certification.tables import certification_due
from promptops_server.approvals.certification.work import certification_work
from promptops_server.approvals.exceptions.accept import accept_exception
from promptops_server.approvals.exceptions.request import Wanted, request_exception
from promptops_server.approvals.exceptions.work import exception_work
from promptops_server.approvals.workflow.progress import Progress
from promptops_server.approvals.workflow.work import Source
from promptops_server.infra.clock import now_us

PATH = "claims/triage"
BOTH = person("both", "reviewer", "approver", "author")


def kinds(bank: ContinuityWorld, source: Source, actor: Any, *, days: float = 0) -> list[str]:
    with bank.db.read() as conn:
        now = now_us() + int(days * DAY)
        return [f"{w.kind} {w.path}" for w in source(conn, actor, bank.project, now)]


def live(bank: ContinuityWorld, tier: Any, approved_days_ago: float) -> None:
    bank.papers[PATH] = paper(tier)
    with bank.db.write() as tx:
        at = tx.now - int(approved_days_ago * DAY)
        made = Published(PATH, 1, "b1", "r1", tier, at, None)
        note_release(tx, bank.project.id, "e1", [made])


def test_a_review_that_comes_near_waits_for_its_next_step_alone(bank: ContinuityWorld) -> None:
    live(bank, "high", 160)
    source = certification_work(bank.deps, PRODUCT)
    deps = dataclasses.replace(bank.deps, check_signer=lambda tx, actor, given: None)  # type: ignore[arg-type,return-value]
    assert kinds(bank, source, REV) == ["certify claims/triage"]
    for nobody in (ADA, APP, RIK, ROBOT, person("pia", "publisher")):
        assert kinds(bank, source, nobody) == []
    bank.papers[PATH] = dataclasses.replace(paper("high"), demands=None)
    with bank.db.write() as tx:
        tx.conn.execute(update(certification_due).values(tier="medium"))
    bank.papers[PATH] = paper("medium")
    certify(deps, REV, bank.project, PATH, "Figures looked at")
    assert kinds(bank, source, REV) == []
    assert kinds(bank, source, APP) == ["certify claims/triage"]
    certify(deps, APP, bank.project, PATH, "Figures looked at")
    assert kinds(bank, source, APP) == []


def test_nothing_waits_long_before_the_date_nor_after_the_end(bank: ContinuityWorld) -> None:
    live(bank, "low", 0)
    source = certification_work(bank.deps, PRODUCT)
    assert kinds(bank, source, APP) == []
    assert kinds(bank, source, APP, days=720) == ["certify claims/triage"]
    bank.papers[PATH] = paper("low", retired="the use ends")
    assert kinds(bank, source, APP, days=720) == []
    bank.papers[PATH] = paper("low", progress=Progress("revoked"))
    assert kinds(bank, source, APP, days=720) == []
    bank.papers[PATH] = paper("low", authors=frozenset({APP.identity}))
    assert kinds(bank, source, APP, days=720) == []


def test_an_overdue_review_at_high_tier_asks_approvers_whether_to_suspend(
    bank: ContinuityWorld,
) -> None:
    live(bank, "high", 0)
    notice_dues(bank.db, clock=lambda: now_us() + 200 * DAY)
    source = certification_work(bank.deps, PRODUCT)
    assert kinds(bank, source, APP, days=200) == ["suspend_decision claims/triage"]
    assert kinds(bank, source, REV, days=200) == ["certify claims/triage"]
    with bank.db.read() as conn:
        due_id = str(conn.execute(certification_due.select()).one().id)
    keep_live(bank.deps, APP, bank.project, due_id, "The fallback would be worse for customers")
    assert kinds(bank, source, APP, days=200) == []


def test_an_exception_waits_for_the_control_function_that_stands_apart(
    bank: ContinuityWorld,
) -> None:
    source = exception_work(bank.deps)
    asked = Wanted(
        rule="record.harms_benefits",
        reason="The fairness run needs data that arrives in March.",
        control="Every answer is read by a person before it is sent.",
        scope="claims/",
    )
    made = request_exception(bank.deps, REV, bank.project, asked)
    assert kinds(bank, source, RIK) == ["accept_exception claims/"]
    for nobody in (ADA, REV, APP, ROBOT):
        assert kinds(bank, source, nobody) == []
    bank.humans["id-of-ada"] = "rik-in-person"
    assert kinds(bank, source, dataclasses.replace(RIK, person="rik-in-person")) == []
    bank.humans.clear()
    assert kinds(bank, source, RIK, days=91) == []
    accept_exception(bank.deps, RIK, bank.project, made.name, "Small enough.")
    assert kinds(bank, source, RIK) == []
