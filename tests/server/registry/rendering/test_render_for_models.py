"""Rendering for a model or a target: the request it would get, what was changed, tokens and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from bank import Bank, client
from sqlalchemy import Connection
from starlette.testclient import TestClient

from promptops.calls.ask import Ask
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.resolve import anthropic_body, openai_body
from promptops_server.registry.rendering.models import RenderModels

PROMPT = """\
model: openai/gpt-4o
modelParameters: {temperature: 0.2, maxTokens: 200}
messages:
  - role: system
    content: Sort the claim.
  - role: user
    content: "{{ claim }}"
variants:
  claude:
    model: claude-opus-4-7
    messages:
      - {role: user, content: "Sort {{ claim }}"}
      - {role: assistant, content: "The sort is"}
"""

TARGET = Target(
    "1", "gpt-eu", "azure", "our-deployment", catalogue_id="gpt-5", base_url="https://x"
)


def resolve_target(conn: Connection, project: str, name: str) -> Target | None:
    found = {"gpt-eu": TARGET, "strict": replace(TARGET, name="strict")}
    return found.get(name) if project == "bank" else None


def preview(target: Target, ask: Ask) -> Mapping[str, Any]:
    if target.name == "strict":
        raise CallError("cannot_express", "That cannot be said there.")
    return {
        "method": "POST",
        "url": f"{target.base_url}/chat",
        "headers": {"content-type": "application/json"},
        "body": openai_body(ask),
        "notes": [],
    }


@pytest.fixture
def http(small_bank: Bank) -> Iterator[TestClient]:
    small_bank.put("a", PROMPT)
    models = RenderModels(resolve_target=resolve_target, preview=preview)
    with client(small_bank.db, models=models) as found:
        yield found


def render(http: TestClient, **body: Any) -> Any:
    return http.post("/projects/bank/render/a", json={"inputs": {"claim": "A tree"}, **body})


def test_without_a_model_nothing_is_added(http: TestClient) -> None:
    got = render(http).json()
    assert not {"request", "notes", "tokens", "cost_estimate", "endpoint"} & set(got)


def test_a_family_gives_the_variants_request(http: TestClient) -> None:
    got = render(http, model="claude").json()
    assert got["variant"] == "claude"
    assert len(got["messages"]) == 2, "the messages are the prompt's own"
    assert got["request"] == {
        "model": "claude-opus-4-7",
        "max_tokens": 200,
        "messages": [{"role": "user", "content": "Sort A tree"}],
    }
    assert [note["rule"] for note in got["notes"]] == ["no_prefill", "refuse_parameters"]
    assert all(note["source"] and note["date"] for note in got["notes"])
    assert got["tokens"]["exact"] is False
    cost = got["cost_estimate"]
    assert cost["at_most"] >= 200 * 25
    assert "genai-prices" in cost["price_source"]
    assert (got["target"], got["endpoint"]) == (None, None)


def test_an_id_gives_its_request_and_exact_tokens(http: TestClient) -> None:
    got = render(http, model="gpt-4o-mini").json()
    assert got["request"]["model"] == "gpt-4o-mini"
    assert got["request"]["max_completion_tokens"] == 200
    assert got["request"]["temperature"] == 0.2
    assert got["tokens"] == {"count": 17, "exact": True, "tokenizer": "o200k_base", "why": ""}
    assert got["cost_estimate"]["at_most"] == 3 + 120
    assert got["notes"] == []


def test_the_body_holds_no_arguments_of_an_sdk() -> None:
    ask = Ask("a", "claude-sonnet-4-5", [{"role": "user", "content": "Hi"}], {"temperature": 0.2}, [], None, None)  # fmt: skip
    assert set(anthropic_body(ask)) == {"model", "max_tokens", "messages", "temperature"}


def test_a_family_that_no_model_is_known_for_says_so(http: TestClient) -> None:
    got = render(http, model="qwen").json()
    assert got["request"] is None
    assert "not of the family qwen" in got["request_refused"]
    assert got["cost_estimate"]["at_most"] is None


def test_an_unknown_model_gets_the_prompt_as_it_is(http: TestClient) -> None:
    got = render(http, model="house-7b").json()
    assert got["request"]["model"] == "house-7b"
    assert got["notes"] == []
    assert got["tokens"]["exact"] is False
    assert got["cost_estimate"] == {"at_most": None, "price_source": None, "price_date": None}


def test_a_target_gives_the_request_for_its_endpoint(http: TestClient) -> None:
    got = render(http, target="gpt-eu").json()
    assert got["target"] == "gpt-eu"
    assert got["endpoint"]["url"] == "https://x/chat"
    assert got["request"]["model"] == "our-deployment"
    assert got["request"]["max_completion_tokens"] == 200
    assert "temperature" not in got["request"]
    assert {note["rule"] for note in got["notes"]} == {"rename_parameter", "refuse_parameters"}
    assert got["cost_estimate"]["at_most"] > 0, "priced by its entry in the catalogue"


def test_what_an_endpoint_cannot_be_told_is_said(http: TestClient) -> None:
    got = render(http, target="strict").json()
    assert (got["request"], got["endpoint"]) == (None, None)
    assert got["request_refused"] == "That cannot be said there."
    assert got["cost_estimate"]["at_most"] is None


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"target": "other"}, 404, "no model target 'other'"),
        ({"target": "gpt-eu", "model": "gpt"}, 422, "not both"),
        ({"target": "a\u0000b"}, 422, "control|character|what to render"),
        ({"target": "x" * 101}, 422, "what to render"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    http: TestClient, body: dict[str, Any], status: int, words: str
) -> None:
    got = render(http, **body)
    assert got.status_code == status
    assert any(word in got.text for word in words.split("|"))


def test_a_text_that_is_not_stored_is_shown_for_a_model_too(http: TestClient) -> None:
    got = http.post(
        "/projects/bank/render",
        json={"content": PROMPT, "inputs": {"claim": "x"}, "model": "claude-opus-4-7"},
    ).json()
    assert got["request"]["model"] == "claude-opus-4-7"
    jinja = "template: jinja2\nmessages: [{role: user, content: '{{ claim | upper }}'}]\n"
    got = http.post(
        "/projects/bank/render",
        json={"content": jinja, "inputs": {"claim": "x"}, "model": "gpt-4o"},
    ).json()
    assert got["request"]["messages"] == [{"role": "user", "content": "X"}]
