"""Test runs as people meet them: over HTTP, on a real server, with endpoints that speak the protocol."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from run_ground import PROJECT, Ground, knowing, prompt_text, until_asked

from support.openai_server import Answer, OpenAIServer, Step, rate_limited, unauthorised
from support.server import untroubled

_numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    with untroubled(request, tmp_path_factory.mktemp("runs"), "runs") as server:
        made = Ground.on(server)
        made.put(prompt_text(4))
        yield made
        made.api.close()


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=knowing) as made:
        yield made


@pytest.fixture
def name() -> str:
    """A target's name no other test has."""
    return f"target-{next(_numbers)}"


def test_every_case_is_called_scored_and_kept(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    run = ground.tested(name, repeat=2)
    assert run["state"] == "done"
    assert run["passed"] is True
    assert run["version"] == 1
    assert run["calls"] == len(endpoint.requests) == 8
    first = ground.results(run["number"])[0]
    assert first["scores"][0]["check"] == "names it"
    assert (run["cost"], run["unpriced"]) == (None, 8), "the model has no price"
    whole = ground.api.get(f"/projects/{PROJECT}/runs/{run['number']}/results/0").json()
    assert whole["reply"]["text"] == "It is City0"
    assert whole["request"]["body"]["messages"][0]["content"].endswith("Land0?")
    assert whole["input_tokens"] > 0


def test_what_does_not_pass_is_told_by_check_and_case(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    wrong = "Land1?"
    endpoint.answer = lambda body: (
        "No idea" if str(body["messages"][-1]["content"]).endswith(wrong) else knowing(body)
    )
    ground.target(name, endpoint)
    run = ground.tested(name)
    assert run["passed"] is False
    failed = ground.results(run["number"], passed="false")
    assert len(failed) == 1
    assert [s["check"] for s in failed[0]["scores"] if not s["passed"]] == ["names it"]
    assert run["targets"][0] | {"passed": 3, "failed": 1} == run["targets"][0]


def test_answers_are_used_again_until_something_matters_changes(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    first = ground.tested(name)
    again = ground.tested(name)
    assert len(endpoint.requests) == 4
    assert again["targets"][0]["reused"] == 4
    assert again["passed"] is True
    more = ground.tested(name, repeat=2)
    assert len(endpoint.requests) == 8
    assert more["targets"][0]["reused"] == 4
    ground.tested(name, fresh=True)
    assert len(endpoint.requests) == 12
    changed = prompt_text(4, "Name the capital of {{ country }}: Land{{ country }}?")
    ground.tested(name, content=changed)
    assert len(endpoint.requests) == 16
    assert first["behaviour"] == again["behaviour"]


def test_answers_of_another_project_are_not_used(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    ground.tested(name)
    other = f"other-{name}"
    assert ground.api.post("/projects", json={"name": other}).is_success
    put = {"content": prompt_text(4), "headers": {"Content-Type": "application/yaml"}}
    assert ground.api.put(f"/projects/{other}/prompts/geo/capital", **put).is_success
    asked = {"path": "geo/capital", "targets": [name]}
    number = ground.api.post(f"/projects/{other}/runs", json=asked).json()["number"]
    assert number == 1
    until_asked(endpoint, 8)


def test_a_case_that_cannot_be_rendered_is_an_error_and_the_others_are_called(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    suite = (
        "cases:\n"
        "  - {name: good, inputs: {country: Land0}, expected: City0}\n"
        "  - {name: bad, inputs: {country: Land11}, expected: City11}\n"
        "evaluators:\n  - name: names it\n    string: {contains: '{{expected}}'}\n"
    )
    says = "{{ 6 // (6 - country | length) }}: the capital of {{ country }}?"
    text = prompt_text(2, says).replace("name: Capital", "name: Capital\ntemplate: jinja2")
    run = ground.tested(
        name, content=text, suite_texts=[{"name": "mine.suite.yml", "content": suite}]
    )
    assert run["state"] == "done", run
    assert run["passed"] is False
    assert run["version"] is None
    assert run["targets"][0] | {"passed": 1, "errors": 1} == run["targets"][0]
    bad = ground.results(run["number"], state="error")[0]
    assert bad["fault"] == "cannot_express"
    assert "case bad" in bad["detail"]
    assert len(endpoint.requests) == 1


def test_prompts_that_are_code_are_rendered_for_every_case(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    says = "{% if country %}What is the capital of {{ country | trim }}{% endif %}?"
    text = prompt_text(3, says).replace("name: Capital", "name: Capital\ntemplate: jinja2")
    run = ground.tested(name, content=text)
    assert run["passed"] is True, ground.results(run["number"])
    asked = {r.body["messages"][-1]["content"] for r in endpoint.requests}
    assert asked == {f"What is the capital of Land{n}?" for n in range(3)}


@pytest.mark.parametrize("what", ["removed", "changed"])
def test_a_target_that_is_not_as_it_was_is_not_called_by_a_resumed_run(
    ground: Ground, endpoint: OpenAIServer, name: str, what: str
) -> None:
    endpoint.latency = 0.1
    ground.target(name, endpoint, limits={"concurrency": 1})
    number = ground.start(name)["number"]
    until_asked(endpoint, 1)
    assert ground.post(number, "cancel").is_success
    before = ground.ended(number)
    assert 0 < before["ended"] < 4
    route = f"/models/{name}"
    if what == "removed":
        assert ground.api.delete(route).is_success
    else:
        body = {"provider": "openai_compatible", "model": "another", "base_url": endpoint.url}
        etag = ground.api.get(route).headers.get("etag")
        headers = {} if etag is None else {"If-Match": etag}
        answer = ground.api.put(route, json=body, headers=headers)
        assert answer.is_success, answer.text
    asked = len(endpoint.requests)
    assert ground.post(number, "resume").status_code == 202
    ended = ground.ended(number)
    assert len(endpoint.requests) == asked
    assert ended["state"] == "done"
    assert ended["passed"] is None
    assert ended["targets"][0]["passed"] == before["ended"]
    skipped = ground.results(number, state="skipped")
    assert len(skipped) == 4 - before["ended"]
    assert {r["fault"] for r in skipped} == {"not_found"}
    assert all(name in r["detail"] and what in r["detail"] for r in skipped)


def test_a_target_whose_key_is_wrong_is_asked_no_more(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.script([unauthorised()] * 4)
    ground.target(name, endpoint, limits={"concurrency": 1})
    run = ground.tested(name)
    assert len(endpoint.requests) == 1
    target = run["targets"][0]
    assert (target["errors"], target["skipped"]) == (1, 3)
    results = ground.results(run["number"])
    assert {r["fault"] for r in results} == {"authentication"}
    assert len({r["detail"] for r in results}) == 1


def test_without_credentials_nothing_is_sent_and_nothing_counts_as_failed(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    missing = {"kind": "env", "name": "NOBODY_SET_API_KEY"}
    ground.target(name, endpoint, credential=missing)
    run = ground.tested(name)
    assert not endpoint.requests
    assert run["targets"][0]["skipped"] == 4
    assert run["passed"] is None
    assert {(r["state"], r["fault"], r["passed"]) for r in ground.results(run["number"])} == {
        ("skipped", "no_credentials", None)
    }


def test_faults_are_errors_in_our_words_and_resuming_asks_only_those(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.script([None, Step(status=400, body={"error": {"message": "no such thing"}})])
    ground.target(name, endpoint, limits={"concurrency": 1})
    run = ground.tested(name)
    assert run["targets"][0]["errors"] == 1
    assert run["passed"] is False
    assert ground.post(run["number"], "resume").status_code == 202
    ended = ground.ended(run["number"])
    assert ended["passed"] is True
    assert len(endpoint.requests) == 5
    assert ground.post(run["number"], "resume").status_code == 409


def test_a_rate_limit_is_waited_for(ground: Ground, endpoint: OpenAIServer, name: str) -> None:
    endpoint.script([rate_limited(0.05)])
    ground.target(name, endpoint, limits={"concurrency": 1})
    run = ground.tested(name)
    assert run["passed"] is True
    assert max(r["attempts"] for r in ground.results(run["number"])) == 2


def test_a_limit_on_cost_stops_the_run_before_it_is_passed_and_a_higher_one_resumes_it(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.answer = lambda body: Answer(
        knowing(body), usage={"prompt_tokens": 5, "completion_tokens": 1000}
    )
    ground.priced_target(name, endpoint, limits={"concurrency": 2})
    text = prompt_text(6).replace("messages:", "modelParameters: {maxTokens: 1000}\nmessages:", 1)
    limit = 2_000
    run = ground.tested(name, content=text, max_cost=limit)
    assert run["state"] == "stopped"
    assert "higher limit" in run["problem"]
    assert 0 < len(endpoint.requests) < 6
    assert run["cost"] <= limit
    one = ground.results(run["number"], state="done")[0]["cost"]
    assert run["cost"] == one * len(endpoint.requests)
    answer = ground.post(run["number"], "resume", max_cost=100_000)
    assert answer.status_code == 202, answer.text
    ended = ground.ended(run["number"])
    assert ended["state"] == "done"
    assert len(endpoint.requests) == 6
    assert ended["cost"] == one * 6


def test_a_target_with_an_exhausted_budget_stops_the_run(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint, budget_month=1)
    run = ground.tested(name)
    assert run["state"] == "stopped"
    assert "budget" in run["problem"] or "may cost" in run["problem"]
    assert not endpoint.requests


def test_what_calls_cost_counts_in_the_months_of_their_target(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.answer = lambda body: Answer(
        knowing(body), usage={"prompt_tokens": 1000, "completion_tokens": 100}
    )
    ground.priced_target(name, endpoint, budget_month=10_000_000)
    run = ground.tested(name)
    month = ground.api.get(f"/models/{name}").json()["this_month"]
    assert month["spent"] == run["cost"] > 0
    assert (month["reserved"], month["calls"]) == (0, 4)


def test_a_cancelled_run_keeps_what_it_has_and_is_resumed_without_paying_twice(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.latency = 0.1
    ground.target(name, endpoint, limits={"concurrency": 2})
    number = ground.start(name, repeat=10)["number"]
    until_asked(endpoint, 6)
    assert ground.post(number, "cancel").is_success
    run = ground.ended(number)
    assert run["state"] == "cancelled"
    assert run["ended"] == len(endpoint.requests) < 40
    assert ground.post(number, "cancel").json()["state"] == "cancelled"
    endpoint.latency = 0
    assert ground.post(number, "resume").status_code == 202
    assert ground.ended(number)["passed"] is True
    assert len(endpoint.requests) == 40


def test_runs_of_one_process_share_a_targets_limit(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.latency = 0.03
    ground.target(name, endpoint, limits={"concurrency": 3})
    numbers = [ground.start(name, fresh=True, repeat=3)["number"] for _ in range(3)]
    for number in numbers:
        assert ground.ended(number)["passed"] is True
    assert endpoint.most_at_once <= 3


def test_waiting_for_a_run_answers_when_it_has_moved(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.latency = 0.3
    ground.target(name, endpoint, limits={"concurrency": 4})
    run = ground.start(name)
    began = time.monotonic()
    moved = ground.run(run["number"], wait=20, seen=run["revision"])
    assert moved["revision"] != run["revision"]
    ended = ground.ended(run["number"])
    assert time.monotonic() - began < 10
    same = ground.run(run["number"], wait=20, seen=ended["revision"])  # over: nothing to wait for
    assert same["revision"] == ended["revision"]


def test_a_dry_run_says_what_it_would_be_and_makes_nothing(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.priced_target(name, endpoint)
    body = {"path": "geo/capital", "targets": [name], "repeat": 3, "dry_run": True}
    answer = ground.api.post(f"/projects/{PROJECT}/runs", json=body)
    assert answer.status_code == 200
    plan = answer.json()
    assert plan["calls"] == 12
    assert plan["most"] > 0
    assert plan["targets"] == [{"name": name, "calls": 12, "most": plan["most"]}]
    assert not endpoint.requests


def test_refusals_name_what_they_are_about(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    assert "'nobody'" in ground.refused("nobody")["detail"]
    assert name in ground.refused(name, max_cost=5)["detail"]
    assert "geo/nothing" in ground.refused(name, path="geo/nothing")["detail"]
    assert ground.api.get(f"/projects/{PROJECT}/runs/{10**20}").status_code == 422
    guarded = f"guarded/{name}"
    ground.put(prompt_text(1) + "record:\n  data_class: sensitive_personal\n", guarded)
    refused = ground.refused(name, path=guarded)
    assert "sensitive_personal" in refused["detail"]
    assert name in refused["detail"]
    assert not endpoint.requests


def test_a_limit_is_not_promised_to_a_resumed_run_either(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    endpoint.script([Step(status=400, body={"error": {"message": "no such thing"}})])
    ground.target(name, endpoint)
    number = ground.tested(name)["number"]
    refused = ground.post(number, "resume", max_cost=1_000_000)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["target"] == name
    assert ground.post(number, "resume").status_code == 202
    assert ground.ended(number)["passed"] is True


def test_who_only_reads_may_look_and_not_test(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    number = ground.tested(name)["number"]
    with ground.server.api(ground.server.token("viewer", "viewer", PROJECT)) as viewer:
        route = f"/projects/{PROJECT}/runs"
        assert viewer.get(f"{route}/{number}").is_success
        assert viewer.get(f"{route}/{number}/report").is_success
        for path in (route, f"{route}/{number}/cancel", f"{route}/{number}/resume"):
            body: Any = {"path": "geo/capital", "targets": [name]} if path == route else None
            answer = viewer.post(path, json=body)
            assert answer.status_code == 403, answer.text
            assert answer.json()["action"] == "test:run"


def test_reports_tell_what_failed(ground: Ground, endpoint: OpenAIServer, name: str) -> None:
    endpoint.answer = lambda body: "<b>&\x1b wrong"
    ground.target(name, endpoint)
    run = ground.tested(name)
    route = f"/projects/{PROJECT}/runs/{run['number']}/report"
    junit = ET.fromstring(ground.api.get(route, params={"format": "junit"}).content)
    assert junit[0].attrib["failures"] == "4"
    failure = junit[0][0].find("failure")
    assert failure is not None
    assert "names it" in failure.attrib["message"]
    html = ground.api.get(route, params={"format": "html"}).text
    assert "names it" in html
    assert "<b>&" not in html
    document = ground.api.get(route, params={"format": "json"}).json()
    assert document["run"]["number"] == run["number"]
    assert len(document["results"]) == 4


def test_runs_are_listed_newest_first_and_by_prompt(
    ground: Ground, endpoint: OpenAIServer, name: str
) -> None:
    ground.target(name, endpoint)
    path = f"listed/{name}"
    ground.put(prompt_text(1), path)
    numbers = [ground.tested(name, path=path)["number"] for _ in range(3)]
    route = f"/projects/{PROJECT}/runs"
    first = ground.api.get(route, params={"path": path, "limit": 2}).json()
    rest = ground.api.get(route, params={"path": path, "cursor": first["next"]}).json()
    assert [r["number"] for r in (*first["items"], *rest["items"])] == numbers[::-1]
    assert rest["next"] is None


def test_every_run_is_in_the_audit_log(ground: Ground, endpoint: OpenAIServer, name: str) -> None:
    ground.target(name, endpoint)
    number = ground.tested(name)["number"]
    events = ground.api.get("/audit/events", params={"project": PROJECT, "limit": 500}).json()
    said = {e["action"] for e in events["items"] if e["object"]["id"] == f"{PROJECT}/runs/{number}"}
    assert said == {"run.start", "run.end"}
