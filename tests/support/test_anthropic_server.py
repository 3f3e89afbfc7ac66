"""The test server speaks the protocol: Anthropic's own SDK understands its answers and its faults."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anthropic
import httpx2
import pytest

from support.anthropic_server import (
    Answer,
    AnthropicServer,
    Step,
    broken,
    context_too_long,
    cut,
    error_in_stream,
    forbidden,
    invalid_parameter,
    malformed,
    not_found,
    overloaded,
    rate_limited,
    refused,
    slow,
    slow_stream,
    too_large,
    unauthorised,
    unfinished,
    wrong_model,
)

ASK: dict[str, Any] = {
    "model": "claude-test",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "Capital of France?"}],
}
RICH = Answer(
    text="It is  Paris.\n",
    reasoning="The user asks for a capital.",
    redacted=True,
    tool_calls=(("look_up", '{"city": "Paris", "n": [1, 2.5]}'), ("stop", "{}")),
    usage={"cache_read_input_tokens": 5, "cache_creation_input_tokens": 7},
)


@pytest.fixture(scope="module")
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer() as server:
        yield server


def sdk(server: AnthropicServer, **more: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0, **more)


def test_a_plain_answer(server: AnthropicServer) -> None:
    message = sdk(server).messages.create(**ASK)
    assert message.content[0].type == "text"
    assert message.content[0].text == "ok: Capital of France?"
    assert (message.stop_reason, message.model) == ("end_turn", "claude-test")
    assert message.usage.input_tokens > 3
    seen = server.requests[-1]
    assert seen.body == ASK
    assert seen.headers["authorization"] == "Bearer k"


def test_thinking_tools_and_usage_are_the_same_streamed_and_whole(server: AnthropicServer) -> None:
    server.script([Step(answer=RICH)] * 2)
    whole = sdk(server).messages.create(**ASK)
    with sdk(server).messages.stream(**ASK) as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_message()
    assert {"thinking", "signature", "text", "input_json"} <= set(kinds)
    assert whole.model_dump(exclude={"id"}) == streamed.model_dump(
        exclude={"id": True, "content": {"__all__": {"parsed_output"}}}
    )
    assert [block.type for block in whole.content] == [
        "thinking", "redacted_thinking", "text", "tool_use", "tool_use",
    ]  # fmt: skip
    assert whole.content[3].input == {"city": "Paris", "n": [1, 2.5]}  # type: ignore[union-attr]
    assert (whole.stop_reason, whole.usage.cache_read_input_tokens) == ("tool_use", 5)


def test_many_at_once_with_the_asynchronous_sdk(server: AnthropicServer) -> None:
    asyncio.run(drive_at_once(server))


async def drive_at_once(server: AnthropicServer) -> None:
    async with anthropic.AsyncAnthropic(base_url=server.url, api_key="k", max_retries=0) as client:
        server.script([slow(0.1)] * 4)
        messages = await asyncio.gather(*(client.messages.create(**ASK) for _ in range(4)))
        assert {m.content[0].text for m in messages} == {"ok: Capital of France?"}  # type: ignore[union-attr]
        assert server.most_at_once == 4
        async with client.messages.stream(**ASK) as stream:
            assert "".join([t async for t in stream.text_stream]) == "ok: Capital of France?"


@pytest.mark.parametrize(
    ("step", "raised"),
    [
        (rate_limited(3), anthropic.RateLimitError),
        (overloaded(), anthropic.InternalServerError),
        (broken(), anthropic.InternalServerError),
        (context_too_long(), anthropic.BadRequestError),
        (invalid_parameter(), anthropic.BadRequestError),
        (too_large(), anthropic.APIStatusError),
        (unauthorised(), anthropic.AuthenticationError),
        (forbidden(), anthropic.PermissionDeniedError),
        (not_found(), anthropic.NotFoundError),
    ],
)
def test_refusals_have_the_status_and_the_form(
    server: AnthropicServer, step: Step, raised: type[anthropic.APIStatusError]
) -> None:
    server.script([step])
    with pytest.raises(raised) as caught:
        sdk(server).messages.create(**ASK)
    assert caught.value.status_code == step.status
    if not isinstance(step.body, bytes):
        assert caught.value.api_message == step.body["error"]["message"]
        assert caught.value.type == step.body["error"]["type"]
    if step.status == 429:
        assert caught.value.response.headers["retry-after"] == "3"


def test_a_refusal_by_the_classifier_is_an_answer(server: AnthropicServer) -> None:
    server.script([refused("Not this.", category="cyber")])
    message = sdk(server).messages.create(**ASK)
    assert message.stop_reason == "refusal"
    assert message.stop_details is not None
    assert (message.stop_details.explanation, message.stop_details.category) == (
        "Not this.",
        "cyber",
    )


def test_the_sdk_repeats_after_a_fault_and_gets_its_answer(server: AnthropicServer) -> None:
    before = len(server.requests)
    server.script([overloaded(), rate_limited(0.01)])
    client = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=2)
    assert client.messages.create(**ASK).stop_reason == "end_turn"
    assert len(server.requests) == before + 3


def test_faults_in_the_middle_of_a_stream(server: AnthropicServer) -> None:
    def texts() -> list[str]:
        with sdk(server).messages.stream(**ASK) as stream:
            return list(stream.text_stream)

    server.script([error_in_stream(), malformed(), cut(4), unfinished(4)])
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        texts()
    with pytest.raises(ValueError):
        texts()
    with pytest.raises(httpx2.RemoteProtocolError):
        texts()
    assert texts() == ["ok:"]


def test_faults_of_a_whole_answer(server: AnthropicServer) -> None:
    server.script([cut(10), malformed()])
    with pytest.raises((anthropic.APIConnectionError, httpx2.RemoteProtocolError)):
        sdk(server).messages.create(**ASK)
    with pytest.raises(json.JSONDecodeError):
        sdk(server).messages.create(**ASK)


def test_slow_answers_another_model_and_another_model_function(server: AnthropicServer) -> None:
    server.script([replace(slow(0.2), model="claude-next"), slow(5)])
    began = time.monotonic()
    assert sdk(server).messages.create(**ASK).model == "claude-next"
    assert time.monotonic() - began >= 0.2
    with pytest.raises(anthropic.APITimeoutError):
        sdk(server, timeout=0.1).messages.create(**ASK)
    server.script([wrong_model("x"), slow_stream(0.05)])
    assert sdk(server).messages.create(**ASK).model == "x"
    began = time.monotonic()
    with sdk(server).messages.stream(**ASK) as stream:
        assert stream.get_final_text() == "ok: Capital of France?"
    assert time.monotonic() - began >= 0.3


def test_keys_models_and_missing_members(server: AnthropicServer) -> None:
    with AnthropicServer(lambda body: body["system"], models=["claude-a"], api_key="right") as own:
        client = anthropic.Anthropic(base_url=own.url, api_key="right", max_retries=0)
        assert [m.id for m in client.models.list()] == ["claude-a"]
        with pytest.raises(anthropic.NotFoundError, match="claude-test"):
            client.messages.create(**ASK)
        said = client.messages.create(**{**ASK, "model": "claude-a"}, system="Be brief")
        assert said.content[0].text == "Be brief"  # type: ignore[union-attr]
        with pytest.raises(anthropic.AuthenticationError):
            sdk(own).messages.create(**ASK)
    with pytest.raises(anthropic.BadRequestError, match="max_tokens: Field required"):
        sdk(server).post("/v1/messages", body={"model": "m", "messages": [1]}, cast_to=object)
