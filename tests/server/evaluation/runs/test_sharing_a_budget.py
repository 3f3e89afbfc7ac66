"""Calls that share a budget: what is set aside for others is waited for, and only money that is spent stops a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from run_ground import Ground, knowing, prompt_text

from support.openai_server import Answer, OpenAIServer
from support.server import untroubled

_numbers = count(1)
TEXT = prompt_text(4).replace("messages:", "modelParameters: {maxTokens: 1000}\nmessages:", 1)
USAGE = {"prompt_tokens": 5, "completion_tokens": 5}
ONE_AT_A_TIME = 1_000
"""Millionths of a dollar: a call of 1,000 tokens can cost 601, and costs 4."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    with untroubled(request, tmp_path_factory.mktemp("sharing"), "sharing") as server:
        made = Ground.on(server)
        made.put(prompt_text(4))
        yield made
        made.api.close()


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=answered, latency=0.1) as made:
        yield made


@pytest.fixture
def name() -> str:
    """A target's name no other test has."""
    return f"target-{next(_numbers)}"


def answered(body: Mapping[str, Any]) -> Answer:
    """Answers the question, or judges that it was answered well."""
    judges = "Does this read well" in str(body["messages"][-1]["content"])
    return Answer("yes" if judges else knowing(body), usage=USAGE)


def judged_by(judge: str) -> str:
    """The prompt with another model as its judge."""
    return TEXT.partition("evaluators:")[0] + (
        "evaluators:\n  - name: reads well\n    llm:\n"
        f"      target: {judge}\n      prompt: 'Does this read well? {{{{completion}}}}'\n"
        "      choices: [{choice: 'yes', score: 1}, {choice: 'no', score: 0}]\n"
    )


def test_runs_that_start_together_on_a_tight_budget_both_come_to_their_end(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint, budget_month=ONE_AT_A_TIME)
    numbers = [ground.start(name, content=TEXT, fresh=True)["number"] for _ in range(2)]
    runs = [ground.ended(number) for number in numbers]
    assert [(run["state"], run["passed"]) for run in runs] == [("done", True)] * 2, runs
    month = ground.api.get(f"/models/{name}").json()["this_month"]
    assert month["spent"] == sum(run["cost"] for run in runs) <= ONE_AT_A_TIME
    assert endpoint.most_at_once == 1


def test_a_run_stops_when_what_others_spent_leaves_no_room(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.answer = lambda body: Answer(
        knowing(body), usage={"prompt_tokens": 5, "completion_tokens": 1000}
    )
    ground.priced_target(name, endpoint, budget_month=ONE_AT_A_TIME)
    numbers = [ground.start(name, content=TEXT, fresh=True)["number"] for _ in range(2)]
    runs = [ground.ended(number) for number in numbers]
    assert [run["state"] for run in runs] == ["stopped", "stopped"]
    assert len(endpoint.requests) == 1
    assert "is spent" in runs[0]["problem"]


@pytest.mark.parametrize("own", [False, True], ids=["another judges", "it judges itself"])
def test_judges_wait_for_room_in_their_budget(
    ground: Ground, endpoint: OpenAIServer, name: str, own: bool
) -> None:
    judge = name if own else f"judge-{name}"
    ground.priced_target(name, endpoint, budget_month=ONE_AT_A_TIME if own else None)
    if not own:
        ground.priced_target(judge, endpoint, budget_month=ONE_AT_A_TIME)
    run = ground.tested(name, content=judged_by(judge))
    assert (run["state"], run["passed"]) == ("done", True), run["problem"]
    month = ground.api.get(f"/models/{judge}").json()["this_month"]
    assert (month["reserved"], month["calls"]) == (0, 8 if own else 4)


def test_a_run_that_waits_for_a_budget_can_be_cancelled(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.latency = 3
    ground.priced_target(name, endpoint, budget_month=ONE_AT_A_TIME)
    first, second = (ground.start(name, content=TEXT, fresh=True)["number"] for _ in range(2))
    assert ground.post(second, "cancel").is_success
    assert ground.ended(second, 2.5)["state"] == "cancelled"
    assert ground.post(first, "cancel").is_success
    assert ground.ended(first)["state"] == "cancelled"
