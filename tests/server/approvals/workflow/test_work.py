"""What waits for whom."""

from __future__ import annotations

from flow_world import Flow

from promptops_server.approvals.workflow.work import Work, my_work


def work(flow: Flow, who: str, limit: int = 50) -> list[Work]:
    """All that waits for somebody, read in pages."""
    found: list[Work] = []
    after = None
    while True:
        page = my_work(flow.deps, flow.actors[who], limit=limit, after=after)
        assert len(page.items) <= limit
        found += page.items
        after = page.next
        if after is None:
            return found


def kinds(flow: Flow, who: str) -> list[str]:
    return [f"{w.kind} {w.path}" for w in work(flow, who)]


def test_work_goes_from_hand_to_hand(flow: Flow) -> None:
    flow.put(tier="medium")
    request = flow.ask()
    assert kinds(flow, "rita") == ["review hours"]
    assert kinds(flow, "abe") == kinds(flow, "ada") == kinds(flow, "pia") == []
    flow.decide(request, "rita", "request_changes")
    assert kinds(flow, "ada") == ["changes_requested hours"]
    assert kinds(flow, "rita") == []
    flow.decide(request, "rita")
    assert kinds(flow, "abe") == ["approve hours"]
    flow.decide(request, "abe")
    assert kinds(flow, "abe") == []
    assert kinds(flow, "pia") == ["publish hours"]
    flow.publish()
    assert not any(kinds(flow, who) for who in flow.actors)


def test_reviewer_and_validator_work_side_by_side_and_whoever_approved_does_not_publish(
    flow: Flow,
) -> None:
    flow.add_person("max", "approver", "publisher")
    flow.put(tier="high")
    request = flow.ask()
    assert kinds(flow, "rita") == ["review hours"]
    assert kinds(flow, "val") == ["validate hours"]
    for who in ("rita", "val", "max", "rob"):
        flow.decide(request, who, signs=True)
    assert kinds(flow, "max") == []
    assert kinds(flow, "pia") == ["publish hours"]


def test_an_author_is_not_asked_to_decide_about_their_own_work(flow: Flow) -> None:
    flow.add_person("mia", "author", "approver")
    flow.put(by="mia")
    flow.ask(by="mia")
    assert kinds(flow, "mia") == []
    assert kinds(flow, "abe") == ["approve hours"]


def test_a_lapsed_approval_is_its_requesters_work_and_nobodys_to_publish(flow: Flow) -> None:
    flow.approved()
    flow.age(31)
    assert kinds(flow, "pia") == []
    assert kinds(flow, "ada") == ["lapsed hours"]
    flow.decide(flow.ask(), "amy")
    assert kinds(flow, "pia") == ["publish hours"]
    flow.publish()
    assert kinds(flow, "pia") == []


def test_pages_are_the_longest_waiting_first_and_leave_nothing_out(sqlite_flow: Flow) -> None:
    flow = sqlite_flow
    paths = [f"p{n}" for n in range(7)]
    for path in paths:
        flow.put(path)
        flow.ask(path)
    for limit in (1, 3, 7):
        assert [w.path for w in work(flow, "abe", limit)] == paths
