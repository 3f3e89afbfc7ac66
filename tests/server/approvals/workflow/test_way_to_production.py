"""From a version to production: what each tier takes, who may not, and what makes an approval count no more."""

from __future__ import annotations

import dataclasses
import json

import pytest
from flow_world import Flow
from sqlalchemy import update

from promptops_server.approvals.workflow.decide import role_of
from promptops_server.approvals.workflow.demands import Tightening
from promptops_server.approvals.workflow.errors import NotNow
from promptops_server.approvals.workflow.tables import review_request
from promptops_server.infra.actor import Actor, Scope
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Denied, Invalid, ProblemError
from promptops_server.registry.tables import version as version_table
from support.reviewed_files import reviewed_prompt


def test_low_tier_takes_one_person_who_wrote_none_of_it(flow: Flow) -> None:
    flow.put()
    assert flow.refused() == ["approval.missing"]
    request = flow.ask()
    assert flow.refused() == ["approval.approval"]
    decided = flow.decide(request, "abe", reason="Reads well")
    assert (decided.progress.state, decided.made.decision.role) == ("approved", "approver")
    flow.publish()
    assert flow.live() == {"hours": 1}
    assert flow.requests()[0].request.used_at is not None
    [event] = flow.events("review.approve")
    assert json.loads(event["body"])["after"]["state"] == "approved"


def test_medium_tier_takes_a_review_before_the_approval_of_somebody_else(flow: Flow) -> None:
    flow.put(tier="medium")
    request = flow.ask()
    with pytest.raises(NotNow, match="reviewed before it is approved"):
        flow.decide(request, "abe")
    assert flow.refused() == ["approval.review", "approval.approval"]
    assert flow.decide(request, "rita").progress.state == "reviewed"
    with pytest.raises(NotNow, match="needs no more of this"):
        flow.decide(request, "ross", step="review")
    flow.decide(request, "abe")
    flow.publish()


def test_high_tier_takes_four_signatures_of_four_people_one_from_risk_and_a_fifth_who_publishes(
    flow: Flow,
) -> None:
    flow.add_person("max", "approver", "publisher")
    flow.put(tier="high")
    request = flow.ask()
    with pytest.raises(Denied, match="password is wrong"):
        flow.decide(request, "rita")
    flow.decide(request, "rita", signs=True)
    flow.decide(request, "val", signs=True, report_hash="a" * 64, conditions="English only")
    flow.decide(request, "abe", signs=True)
    still = flow.decide(request, "max", signs=True).progress
    assert (still.state, still.missing[0].from_risk) == ("reviewed", True)
    done = flow.decide(request, "rob", signs=True)
    assert done.progress.state == "approved"
    assert done.made.signature is not None
    assert (done.made.signature["name"], done.made.signature["meaning"]) == ("Rob", "approval")
    assert flow.refused(by="max") == ["separation.approver"]
    flow.publish()


def test_an_incomplete_record_is_refused_with_every_gap(flow: Flow) -> None:
    lines = reviewed_prompt("medium").splitlines(keepends=True)
    lacking = "".join(x for x in lines if "limitations" not in x and "ethics_ref" not in x)
    flow.put(text=lacking)
    with pytest.raises(NotNow, match="D17 limitations, D19 ethics_ref") as refused:
        flow.ask()
    assert [e["key"] for e in refused.value.members["errors"]] == [
        "record.limitations",
        "record.ethics_ref",
    ]
    assert flow.refused() == ["record.limitations", "record.ethics_ref", "approval.missing"]
    flow.put(text="messages:\n  - role: user\n    content: Hi\n")
    with pytest.raises(NotNow, match="tier is unknown"):
        flow.ask()
    assert "record.tier" in flow.refused()


def test_reasons_of_answers_n_a_are_accepted_by_name(flow: Flow) -> None:
    out = "  out_of_scope: [questions about accounts]\n"
    na = '  out_of_scope: "n/a: it answers one closed question only"\n'
    flow.put(text=reviewed_prompt("medium").replace(out, na))
    request = flow.ask()
    with pytest.raises(Invalid, match="one closed question"):
        flow.decide(request, "rita")
    with pytest.raises(Invalid, match="does not answer n/a to limitations"):
        flow.decide(request, "rita", accept=["limitations"])
    flow.decide(request, "rita", accept=["out_of_scope"])
    flow.decide(request, "abe")
    flow.publish()


def test_an_edit_has_no_approval_and_the_same_content_later_keeps_it(flow: Flow) -> None:
    flow.approved()
    flow.put(says="Other words?")
    assert flow.state() == "draft"
    assert flow.refused() == ["approval.missing"]
    flow.put(text="# a comment\n" + reviewed_prompt())
    assert (flow.state(), flow.case().version.number) == ("approved", 3)
    flow.publish("hours@3")


def test_with_other_documentation_the_same_prompt_is_not_approved(flow: Flow) -> None:
    flow.approved()
    flow.put(reason="Second version")
    assert flow.case().version.behaviour == flow.case(number=1).version.behaviour
    assert flow.refused("hours@2") == ["approval.missing"]
    flow.publish("hours@1")


def test_an_unused_approval_lapses_after_thirty_days_and_a_used_one_does_not(flow: Flow) -> None:
    flow.approved()
    flow.approved("other")
    flow.publish("other")
    flow.age(30, by_us=-60_000_000)
    assert flow.state() == "approved"
    flow.age(0, by_us=60_000_000)
    assert (flow.state(), flow.state("other")) == ("lapsed", "approved")
    assert flow.refused() == ["approval.lapsed"]
    again = flow.ask()
    with pytest.raises(NotNow, match=f"#{again} stands in the place"):
        flow.decide(1, "abe", "revoke")
    flow.decide(again, "amy")
    flow.publish()


@pytest.mark.parametrize(
    ("verdict", "by", "state"),
    [("withdraw", "ada", "withdrawn"), ("reject", "abe", "rejected"), ("revoke", "abe", "revoked")],
)
def test_what_was_taken_back_stays_so_until_asked_anew(
    flow: Flow, verdict: str, by: str, state: str
) -> None:
    if verdict == "revoke":
        _, request = flow.approved()
    else:
        flow.put()
        request = flow.ask()
    flow.decide(request, by, verdict)
    assert flow.refused() == [f"approval.{state}"]
    with pytest.raises(NotNow, match="nothing is decided"):
        flow.decide(request, "amy")
    flow.decide(flow.ask(), "amy")
    flow.publish()


def test_revoked_content_is_neither_published_nor_rolled_back_to(flow: Flow) -> None:
    _, request = flow.approved()
    flow.publish()
    flow.approved(says="Newer?")
    flow.publish()
    flow.decide(request, "rob", "revoke", reason="Complaint upheld")
    assert flow.refused("hours@1") == ["approval.revoked"]
    with pytest.raises(Denied) as refused:
        flow.rollback(1)
    assert refused.value.members["rule"] == "approval.revoked"
    # To ask for a review of it does not bring it back either; a new approval does.
    again = flow.ask(number=1)
    with pytest.raises(Denied, match="was revoked"):
        flow.rollback(1)
    flow.decide(again, "ada", "withdraw")
    with pytest.raises(Denied, match="was revoked"):
        flow.rollback(1)
    assert flow.live() == {"hours": 2}
    flow.decide(flow.ask(number=1), "amy")
    flow.rollback(1)


def test_a_rollback_needs_no_approval_of_what_lapsed_or_was_withdrawn(flow: Flow) -> None:
    flow.approved()
    flow.publish()
    flow.approved(says="Newer?")
    flow.publish()
    flow.decide(1, "ada", "withdraw")
    flow.rollback(1)
    assert flow.live() == {"hours": 1}


def test_a_newer_request_stands_in_the_place_of_an_open_one(flow: Flow) -> None:
    flow.put()
    first = flow.ask()
    with pytest.raises(NotNow, match="about exactly this content"):
        flow.ask()
    flow.put(says="Better?")
    second = flow.ask()
    assert {r.number: r.state for r in flow.requests()} == {
        first: "withdrawn",
        second: "in_review",
    }
    assert len(flow.events("review.withdraw")) == 1
    with pytest.raises(NotNow):
        flow.decide(first, "abe")


def test_changes_are_asked_for_and_the_same_person_may_decide_again(flow: Flow) -> None:
    flow.put()
    request = flow.ask()
    with pytest.raises(Invalid, match="reason"):
        flow.decide(request, "abe", "request_changes", reason=" ")
    flow.decide(request, "abe", "request_changes")
    flow.decide(request, "amy")
    assert flow.refused() == ["approval.changes_requested"]
    flow.decide(request, "abe")
    assert flow.state() == "approved"


def test_an_approval_that_was_not_in_force_is_not_used_by_what_went_live(flow: Flow) -> None:
    flow.put()
    flow.ask()
    with flow.db.write() as tx:
        flow.papers.published(tx, flow.project, "production", [("hours", 1)])
    assert flow.requests()[0].request.used_at is None


def test_an_installation_asks_for_more_and_earlier_decisions_are_judged_by_it(
    database: Database,
) -> None:
    flow = Flow(database, Tightening(more_approvals={"low": 2}, signatures_from="low"))
    flow.put()
    request = flow.ask()
    with pytest.raises(Denied):
        flow.decide(request, "abe")
    flow.decide(request, "abe", signs=True)
    assert flow.decide(request, "amy", signs=True).progress.state == "approved"


def test_gxp_content_is_signed_at_every_tier(sqlite_flow: Flow) -> None:
    sqlite_flow.put(more="  sector: [gxp]\n")
    request = sqlite_flow.ask()
    with pytest.raises(Denied, match="password"):
        sqlite_flow.decide(request, "abe")
    assert sqlite_flow.decide(request, "abe", signs=True).made.signature is not None


@pytest.mark.parametrize("verdict", ["approve", "request_changes", "reject"])
def test_whoever_wrote_part_of_it_decides_nothing(sqlite_flow: Flow, verdict: str) -> None:
    sqlite_flow.add_person("mia", "author", "reviewer", "approver", "publisher")
    sqlite_flow.put()
    sqlite_flow.put(by="mia", says="Mia's words?")
    request = sqlite_flow.ask()
    with pytest.raises(Denied) as refused:
        sqlite_flow.decide(request, "mia", verdict)
    assert refused.value.members["rule"] == "separation.author"
    sqlite_flow.decide(request, "abe")
    assert sqlite_flow.refused(by="mia") == ["separation.author"]


def test_one_person_counts_once_whatever_the_accounts(sqlite_flow: Flow) -> None:
    flow = sqlite_flow
    first = flow.add_person("joy", "reviewer", "approver")
    second = flow.add_person("joy2", "approver")
    flow.actors["joy2"] = dataclasses.replace(second, person=first.subject)
    flow.put(tier="medium")
    request = flow.ask()
    flow.decide(request, "joy", step="review")
    for account in ("joy", "joy2"):
        with pytest.raises(Denied) as refused:
            flow.decide(request, account, step="approve")
        assert refused.value.members["rule"] == "separation.one_decision"


@pytest.mark.parametrize(
    ("by", "verdict", "rule"),
    [
        ("vic", "approve", "role.missing"),
        ("ben", "approve", "role.missing"),
        ("pia", "approve", "role.missing"),
        ("rita", "approve", "role.missing"),
        ("root", "approve", "role.missing"),
        ("bot", "approve", "service.decision"),
        ("bot", "reject", "review.people"),
        ("bot", "revoke", "review.people"),
        ("vic", "reject", "role.missing"),
        ("vic", "withdraw", "role.missing"),
    ],
)
def test_who_may_not_decide(sqlite_flow: Flow, by: str, verdict: str, rule: str) -> None:
    if verdict == "revoke":
        _, request = sqlite_flow.approved()
    else:
        sqlite_flow.put()
        request = sqlite_flow.ask()
    step = {"step": "approve"} if verdict == "approve" else {}
    with pytest.raises(Denied) as refused:
        sqlite_flow.decide(request, by, verdict, **step)
    assert refused.value.members["rule"] == rule


def test_an_administrators_token_narrowed_to_a_role_is_no_grant_of_it(sqlite_flow: Flow) -> None:
    flow = sqlite_flow
    flow.actors["root"] = dataclasses.replace(flow.actors["root"], scope=Scope(role="approver"))
    flow.put()
    request = flow.ask()
    with pytest.raises(Denied) as refused:
        flow.decide(request, "root")
    assert refused.value.members["rule"] == "role.missing"


def test_a_role_on_a_module_is_noted_with_the_decision(sqlite_flow: Flow) -> None:
    kim = Actor("k", "kim", roles=frozenset({"bank/claims:risk", "bank@staging:approver"}))
    assert role_of(kim, "bank", "claims/triage", "approve") == "risk"
    assert role_of(kim, "bank", "claimsx/triage", "approve") == "none"


def test_a_revoked_approval_stays_revoked_when_records_are_judged_by_newer_rules(
    sqlite_flow: Flow,
) -> None:
    flow = sqlite_flow
    _, request = flow.approved()
    flow.publish()
    flow.approved(says="Newer?")
    flow.publish()
    flow.decide(request, "abe", "revoke")
    with flow.db.write() as tx:  # as if the digest had been taken by other rules then
        tx.conn.execute(
            update(review_request).where(review_request.c.number == request).values(record="old")
        )
    with pytest.raises(Denied, match="was revoked"):
        flow.rollback(1)


def test_what_is_decided_under_older_rules_is_asked_anew(sqlite_flow: Flow) -> None:
    flow = sqlite_flow
    flow.put()
    request = flow.ask()
    with flow.db.write() as tx:
        tx.conn.execute(update(review_request).values(record="old"))
    with pytest.raises(NotNow, match="judged by other rules"):
        flow.decide(request, "abe")
    assert flow.refused() == ["approval.missing"]


def test_an_invalid_file_is_not_reviewed(sqlite_flow: Flow) -> None:
    sqlite_flow.put()
    with sqlite_flow.db.write() as tx:  # as pushed by Git
        tx.conn.execute(update(version_table).values(valid=False, behaviour=None, record=None))
    with pytest.raises(ProblemError, match="not a valid prompt file"):
        sqlite_flow.ask()
