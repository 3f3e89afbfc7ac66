"""Calls reach Claude wherever it is served, with retries, streams and faults as for every other provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from promptops_server.providers.model import CallError, Delta, Reply, Target
from server.providers.calling import an_ask, calling
from support.anthropic_server import (
    Answer,
    AnthropicServer,
    Step,
    cut,
    error_in_stream,
    malformed,
    overloaded,
    rate_limited,
    unauthorised,
    unfinished,
)

RICH = Answer("It is Paris.", (("look_up", '{"city": "Paris"}'),), reasoning="A capital.")
EVERYWHERE = [
    pytest.param("anthropic", "key", id="anthropic"),
    pytest.param("anthropic_compatible", None, id="compatible"),
    pytest.param("bedrock", "AKIDEXAMPLE:wJalrXUtnFEMI", id="bedrock-keys"),
    pytest.param("bedrock", "ABSKkey", id="bedrock-api-key"),
    pytest.param("vertex", "token", id="vertex"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer() as server:
        yield server


def call(
    server: AnthropicServer, provider: str, secret: str | None, given: list[Delta] | None = None
) -> Reply:
    members: dict[str, Any] = {"region": "eu-central-1", "options": {"project": "bank-1"}}
    base = server.url + "/v1" if provider == "vertex" else server.url
    target = Target("t1", "claude", provider, "claude-test-v1", base_url=base, **members)
    ask = an_ask(model="claude-test-v1", parameters={"temperature": 0.5, "maxTokens": 50})
    on_delta = None if given is None else given.append
    return calling(
        lambda c: c.call(target, ask, deadline=10, on_delta=on_delta),
        secret_of=lambda target: secret,
    )


@pytest.mark.parametrize(("provider", "secret"), EVERYWHERE)
def test_an_answer_comes_whole_and_in_pieces_after_a_retry(
    server: AnthropicServer, provider: str, secret: str | None
) -> None:
    before = len(server.requests)
    server.script([overloaded(), Step(answer=RICH), rate_limited(0.05), Step(answer=RICH)])
    given: list[Delta] = []
    whole, flowing = call(server, provider, secret), call(server, provider, secret, given)
    assert (whole.text, whole.reasoning, whole.stop) == ("It is Paris.", "A capital.", "tool_calls")
    assert (whole.attempts, flowing.attempts) == (2, 2)
    assert (whole.text, whole.tool_calls, whole.usage) == (flowing.text, flowing.tool_calls, flowing.usage)  # fmt: skip
    assert "".join(delta.text for delta in given) == whole.text
    assert "".join(delta.reasoning for delta in given) == whole.reasoning
    assert len(server.requests) == before + 4


@pytest.mark.parametrize(("provider", "secret"), EVERYWHERE)
def test_faults_in_a_stream_are_told_and_what_was_said_is_not_said_twice(
    server: AnthropicServer, provider: str, secret: str | None
) -> None:
    for step, fault in [
        (error_in_stream(5), "overloaded"),
        (cut(5), "network"),
        (unfinished(5), "network"),
        (malformed(5), "bad_answer"),
    ]:
        before = len(server.requests)
        server.script([step])
        given: list[Delta] = []
        with pytest.raises(CallError) as caught:
            call(server, provider, secret, given)
        assert caught.value.fault == fault
        assert given
        assert len(server.requests) == before + 1


@pytest.mark.parametrize(("provider", "secret"), EVERYWHERE)
def test_a_refused_key_is_not_tried_again_nor_told(
    server: AnthropicServer, provider: str, secret: str | None
) -> None:
    before = len(server.requests)
    server.script([unauthorised()])
    with pytest.raises(CallError) as caught:
        call(server, provider, secret)
    assert caught.value.fault == "authentication"
    assert len(server.requests) == before + 1
    assert secret is None or secret not in caught.value.detail
