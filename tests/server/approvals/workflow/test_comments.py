"""Talking about a request: threads, lines, suggestions that become versions, and who may."""

from __future__ import annotations

import pytest
from flow_world import Flow

from promptops_server.approvals.workflow.comments import (
    Comment,
    add_comment,
    apply_suggestion,
    list_comments,
    resolve_comment,
)
from promptops_server.approvals.workflow.errors import NotNow
from promptops_server.infra.problems import Denied, Invalid, NotFound, ProblemError
from promptops_server.registry.versions import get_version, version_text
from support.reviewed_files import reviewed_prompt

LINE = reviewed_prompt().splitlines().index("    content: When is {{ branch }} open?") + 1


def say(
    flow: Flow, body: str = "Hm", by: str = "rita", request: int = 1, **more: object
) -> Comment:
    return add_comment(
        flow.deps,
        flow.actors[by],
        flow.project,
        request,
        body,
        **more,  # type: ignore[arg-type]
    )


def comments(flow: Flow, limit: int = 50) -> list[Comment]:
    """All comments of the first request, read in pages."""
    found: list[Comment] = []
    after = None
    while True:
        with flow.db.read() as conn:
            page = list_comments(conn, flow.requests()[-1].id, limit=limit, after=after)
        found += page.items
        after = page.next
        if after is None:
            return found


def asked(flow: Flow) -> Flow:
    flow.put()
    flow.ask()
    return flow


def test_a_thread_is_answered_settled_and_opened_again(flow: Flow) -> None:
    asked(flow)
    first = say(flow, "Who checks this?", line=LINE)
    answer = say(flow, "The branch", by="ada", reply_to=first.id)
    more = say(flow, "Good", reply_to=answer.id)
    assert {c.thread for c in (first, answer, more)} == {first.id}
    assert {c.line for c in (first, answer, more)} == {LINE}
    other = say(flow, "Another matter")
    assert [c.id for c in comments(flow, limit=1)] == [first.id, answer.id, more.id, other.id]
    ada = flow.actors["ada"]
    resolve_comment(flow.deps, ada, flow.project, 1, answer.id, True)
    settled = {c.id for c in comments(flow) if c.resolved_at is not None}
    assert settled == {first.id, answer.id, more.id}
    resolve_comment(flow.deps, ada, flow.project, 1, first.id, False)
    assert not any(c.resolved_at for c in comments(flow))
    assert len(flow.events("review.comment")) == 4


def test_a_suggestion_becomes_a_version_without_approval(flow: Flow) -> None:
    asked(flow)
    flow.decide(1, "abe")
    made = say(flow, "", line=LINE, suggestion="    content: Is {{ branch }} open now?")
    put = apply_suggestion(flow.deps, flow.actors["ada"], flow.project, 1, made.id)
    assert put.version.number == 2
    with flow.db.read() as conn:
        text = version_text(conn, flow.project.id, get_version(conn, flow.project, "hours"))
    assert text == reviewed_prompt(says="Is {{ branch }} open now?")
    assert flow.state() == "draft"
    with pytest.raises(NotNow, match="has version 2 by now"):
        apply_suggestion(flow.deps, flow.actors["ada"], flow.project, 1, made.id)


def test_a_suggestion_keeps_the_line_endings_of_the_file(sqlite_flow: Flow) -> None:
    flow = sqlite_flow
    flow.put(text=reviewed_prompt().replace("\n", "\r\n"))
    flow.ask()
    made = say(flow, "", line=LINE, suggestion="    content: Is {{ branch }} open now?\n")
    apply_suggestion(flow.deps, flow.actors["ada"], flow.project, 1, made.id)
    with flow.db.read() as conn:
        text = version_text(conn, flow.project.id, get_version(conn, flow.project, "hours"))
    assert text == reviewed_prompt(says="Is {{ branch }} open now?").replace("\n", "\r\n")


def test_a_suggestion_that_breaks_the_file_is_refused(sqlite_flow: Flow) -> None:
    flow = asked(sqlite_flow)
    made = say(flow, "", line=LINE, suggestion="  ] no yaml")
    with pytest.raises(ProblemError):
        apply_suggestion(flow.deps, flow.actors["ada"], flow.project, 1, made.id)
    plain = say(flow, "No suggestion")
    with pytest.raises(Invalid, match="suggests no line"):
        apply_suggestion(flow.deps, flow.actors["ada"], flow.project, 1, plain.id)
    assert flow.case().version.number == 1


def test_what_is_no_comment_is_refused(sqlite_flow: Flow) -> None:
    flow = asked(sqlite_flow)
    for more in ({"body": " "}, {"line": 10_000}, {"body": "", "suggestion": "x"}):
        with pytest.raises(Invalid):
            say(flow, **more)  # type: ignore[arg-type]
    for wrong in ({"reply_to": "nothing"}, {"request": 9}):
        with pytest.raises(NotFound):
            say(flow, **wrong)  # type: ignore[arg-type]
    flow.put("other")
    second = flow.ask("other")
    there = say(flow, "Elsewhere", request=second)
    with pytest.raises(NotFound):
        resolve_comment(flow.deps, flow.actors["ada"], flow.project, 1, there.id, True)


def test_who_may_only_read_says_nothing_and_a_reviewer_writes_nothing(sqlite_flow: Flow) -> None:
    flow = asked(sqlite_flow)
    with pytest.raises(Denied):
        say(flow, by="vic")
    made = say(flow, "", line=LINE, suggestion="    content: Is {{ branch }} open now?")
    with pytest.raises(Denied):
        apply_suggestion(flow.deps, flow.actors["rita"], flow.project, 1, made.id)
