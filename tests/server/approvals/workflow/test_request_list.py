"""Which requests a list holds: those still open, those that ask somebody by name."""

from __future__ import annotations

from typing import Any

from flow_world import Flow

from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.request import request_review


def numbers(flow: Flow, **wanted: Any) -> list[int]:
    with flow.db.read() as conn:
        page = store.page(
            conn,
            flow.project.id,
            state=None,
            path=None,
            opened_by=None,
            limit=100,
            after=None,
            lapsed_before=0,
            **wanted,
        )
    return [row.number for row in page.items]


def test_only_requests_that_still_wait_are_open(flow: Flow) -> None:
    flow.put("one")
    flow.put("two")
    done, waiting = flow.ask("one"), flow.ask("two")
    flow.decide(done, "ada", "withdraw")
    assert numbers(flow) == [waiting, done]
    assert numbers(flow, still_open=True) == [waiting]


def test_only_requests_that_ask_this_person_by_name_are_theirs(flow: Flow) -> None:
    flow.put("one")
    flow.put("two")
    flow.ask("one")
    asks = request_review(flow.deps, flow.actors["ada"], flow.project, "two", asked=["rita"]).number
    assert numbers(flow, asked=flow.actors["rita"].subject) == [asks]
    assert numbers(flow, asked=flow.actors["ada"].subject) == []
