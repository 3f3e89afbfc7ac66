"""Calls that gave no answer and may have been charged: they count as the most they can have cost, marked as an estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from run_ground import PROJECT, Ground, knowing, prompt_text

from support.openai_server import Answer, OpenAIServer, slow
from support.openai_steps import malformed
from support.server import RunningServer, free_port

TEXT = prompt_text(2).replace("messages:", "modelParameters: {maxTokens: 1000}\nmessages:", 1)
SMALL = {"prompt_tokens": 5, "completion_tokens": 5}
UNANSWERED = 900
"""Millionths of a dollar: more than a small answer costs, less than the most of one call."""


@pytest.fixture
def ground(start_server: Callable[..., RunningServer]) -> Ground:
    ground = Ground.on(start_server(env={"PROMPTOPS_TEST_RUNS_CALL_SECONDS": "1"}))
    ground.put(prompt_text(2))
    return ground


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=lambda body: Answer(knowing(body), usage=SMALL)) as made:
        yield made


def test_a_call_that_timed_out_counts_as_what_was_set_aside_for_it(
    ground: Ground, endpoint: OpenAIServer
) -> None:
    endpoint.script([slow(30)])
    ground.priced_target("slow", endpoint, budget_month=10_000_000, limits={"concurrency": 1})
    run = ground.tested("slow", content=TEXT, max_cost=1_000_000)
    late, answered = ground.results(run["number"])
    assert late["fault"] == "time_out"
    most = _most(ground, "slow")
    assert (late["cost"], late["cost_estimated"]) == (most, True)
    assert (answered["cost"] < UNANSWERED, answered["cost_estimated"]) == (True, False)
    assert run["cost"] == late["cost"] + answered["cost"]
    month = ground.api.get("/models/slow").json()["this_month"]
    assert (month["spent"], month["reserved"]) == (run["cost"], 0)
    route = f"/projects/{PROJECT}/runs/{run['number']}/report"
    assert "if it was charged" in ground.api.get(route, params={"format": "html"}).text
    assert ground.post(run["number"], "resume").status_code == 202
    ended = ground.ended(run["number"])
    assert ended["passed"] is True
    assert ended["cost"] > run["cost"], "what may have been charged stays counted"


def test_without_a_limit_an_unread_answer_is_counted_too(
    ground: Ground, endpoint: OpenAIServer
) -> None:
    endpoint.script([malformed(0)])
    ground.priced_target("odd", endpoint, limits={"concurrency": 1})
    run = ground.tested("odd", content=TEXT)
    unread = ground.results(run["number"])[0]
    assert (unread["fault"], unread["cost"]) == ("bad_answer", _most(ground, "odd"))
    assert ground.api.get("/models/odd").json()["this_month"]["spent"] == run["cost"]


def test_what_never_reached_its_endpoint_costs_nothing(ground: Ground) -> None:
    given = {"kind": "sealed", "secret": "sk-test"}
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    ground.target(
        "away", nobody, provider="openai", model="gpt-4o-mini", credential=given, budget_month=10**7
    )
    run = ground.tested("away", content=TEXT)
    assert {r["fault"] for r in ground.results(run["number"])} == {"network"}
    assert run["cost"] == 0
    assert ground.api.get("/models/away").json()["this_month"]["spent"] == 0


def test_a_judge_that_gave_no_answer_counts_as_well(ground: Ground, endpoint: OpenAIServer) -> None:
    with OpenAIServer(answer=lambda body: "yes") as judge:
        judge.script([malformed(0)])
        ground.priced_target("asked", endpoint, limits={"concurrency": 1})
        ground.priced_target("judge", judge, budget_month=10_000_000)
        checks = (
            "evaluators:\n  - name: reads well\n    llm:\n      target: judge\n"
            "      prompt: 'Good? {{completion}}'\n"
            "      choices: [{choice: 'yes', score: 1}, {choice: 'no', score: 0}]\n"
        )
        run = ground.tested("asked", content=TEXT.partition("evaluators:")[0] + checks)
        calls = sum(r["cost"] for r in ground.results(run["number"]))
        month = ground.api.get("/models/judge").json()["this_month"]
    assert month["spent"] > UNANSWERED / 2
    assert run["cost"] == calls + month["spent"]


def _most(ground: Ground, target: str) -> int:
    body = {"path": "geo/capital", "targets": [target], "content": TEXT, "dry_run": True}
    plan = ground.api.post(f"/projects/{PROJECT}/runs", json=body).json()
    return int(plan["most"]) // 2
