"""The publish gate's rules."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from promptops_server.approvals.gate import MOST, gate
from promptops_server.approvals.model import Content, Emergency, GateFacts, Kind
from promptops_server.approvals.paperwork import Gap, Paperwork, Waiver
from promptops_server.approvals.workflow.demands import PRODUCT
from promptops_server.approvals.workflow.model import Binding
from promptops_server.approvals.workflow.model import Decision as Made
from promptops_server.approvals.workflow.progress import Missing, Progress
from promptops_server.infra.authorise import Decision

PUBLISHER = Decision(True, "role.publisher")
AUTHOR = Decision(False, "role.missing", "ada may not publish: holds author.", "Ask for publisher.")
STOPPED = Content("a", 3, None, None, suspended_here=True)
FRESH = Content("b", 1, None, None)
BOUND = Binding("b", "r", "high")
APPROVED = Paperwork("low", "low", demands=PRODUCT["low"], request=1, progress=Progress("approved"))


def facts(
    gated: Decision, *contents: Content, approval: bool = True, kind: Kind = "publish"
) -> GateFacts:
    papers = {(content.path, content.version): APPROVED for content in contents}
    return GateFacts("production", approval, kind, gated, contents, papers=papers)


def papers(kind: Kind = "publish", *, now: int = 0, **said: Any) -> list[str]:
    """The rules that a publisher meets with one version whose papers differ from the approved in this."""
    given = dataclasses.replace(APPROVED, **said)
    return [
        unmet.rule
        for unmet in gate(
            dataclasses.replace(
                facts(PUBLISHER, FRESH, kind=kind),
                papers={("b", 1): given},
                identity="pia",
                now=now,
            )
        ).unmet
    ]


def test_an_environment_that_asks_for_approval_takes_the_gated_role() -> None:
    assert gate(facts(PUBLISHER, FRESH)).allowed
    verdict = gate(facts(AUTHOR, FRESH))
    assert [u.rule for u in verdict.unmet] == ["gate.role"]
    assert verdict.unmet[0].remedy == "Ask for publisher."
    assert "ada may not publish" in verdict.unmet[0].detail


def test_an_environment_that_asks_for_none_is_open_to_whom_access_admits() -> None:
    assert gate(facts(AUTHOR, FRESH, approval=False)).allowed


def test_suspended_content_returns_only_through_who_may_publish_where_approval_is_asked() -> None:
    verdict = gate(facts(AUTHOR, STOPPED, FRESH, approval=False))
    assert [u.rule for u in verdict.unmet] == ["gate.suspended"]
    assert "a@3" in verdict.unmet[0].detail
    assert gate(facts(PUBLISHER, STOPPED, approval=False)).allowed


def test_everything_unmet_is_told_at_once() -> None:
    verdict = gate(facts(AUTHOR, STOPPED, Content("c", 2, None, None, suspended_here=True)))
    assert [u.rule for u in verdict.unmet] == ["gate.role", "gate.suspended", "gate.suspended"]


def test_stopping_is_not_judged_by_what_was_suspended() -> None:
    assert gate(facts(AUTHOR, STOPPED, approval=False, kind="unpublish")).allowed


def test_content_whose_papers_nobody_read_does_not_pass() -> None:
    verdict = gate(dataclasses.replace(facts(PUBLISHER, FRESH), papers={}))
    assert [u.rule for u in verdict.unmet] == ["gate.papers"]


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        ("lapsed", "approval.lapsed"),
        ("rejected", "approval.rejected"),
        ("withdrawn", "approval.withdrawn"),
        ("revoked", "approval.revoked"),
        ("changes_requested", "approval.changes_requested"),
    ],
)
def test_every_state_but_approved_is_refused_by_its_name(state: Any, rule: str) -> None:
    assert papers(progress=Progress(state, lapses_at=5)) == [rule]


def test_each_decision_that_lacks_is_a_condition_of_its_own() -> None:
    missing = (Missing("review", 1), Missing("validate", 1), Missing("approve", 2, from_risk=True))
    assert papers(progress=Progress("in_review", (), missing)) == [
        "approval.review",
        "approval.validation",
        "approval.approval",
    ]
    assert papers(request=None, progress=None) == ["approval.missing"]


def test_documentation_and_standing_are_told_at_once() -> None:
    gap = Gap("D17", "limitations", "is missing", "Write them.")
    assert papers(gaps=(gap,), overdue_since=4, retired="replaced", redacted=True) == [
        "gate.redacted",
        "gate.retired",
        "review.overdue",
        "record.limitations",
    ]
    assert papers(tier=None, progress=None, request=None) == ["record.tier", "approval.missing"]
    assert papers(not_applicable={"limitations": "n/a"}) == ["record.not_applicable"]


def test_a_rollback_asks_only_whether_content_was_revoked_or_redacted() -> None:
    gap = Gap("D17", "limitations", "is missing", "Write them.")
    nothing: dict[str, Any] = {
        "gaps": (gap,),
        "overdue_since": 4,
        "request": None,
        "progress": None,
    }
    assert papers("rollback", **nothing) == []
    assert papers("rollback", redacted=True, revoked_by=3) == ["gate.redacted", "approval.revoked"]


def test_authors_and_at_high_tier_approvers_do_not_publish() -> None:
    approve = Made("approve", "pia", "Pia", "approver", 1, BOUND, signed=True)
    by_her = Progress("approved", (approve,))
    assert papers(authors=frozenset({"pia"})) == ["separation.author"]
    assert papers(progress=by_her) == []
    high: dict[str, Any] = {"tier": "high", "demands": PRODUCT["high"], "progress": by_her}
    assert papers(**high) == ["separation.approver"]
    assert papers(unmapped_authors=("x@y",)) == []
    assert papers(**high, unmapped_authors=("x@y",))[-1] == "separation.unmapped_author"


EVERYTHING = (
    *("gate.redacted", "gate.retired", "review.overdue", "record.tier", "record.limitations"),
    *("approval.missing", "separation.author"),
)


def test_an_exception_sets_documentation_aside_and_never_the_four_eyes() -> None:
    waivers = tuple(Waiver("e1", rule, 100) for rule in EVERYTHING)
    gap = Gap("D17", "limitations", "is missing", "Write them.")
    said: dict[str, Any] = {
        "tier": None,
        "gaps": (gap,),
        "request": None,
        "progress": None,
        "authors": frozenset({"pia"}),
        "overdue_since": 4,
        "retired": "x",
        "redacted": True,
    }
    assert papers(**said) == list(EVERYTHING)
    covered = {"review.overdue", "record.limitations"}
    assert papers(**said, waivers=waivers) == [r for r in EVERYTHING if r not in covered]
    assert papers(**said, waivers=waivers, now=100) == list(EVERYTHING)


def test_however_many_conditions_exceptions_cover_they_stand_in_nobodys_way() -> None:
    gaps = tuple(Gap("D1", f"k{n}", "is missing", "") for n in range(MOST + 5))
    assert len(papers(gaps=gaps)) == MOST + 1
    assert papers(gaps=gaps)[-1] == "gate.more"
    assert papers(gaps=gaps, waivers=tuple(Waiver("e", f"record.{g.key}", 9) for g in gaps)) == []


def test_in_an_emergency_only_what_bars_content_is_asked() -> None:
    broken = dataclasses.replace(
        facts(PUBLISHER, FRESH),
        papers={("b", 1): Paperwork(None, redacted=True)},
        emergency=Emergency("INC-1"),
    )
    assert [u.rule for u in gate(broken).unmet] == ["gate.redacted"]
