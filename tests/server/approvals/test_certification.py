"""Certification: dates by tier, decisions anew by people who stand apart, what is told and blocked when a date passes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from continuity_world import ADA, APP, DAY, REV, RIK, ROBOT, ContinuityWorld, paper, person
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text

from promptops_server.approvals.certification import store
from promptops_server.approvals.certification.certify import Certified, certify
from promptops_server.approvals.certification.keep import keep_live
from promptops_server.approvals.certification.model import (
    PRODUCT,
    RETURN_US,
    Cadence,
    Decision,
    Due,
    Need,
    Published,
    add_months,
    due_at,
    end_of_day,
    missing,
)
from promptops_server.approvals.certification.note import note_gone, note_release
from promptops_server.approvals.certification.notice import notice_dues
from promptops_server.approvals.certification.read import dues, overdue_for
from promptops_server.approvals.certification.renew import renew_request
from promptops_server.approvals.certification.tables import certification_due
from promptops_server.approvals.workflow.progress import Progress
from promptops_server.infra.clock import from_text, now_us
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound

PATH = "claims/triage"


def start(
    bank: ContinuityWorld,
    tier: Any = "low",
    *,
    approved_days_ago: float | None = 0,
    path: str = PATH,
    version: int = 1,
    environment: str = "e1",
    review_due: int | None = None,
    behaviour: str = "b1",
) -> list[Published]:
    bank.papers[path] = paper(tier)
    with bank.db.write() as tx:
        at = None if approved_days_ago is None else tx.now - int(approved_days_ago * DAY)
        made = Published(path, version, behaviour, "r1", tier, at, review_due)
        return note_release(tx, bank.project.id, environment, [made])


def the(bank: ContinuityWorld, path: str = PATH) -> Due:
    with bank.db.read() as conn:
        (due,) = store.open_at(conn, bank.project.id, path)
    return due


def do(bank: ContinuityWorld, actor: Any, path: str = PATH, **more: Any) -> Certified:
    return certify(bank.deps, actor, bank.project, path, "Looked at it again.", **more)


def overdue(bank: ContinuityWorld, *paths: str, days: float = 0) -> dict[str, int]:
    with bank.db.read() as conn:
        return overdue_for(conn, bank.project.id, paths or (PATH,), now_us() + int(days * DAY))


def test_dates_follow_the_tier_and_the_record_may_only_bring_them_forward() -> None:
    at = from_text("2026-08-31T10:00:00Z")
    assert due_at(at, "low", None) == from_text("2028-08-31T10:00:00Z")
    assert due_at(at, "medium", None) == from_text("2027-08-31T10:00:00Z")
    assert due_at(at, "high", None) == due_at(at, None, None) == from_text("2027-02-28T10:00:00Z")
    early, late = end_of_day("2026-12-01"), end_of_day("2030-01-01")
    assert early == from_text("2026-12-02T00:00:00Z")
    assert due_at(at, "low", early) == early
    assert due_at(at, "low", late) == due_at(at, "low", None)
    assert due_at(at, "low", None, Cadence(low=3)) == from_text("2026-11-30T10:00:00Z")


def test_an_installation_may_tighten_the_cadence_and_not_relax_it() -> None:
    for wrong in ({"low": 25}, {"medium": 13}, {"high": 7}, {"high": 0}, {"warn_days": 29}):
        with pytest.raises(ValueError, match=r"allowed|announced"):
            Cadence(**wrong)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
        lambda d: int(d.replace(tzinfo=UTC).timestamp() * 1_000_000)
    ),
    st.integers(1, 24),
)
def test_months_are_whole_and_in_order(at: int, months: int) -> None:
    later = add_months(at, months)
    assert 28 * months * DAY <= later - at <= 31 * months * DAY
    assert later > add_months(at, months - 1)
    assert (later - at) % 1_000_000 == 0


def test_what_each_tier_takes() -> None:
    def decided(step: Any, who: str, role: str) -> Decision:
        return Decision(step, who, who, role, 1, "", "", "", "")

    review, approval = decided("review", "a", "reviewer"), decided("approve", "b", "approver")
    risk = decided("approve", "c", "risk")
    assert missing("low", ()) == (Need("approve"),)
    assert missing("low", (approval,)) == ()
    assert missing("medium", (review,)) == (Need("approve"),)
    assert missing("high", (review, approval)) == (Need("approve", from_risk=True),)
    assert missing(None, (review, risk)) == ()
    same = decided("approve", "a", "risk")
    assert missing("high", (review, same)) == (Need("approve", from_risk=True),)


def test_one_approver_certifies_at_low_and_the_date_moves(bank: ContinuityWorld) -> None:
    start(bank, approved_days_ago=720)
    before = the(bank)
    assert before.state(now_us()) == "warned"
    made = do(bank, APP)
    assert made.missing == ()
    assert made.environment == "production"
    after = the(bank)
    assert after.due_at > now_us() + 700 * DAY
    assert after.approved_at is not None
    assert after.approved_at > (before.approved_at or 0)
    with bank.db.read() as conn:
        outcomes = conn.execute(
            select(certification_due.c.outcome).order_by(certification_due.c.id)
        ).scalars()
        assert list(outcomes) == ["certified", None]
        (kept,) = store.decisions(conn, before.id)
    assert (kept.step, kept.role, kept.behaviour, kept.tier) == ("approve", "approver", "b1", "low")
    (event,) = bank.events("certification.decide")
    assert event["after"]["missing"] == []


def test_medium_takes_a_review_and_then_an_approval_of_two_people(bank: ContinuityWorld) -> None:
    start(bank, "medium")
    with pytest.raises(Denied, match="may not review"):
        do(bank, APP)
    with pytest.raises(Conflict, match="waits for a review first"):
        do(bank, APP, step="approve")
    all_roles = person("max", "reviewer", "approver")
    assert do(bank, all_roles).missing == (Need("approve"),)
    with pytest.raises(Denied, match="decided on this review already"):
        do(bank, all_roles)
    assert do(bank, APP).missing == ()


def test_high_takes_a_reviewer_and_the_control_function(bank: ContinuityWorld) -> None:
    start(bank, "high")
    do(bank, REV)
    with pytest.raises(Denied, match="does not hold the role risk"):
        do(bank, APP)
    assert do(bank, RIK).missing == ()


def test_a_tier_that_rose_since_asks_for_more(bank: ContinuityWorld) -> None:
    start(bank, "low")
    bank.papers[PATH] = paper("high")
    assert do(bank, REV).missing == (Need("approve", from_risk=True),)
    bank.papers[PATH] = paper(None)
    with pytest.raises(Denied, match="risk"):
        do(bank, APP)


def test_authors_machines_and_operators_certify_nothing(bank: ContinuityWorld) -> None:
    start(bank)
    with pytest.raises(Denied, match="wrote part"):
        do(bank, person("ada", "author", "approver"))
    bank.humans["id-of-ada"] = "human-1"
    with pytest.raises(Denied, match="wrote part"):
        do(bank, person("ada2", "approver", person="human-1"))
    bank.papers[PATH] = paper(authors=frozenset({"id-of-app"}))
    with pytest.raises(Denied, match="wrote part"):
        do(bank, APP)
    with pytest.raises(Denied, match="no person"):
        do(bank, ROBOT)
    with pytest.raises(Denied, match="server's machine"):
        do(bank, dataclasses.replace(RIK, auth_method="operator"))
    with pytest.raises(Denied):
        do(bank, dataclasses.replace(person("boss"), admin=True))


def test_content_with_nothing_to_stand_on_is_not_certified(bank: ContinuityWorld) -> None:
    start(bank)
    for wrong, words in (
        ({"redacted": True}, "redacted"),
        ({"retired": "over"}, "retired"),
        ({"progress": Progress("revoked")}, "revoked"),
    ):
        bank.papers[PATH] = paper(**wrong)
        with pytest.raises(Conflict, match=words):
            do(bank, APP)
    with pytest.raises(NotFound, match="not live"):
        do(bank, APP, "claims/letter")


def test_live_in_two_environments_one_must_be_named(bank: ContinuityWorld) -> None:
    start(bank)
    start(bank, environment="e2")
    with pytest.raises(Invalid, match="pilot, production"):
        do(bank, APP)
    assert do(bank, APP, environment="pilot").environment == "pilot"


def test_overdue_blocks_until_it_is_done_and_a_new_version_restarts_the_date(
    bank: ContinuityWorld,
) -> None:
    start(bank, "high", approved_days_ago=150)
    assert overdue(bank) == {}
    assert list(overdue(bank, days=40)) == [PATH]
    start(bank, "high", version=2, behaviour="b2")
    assert overdue(bank, days=40) == {}
    assert the(bank).version == 2
    with bank.db.write() as tx:
        note_gone(tx, "e1", [PATH])
    assert overdue(bank, days=900) == {}


def test_content_that_returns_without_an_approval_in_force_is_an_item_of_72_hours_that_blocks_nothing(
    bank: ContinuityWorld,
) -> None:
    for days in (None, 800.0):
        flagged = start(bank, approved_days_ago=days)
        assert [item.path for item in flagged] == [PATH]
        due = the(bank)
        assert due.cause == "returned"
        assert abs(due.due_at - now_us() - RETURN_US) < 60_000_000
        assert overdue(bank, days=30) == {}
    assert do(bank, APP).missing == ()
    assert the(bank).cause == "periodic"


def test_content_certified_since_its_approval_returns_with_that_date(bank: ContinuityWorld) -> None:
    start(bank, approved_days_ago=720)
    do(bank, APP)
    start(bank, version=2, behaviour="b2")
    assert start(bank, approved_days_ago=720) == []
    assert the(bank).due_at > now_us() + 700 * DAY


def test_each_date_is_told_once_and_high_asks_whether_to_suspend(bank: ContinuityWorld) -> None:
    start(bank, "high", approved_days_ago=160)
    start(bank, "low", path="claims/letter", approved_days_ago=0)
    assert notice_dues(bank.db) == 1
    assert notice_dues(bank.db) == 0
    (told,) = bank.told("certification.due")
    assert (told["path"], told["suspension_asked"]) == (PATH, False)
    later = now_us() + 30 * DAY
    assert notice_dues(bank.db, clock=lambda: later) == 1
    assert notice_dues(bank.db, clock=lambda: later) == 0
    (told,) = bank.told("certification.overdue")
    assert told["suspension_asked"] is True
    with bank.db.read() as conn:
        page = dues(conn, bank.project.id, wanted="suspension", now=later)
    assert [due.path for due in page.items] == [PATH]
    assert len(bank.events("certification.overdue")) == 1


def test_an_approver_answers_whether_to_suspend(bank: ContinuityWorld) -> None:
    start(bank, "high", approved_days_ago=160)
    due = the(bank)
    why = "No replacement before the quarter ends; watched daily."
    with pytest.raises(Conflict, match="not asked"):
        keep_live(bank.deps, APP, bank.project, due.id, why)
    notice_dues(bank.db, clock=lambda: now_us() + 30 * DAY)
    for wrong in (REV, ADA, person("ada", "approver")):
        with pytest.raises(Denied):
            keep_live(bank.deps, wrong, bank.project, due.id, why)
    assert keep_live(bank.deps, APP, bank.project, due.id, why).suspension == "kept"
    with pytest.raises(Conflict, match="answered"):
        keep_live(bank.deps, APP, bank.project, due.id, why)
    assert list(overdue(bank, days=40)) == [PATH]


def test_lists_are_pages_by_date(bank: ContinuityWorld) -> None:
    for number, path in enumerate(("claims/triage", "claims/letter", "cards/limit")):
        start(bank, path=path, approved_days_ago=100 * number)
    with bank.db.read() as conn:
        first = dues(conn, bank.project.id, now=now_us(), limit=2)
        rest = dues(conn, bank.project.id, now=now_us(), limit=2, after=first.next)
        warned = dues(conn, bank.project.id, wanted="warned", now=now_us() + 510 * DAY)
    assert [d.path for d in first.items] == ["cards/limit", "claims/letter"]
    assert [d.path for d in rest.items] == ["claims/triage"]
    assert rest.next is None
    assert [d.path for d in warned.items] == ["cards/limit"]
    assert PRODUCT.warn_days == 30


def test_the_workflow_is_told_that_decisions_were_confirmed(bank: ContinuityWorld) -> None:
    called: list[tuple[Any, ...]] = []

    def renewed(conn: Any, *said: Any) -> None:
        called.append(said)

    bank.deps = dataclasses.replace(bank.deps, renewed=renewed)
    start(bank)
    do(bank, APP)
    assert [said[1:4] for said in called] == [(PATH, "b1", "r1")]


def test_the_newest_request_for_exactly_this_content_is_renewed() -> None:
    columns = "project_id, path, behaviour, record, number, renewed_at"
    with create_engine("sqlite://").connect() as conn:
        conn.execute(text(f"CREATE TABLE review_request ({columns})"))
        for number, record in ((1, "r1"), (2, "r1"), (3, "r2")):
            conn.execute(
                text("INSERT INTO review_request VALUES ('p', 'a', 'b1', :r, :n, NULL)"),
                {"r": record, "n": number},
            )
        renew_request(conn, "p", "a", "b1", "r1", 7)
        rows = conn.execute(text("SELECT number FROM review_request WHERE renewed_at = 7"))
        assert list(rows.scalars()) == [2]
