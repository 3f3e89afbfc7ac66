"""The publish gate's rules."""

from __future__ import annotations

from promptops_server.approvals.gate import gate
from promptops_server.approvals.model import Content, GateFacts, Kind
from promptops_server.infra.authorise import Decision

PUBLISHER = Decision(True, "role.publisher")
AUTHOR = Decision(False, "role.missing", "ada may not publish: holds author.", "Ask for publisher.")
STOPPED = Content("a", 3, None, None, suspended_here=True)
FRESH = Content("b", 1, None, None)


def facts(
    gated: Decision, *contents: Content, approval: bool = True, kind: Kind = "publish"
) -> GateFacts:
    return GateFacts("production", approval, kind, gated, contents)


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
