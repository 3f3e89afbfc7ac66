"""Two at once: approving while somebody edits, two approvers, a publish beside a revocation; and due schedules."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flow_world import Flow

from promptops_server.approvals.workflow.errors import NotNow
from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import Denied, ProblemError
from promptops_server.releases.model import Pick
from promptops_server.releases.schedule import store as schedules
from promptops_server.releases.schedule.add import When, schedule_publish
from promptops_server.releases.schedule.carry_out import carry_out


def together(*works: Callable[[], Any]) -> list[ProblemError]:
    """Start all at the same moment; what was refused."""
    start = threading.Barrier(len(works))
    refused: list[ProblemError] = []
    broken: list[Exception] = []

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            work()
        except ProblemError as error:
            refused.append(error)
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    return refused


def test_of_two_approvers_at_once_one_is_told_that_it_is_approved(flow: Flow) -> None:
    flow.put()
    request = flow.ask()
    (refusal,) = together(lambda: flow.decide(request, "abe"), lambda: flow.decide(request, "amy"))
    assert isinstance(refusal, NotNow)
    assert len(flow.case().decisions) == 1


def test_of_two_who_ask_at_once_one_request_is_open(flow: Flow) -> None:
    flow.put()
    (refusal,) = together(lambda: flow.ask(by="ada"), lambda: flow.ask(by="ben"))
    assert refusal.type == "already-requested"
    assert [r.number for r in flow.requests()] == [1]


def test_an_approval_beside_an_edit_never_covers_the_edit(flow: Flow) -> None:
    for turn in range(3):
        flow.put(says=f"Reviewed {turn}?")
        request = flow.ask()
        together(
            lambda request=request: flow.decide(request, "abe"),  # type: ignore[misc]
            lambda turn=turn: flow.put(says=f"Slipped in {turn}?"),  # type: ignore[misc]
        )
        newest = flow.case().version.number
        assert flow.state(number=newest) == "draft"
        assert flow.state(number=newest - 1) == "approved"
        assert flow.refused(f"hours@{newest}") == ["approval.missing"]


def test_a_publish_beside_a_revocation_is_before_it_or_refused(flow: Flow) -> None:
    for turn in range(3):
        path = f"p{turn}"
        _, request = flow.approved(path)
        refused = together(
            lambda path=path: flow.publish(path),  # type: ignore[misc]
            lambda request=request: flow.decide(request, "amy", "revoke"),  # type: ignore[misc]
        )
        assert flow.state(path) == "revoked"
        assert (path in flow.live()) != bool(refused)
        used = next(r for r in flow.requests() if r.path == path).request.used_at
        assert (used is not None) == (path in flow.live())


@pytest.mark.parametrize("verdict", ["revoke", "withdraw"])
def test_a_worker_carries_out_nothing_whose_approval_was_taken_back(
    flow: Flow, verdict: str
) -> None:
    _, request = flow.approved()
    pia = dataclasses.replace(flow.actors["pia"], auth_method="password")
    made = schedule_publish(
        *(flow.releases, pia, flow.project, "production", [Pick("hours", 1)]),
        When(now_us() + 60_000_000, False),
        "Tonight",
    )
    flow.decide(request, "abe" if verdict == "revoke" else "ada", verdict)
    with flow.db.read() as conn:
        waiting = schedules.get(conn, made.schedule.id, project_id=flow.project.id)
    for by_hand in (False, True):
        with pytest.raises(Denied) as refused:
            carry_out(flow.releases, pia, flow.project, waiting, by_hand=by_hand)
        assert refused.value.members["rule"].startswith("approval.")
    assert flow.live() == {}
