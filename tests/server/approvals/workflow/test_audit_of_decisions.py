"""What the audit log says of requests and decisions: rule, tier, states, signature; and no name in what is hashed."""

from __future__ import annotations

import json
from typing import Any

from flow_world import Flow

from promptops_server.approvals.workflow.comments import add_comment
from promptops_server.approvals.workflow.request import request_review


def bodies(flow: Flow, action: str) -> list[dict[str, Any]]:
    return [json.loads(event["body"]) for event in flow.events(action)]


def test_each_decision_names_rule_tier_states_and_signature(flow: Flow) -> None:
    flow.approved(tier="high")
    (asked,) = bodies(flow, "review.request")
    (review,) = bodies(flow, "review.review")
    (validate,) = bodies(flow, "review.validate")
    approvals = bodies(flow, "review.approve")
    events = [asked, review, validate, *approvals]
    assert len(approvals) == 2
    assert {event["tier"] for event in events} == {"high"}
    assert [event["rule"] for event in events] == [
        "role.author",
        "role.reviewer",
        "role.validator",
        "role.approver",
        "role.risk",
    ]
    assert [(e["before"]["state"], e["after"]["state"]) for e in events[1:]] == [
        ("in_review", "in_review"),
        ("in_review", "reviewed"),
        ("reviewed", "reviewed"),
        ("reviewed", "approved"),
    ]
    assert [e["signature"]["meaning"] for e in events[1:]] == [
        "review",
        "validation",
        "approval",
        "approval",
    ]
    assert asked["signature"] is None


def test_a_printed_name_is_set_apart_and_can_be_erased(flow: Flow) -> None:
    flow.approved(tier="high")
    (event,) = flow.events("review.review")
    assert json.loads(event["body"])["signature"]["name"] is None
    assert "signature.name" in json.loads(event["body"])["personal"]
    assert "rita" not in event["body"].casefold()


def test_people_asked_are_told_by_their_id(flow: Flow) -> None:
    flow.put()
    request_review(flow.deps, flow.actors["ada"], flow.project, "hours", asked=["abe"])
    (event,) = bodies(flow, "review.request")
    assert event["after"]["asked"] == [flow.actors["abe"].subject]


def test_comments_and_replaced_requests_name_rule_and_tier(flow: Flow) -> None:
    flow.put()
    first = flow.ask()
    add_comment(flow.deps, flow.actors["rita"], flow.project, first, "Shorter, please")
    flow.put(says="Is {{ branch }} open?")
    flow.ask()
    (comment,) = bodies(flow, "review.comment")
    (withdrawn,) = bodies(flow, "review.withdraw")
    assert (comment["tier"], withdrawn["tier"]) == ("low", "low")
    assert comment["rule"].startswith("role.")
    assert withdrawn["before"] == {"state": "in_review"}
    assert withdrawn["after"]["state"] == "withdrawn"
