"""Tests of `fastapi_service` without a server: what a test publishes is live at once."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from fastapi_service import app, prompts

from promptops.testing import InMemoryPromptOps

pytest_plugins = ["promptops.testing.pytest_plugin"]  # the fixtures promptops and async_promptops


@pytest.fixture
def service(promptops: InMemoryPromptOps) -> Iterator[TestClient]:
    promptops.publish("claims/triage", "Sort this: {{ claim }}")
    app.dependency_overrides[prompts] = lambda: promptops
    yield TestClient(app)  # not entered: the lifespan, which would connect, does not run
    app.dependency_overrides.clear()


def test_a_claim_is_put_into_the_prompt(service: TestClient) -> None:
    answer = service.post("/triage", params={"claim": "Hail"}).json()
    assert answer["messages"] == [{"role": "user", "content": "Sort this: Hail"}]


def test_a_stopped_prompt_is_not_used(service: TestClient, promptops: InMemoryPromptOps) -> None:
    promptops.suspend("claims/triage", reason="Complaint 4711")
    answer = service.post("/triage", params={"claim": "Hail"})
    assert (answer.status_code, answer.json()["reason"]) == (503, "Complaint 4711")


def test_not_ready_without_a_release(service: TestClient, promptops: InMemoryPromptOps) -> None:
    promptops.disconnect()
    assert service.get("/ready").status_code == 503
