"""A redacted text is gone from suite files and from what runs stored; verdicts stay, and the answer is not used again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count

import pytest
from run_ground import PATH, PROJECT, Ground, knowing, prompt_text, until_asked
from sqlalchemy import select

from promptops_server.evaluation.tables import suite_reading
from promptops_server.infra.database import Database
from promptops_server.registry.tables import prompt
from support.leftovers import places_holding
from support.openai_server import OpenAIServer
from support.server import untroubled

SECRET = "Xaverina Quibblethwaite"
_numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("redacted")
    config = folder / "promptops.toml"
    config.write_text("[access]\noperator_tokens_decide = true\n")
    args = ("--config", str(config))
    with untroubled(request, folder, "redacted", args) as server:
        made = Ground.on(server)
        yield made
        made.api.close()


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=lambda body: f"{SECRET} says: {knowing(body)}") as made:
        yield made


def redact(ground: Ground, path: str, text: str) -> dict[str, object]:
    body = {"path": path, "texts": [text], "reason": "a customer's name stands there"}
    asked = ground.api.post(f"/projects/{PROJECT}/redactions", json=body)
    assert asked.is_success, asked.text
    with ground.server.api(ground.server.token(f"second-{next(_numbers)}", "admin")) as second:
        route = f"/projects/{PROJECT}/redactions/{asked.json()['id']}/approve"
        answer = second.post(route, json={})
        assert answer.is_success, answer.text
        return dict(answer.json())


def stored(ground: Ground, text: str) -> set[str]:
    """The columns of runs and of the matrix, and the database's own files, that hold a text."""
    args = ground.server.args
    sqlite = f"sqlite:///{ground.server.data / 'promptops.sqlite'}"
    database = Database(args[-1] if "--database-url" in args else sqlite)
    try:
        found = places_holding(database, text)
    finally:
        database.close()
    return {place for place in found if place.startswith("test_")}


def until_kept(ground: Ground, path: str, seconds: float = 10) -> list[str]:
    """What is kept of reading the suites of a prompt, once there is something."""
    args = ground.server.args
    sqlite = f"sqlite:///{ground.server.data / 'promptops.sqlite'}"
    database = Database(args[-1] if "--database-url" in args else sqlite)
    query = (
        select(suite_reading.c.suites)
        .join(prompt, prompt.c.id == suite_reading.c.prompt_id)
        .where(prompt.c.path == path)
    )
    deadline = time.monotonic() + seconds
    try:
        while True:
            with database.read() as conn:
                found = list(conn.execute(query).scalars())
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.02)
    finally:
        database.close()


def test_a_redacted_text_is_gone_from_suites_and_from_what_runs_stored(
    ground: Ground, endpoint: OpenAIServer
) -> None:
    ground.target("redacted", endpoint)
    ground.put(prompt_text(1) + f"description: asked by {SECRET}\n")
    suite = (
        f"cases:\n  - {{name: '{SECRET}', inputs: {{country: Land7}}, expected: '{SECRET}'}}\n"
        "  - {name: other, inputs: {country: Land8}, expected: nobody}\n"
        "evaluators:\n  - name: names\n    string: {contains: '{{expected}}'}\n"
    )
    route = f"/projects/{PROJECT}/suites/{PATH}.suite.yml"
    put = ground.api.put(route, json={"text": suite})
    assert put.is_success, put.text
    before = ground.tested("redacted")
    assert before["calls"] == 3
    assert stored(ground, SECRET)
    asked = len(endpoint.requests)
    done = redact(ground, PATH, SECRET)
    assert not stored(ground, SECRET)
    assert SECRET not in ground.api.get(route).text
    figures = done["done"]
    assert isinstance(figures, dict)
    assert figures["rows"]["test_runs"] == 1
    assert figures["rows"]["test_results"] == 3
    after = ground.run(before["number"])
    assert (after["state"], after["targets"]) == ("done", before["targets"])
    whole = ground.api.get(f"/projects/{PROJECT}/runs/{after['number']}/results/0").json()
    assert whole["request"] is None
    assert whole["scores"]
    ground.tested("redacted")
    assert len(endpoint.requests) == asked + 3  # nothing of it is used again


def test_a_text_that_stands_only_in_a_suite_is_gone_from_its_runs(
    ground: Ground, endpoint: OpenAIServer
) -> None:
    endpoint.answer = knowing
    path, name = "geo/suite", "Ottilie Thistlewood"
    ground.target("only", endpoint)
    ground.put(prompt_text(1), path)
    suite = (
        f"cases:\n  - {{name: '{name}', inputs: {{country: Land7}}, expected: '{name}'}}\n"
        "evaluators:\n  - name: names\n    string: {contains: '{{expected}}'}\n"
    )
    route = f"/projects/{PROJECT}/suites/{path}.suite.yml"
    assert ground.api.put(route, json={"text": suite}).is_success
    before = ground.tested("only", path=path)
    assert stored(ground, name)
    figures = redact(ground, f"{path}.suite.yml", name)["done"]
    assert isinstance(figures, dict)
    assert figures["versions"] == [] and figures["other_files"] == [f"{path}.suite.yml"]
    assert figures["rows"]["test_runs"] == 1 and figures["rows"]["test_results"] >= 1
    assert not stored(ground, name)
    assert name not in ground.api.get(route).text
    assert ground.run(before["number"])["targets"] == before["targets"]


def test_the_matrix_names_the_redacted_suite_and_forgets_the_old_one(
    ground: Ground, endpoint: OpenAIServer
) -> None:
    path, name = "geo/owner", "Theodwina Brackenthwaite"
    ground.target("forgetful", endpoint)
    ground.put(prompt_text(1).replace("City0", name), path)
    ground.tested("forgetful", path=path)
    assert until_kept(ground, path), "a run makes its suites known"

    def shown() -> object:
        return ground.api.get(f"/projects/{PROJECT}/matrix/{path}").json()["prompt"]["suites"]

    before = shown()
    redact(ground, path, name)
    listed = ground.api.get(f"/projects/{PROJECT}/suites", params={"path": path}).json()["items"]
    assert shown() == {suite["name"]: suite["digest"] for suite in listed}
    assert shown() != before
    assert [json.loads(row) for row in until_kept(ground, path)] == [shown()]


def test_a_run_under_way_with_the_text_is_cancelled_and_goes_on_without_it(
    ground: Ground, endpoint: OpenAIServer
) -> None:
    endpoint.answer = knowing
    endpoint.latency = 0.2
    path = "geo/slow"
    name = "Zenobia Warblethorpe"
    ground.target("slow", endpoint, limits={"concurrency": 1})
    ground.put(prompt_text(30, f"For {name}: {{{{ country }}}}?"), path)
    number = ground.start("slow", path=path)["number"]
    until_asked(endpoint, 2)
    redact(ground, path, name)
    ended = ground.ended(number)
    assert ended["state"] == "cancelled"
    assert "redaction" in ended["problem"]
    assert not stored(ground, name)
    endpoint.latency = 0
    assert ground.post(number, "resume").status_code == 202
    assert ground.ended(number)["passed"] is True
    assert not stored(ground, name)
