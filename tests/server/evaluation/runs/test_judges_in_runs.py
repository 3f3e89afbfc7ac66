"""Models that judge, inside runs: what they cost counts, what does not fit stops the run, and nothing is paid twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from run_ground import PROJECT, Ground, knowing, prompt_text

from support.openai_server import Answer, OpenAIServer
from support.server import untroubled

_numbers = count(1)
USAGE = {"prompt_tokens": 10, "completion_tokens": 1000}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    with untroubled(request, tmp_path_factory.mktemp("judges"), "judges") as server:
        made = Ground.on(server)
        made.put(prompt_text(4))
        yield made
        made.api.close()


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=lambda body: Answer(knowing(body), usage=USAGE)) as made:
        yield made


@pytest.fixture
def judge() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=says_yes) as made:
        yield made


@pytest.fixture
def name() -> str:
    """A target's name no other test has."""
    return f"target-{next(_numbers)}"


def says_yes(body: Mapping[str, Any]) -> Answer:
    """A judge that is always content."""
    return Answer("yes", usage=USAGE)


def judged(judge: str, cases: int = 4) -> str:
    """A prompt whose answers another model judges."""
    text = prompt_text(cases).replace(
        "messages:", "modelParameters: {maxTokens: 1000}\nmessages:", 1
    )
    return text.partition("evaluators:")[0] + (
        "evaluators:\n"
        "  - name: reads well\n"
        "    llm:\n"
        f"      target: {judge}\n"
        "      prompt: 'Does this read well? {{completion}}'\n"
        "      choices: [{choice: yes it does, score: 1}, {choice: 'yes', score: 1}, {choice: 'no', score: 0}]\n"
    )


def test_what_judges_cost_counts_for_the_run_and_for_their_target(
    ground: Ground, endpoint: OpenAIServer, judge: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint)
    ground.priced_target(f"judge-{name}", judge, budget_month=10_000_000)
    run = ground.tested(name, content=judged(f"judge-{name}"))
    assert run["passed"] is True, ground.results(run["number"])
    assert len(judge.requests) == len(endpoint.requests) == 4
    calls = sum(r["cost"] for r in ground.results(run["number"]))
    month = ground.api.get(f"/models/judge-{name}").json()["this_month"]
    assert month["spent"] > 0
    assert (month["reserved"], month["calls"]) == (0, 4)
    assert run["cost"] == calls + month["spent"]


def test_stored_answers_are_judged_anew_and_only_the_judge_is_paid(
    ground: Ground, endpoint: OpenAIServer, judge: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint)
    ground.priced_target(f"judge-{name}", judge)
    first = ground.tested(name, content=judged(f"judge-{name}"))
    limit = first["cost"]
    again = ground.tested(name, content=judged(f"judge-{name}"), max_cost=limit)
    assert again["state"] == "done", again["problem"]
    assert again["targets"][0]["reused"] == len(endpoint.requests) == 4
    assert 0 < again["cost"] < first["cost"]


@pytest.mark.parametrize("fresh", [False, True])
def test_a_judge_that_does_not_fit_stops_the_run_and_its_answers_are_judged_later(
    ground: Ground, endpoint: OpenAIServer, judge: OpenAIServer, name: str, fresh: bool
) -> None:
    ground.priced_target(name, endpoint, limits={"concurrency": 2})
    ground.priced_target(f"judge-{name}", judge)
    text = judged(f"judge-{name}", 6)
    one = ground.tested(name, content=judged(f"judge-{name}", 1), fresh=True)["cost"]
    endpoint.requests.clear()
    judge.requests.clear()
    # A call more fits (the first answer is stored unless all is fresh), and its judge does not.
    limit = one + one // 4 + (one // 2 if fresh else 0)
    run = ground.tested(name, content=text, max_cost=limit, fresh=fresh)
    assert run["state"] == "stopped", run
    assert "higher limit" in run["problem"]
    assert run["passed"] is None
    assert run["cost"] <= limit
    assert run["targets"][0]["failed"] == run["targets"][0]["errors"] == 0
    waiting = ground.results(run["number"], state="waiting")
    unjudged = [r for r in waiting if r["detail"] is not None]
    assert "not judged" in unjudged[0]["detail"]
    assert ground.post(run["number"], "resume", max_cost=1_000_000).status_code == 202
    ended = ground.ended(run["number"])
    assert ended["passed"] is True, ground.results(run["number"])
    # Those of the shorter prompt are stored answers where that is wanted.
    asked = 6 if fresh else 5
    assert len(endpoint.requests) == asked
    assert ended["targets"][0]["reused"] == 6 - asked
    assert len(judge.requests) == 6


def test_a_resumed_run_asks_only_the_judges_that_are_missing(
    ground: Ground, endpoint: OpenAIServer, judge: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint)
    ground.priced_target(f"judge-{name}", judge)
    text = judged(f"judge-{name}", 1)
    checks = text.partition("evaluators:\n")[2]
    both = text + checks.replace("reads well", "is polite").replace("read well", "sound polite")
    one = ground.tested(name, content=text, fresh=True)["cost"]
    endpoint.requests.clear()
    judge.requests.clear()
    # The call and one judge fit; the second judge does not.
    run = ground.tested(name, content=both, max_cost=one + one // 4, fresh=True)
    assert run["state"] == "stopped", run
    asked = [str(request.body["messages"]) for request in judge.requests]
    assert len(asked) == 1
    assert ground.post(run["number"], "resume", max_cost=1_000_000).status_code == 202
    ended = ground.ended(run["number"])
    assert ended["passed"] is True, ground.results(run["number"])
    assert len(endpoint.requests) == 1
    assert sorted("polite" in str(r.body["messages"]) for r in judge.requests) == [False, True]
    whole = ground.tested(name, content=both, fresh=True)
    assert ended["cost"] == whole["cost"]


def test_a_limit_is_not_promised_where_the_price_of_the_judge_is_unknown(
    ground: Ground, endpoint: OpenAIServer, judge: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint)
    ground.target(f"judge-{name}", judge)
    refused = ground.refused(name, content=judged(f"judge-{name}"), max_cost=1_000_000)
    assert refused["errors"][0]["target"] == f"judge-{name}"
    assert "which judges" in refused["detail"]
    assert "max_cost" in refused["remedy"]
    assert ground.refused(name, content=judged(f"judge-{name}"), max_cost=1_000_000, dry_run=True)[
        "errors"
    ]
    assert ground.tested(name, content=judged(f"judge-{name}"))["passed"] is True


def test_answers_that_no_required_check_looks_at_are_unchecked(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint)
    optional = prompt_text(4).replace("name: names it", "name: names it\n    required: false")
    run = ground.tested(name, content=optional)
    assert run["state"] == "done"
    assert run["passed"] is None
    counts = run["targets"][0]
    assert (counts["unchecked"], counts["passed"], counts["failed"]) == (4, 0, 0)
    assert {r["passed"] for r in ground.results(run["number"])} == {None}
    route = f"/projects/{PROJECT}/runs/{run['number']}/report"
    assert "no required check" in ground.api.get(route, params={"format": "junit"}).text
    assert "unchecked" in ground.api.get(route, params={"format": "html"}).text
