"""The protocol server of the tests is what OpenAI's own SDK takes for the real thing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from support import openai_server as steps
from support.openai_server import Answer, OpenAIServer

ASKED = [{"role": "user", "content": "What is the capital of France?"}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A server whose model says where Paris is."""
    with OpenAIServer(answer=lambda body: "Paris is the capital.", api_key="sk-test") as started:
        yield started


@pytest.fixture
def sdk(server: OpenAIServer) -> Iterator[OpenAI]:
    """The official client, without its own retries."""
    with OpenAI(base_url=server.url, api_key="sk-test", max_retries=0, timeout=5) as client:
        yield client


def test_answers_whole(server: OpenAIServer, sdk: OpenAI) -> None:
    got = sdk.chat.completions.create(model="gpt-4o-mini", messages=ASKED)
    assert got.choices[0].message.content == "Paris is the capital."
    assert got.choices[0].finish_reason == "stop"
    assert got.model == "gpt-4o-mini"
    assert got.usage is not None
    assert got.usage.completion_tokens == 4
    assert server.requests[0].body["messages"] == ASKED


def test_streams_with_usage(sdk: OpenAI) -> None:
    stream = sdk.chat.completions.create(
        model="gpt-4o-mini", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == (
        "Paris is the capital."
    )
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []


def test_streams_tool_calls_in_fragments(server: OpenAIServer, sdk: OpenAI) -> None:
    server.answer = lambda body: Answer(tool_calls=(("weather", '{"city": "Paris", "days": 3}'),))
    with sdk.chat.completions.stream(model="m", messages=ASKED, tools=[TOOL]) as stream:  # type: ignore[list-item]
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls is not None
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Paris", "days": 3}


def test_answers_the_asynchronous_sdk(server: OpenAIServer) -> None:
    async def ask() -> tuple[str | None, str]:
        async with AsyncOpenAI(base_url=server.url, api_key="sk-test", max_retries=0) as client:
            whole = await client.chat.completions.create(model="m", messages=ASKED)  # type: ignore[arg-type]
            pieces = []
            async for chunk in await client.chat.completions.create(
                model="m",
                messages=ASKED,  # type: ignore[arg-type]
                stream=True,
            ):
                pieces.append(chunk.choices[0].delta.content or "")
            return whole.choices[0].message.content, "".join(pieces)

    assert asyncio.run(ask()) == ("Paris is the capital.", "Paris is the capital.")


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (steps.rate_limited(1), openai.RateLimitError),
        (steps.overloaded(), openai.InternalServerError),
        (steps.broken(), openai.InternalServerError),
        (steps.context_too_long(), openai.BadRequestError),
        (steps.invalid_parameter("temperature"), openai.BadRequestError),
        (steps.unauthorised(), openai.AuthenticationError),
        (steps.forbidden(), openai.PermissionDeniedError),
        (steps.not_found(), openai.NotFoundError),
    ],
)
def test_refuses_as_the_sdk_expects(
    server: OpenAIServer, sdk: OpenAI, step: steps.Step, error: type[openai.APIStatusError]
) -> None:
    server.script([step])
    with pytest.raises(error):
        sdk.chat.completions.create(model="m", messages=ASKED)
    # The script is used up: the next request is answered.
    assert sdk.chat.completions.create(model="m", messages=ASKED).choices


def test_asks_for_the_key(server: OpenAIServer) -> None:
    with (
        OpenAI(base_url=server.url, api_key="other", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.chat.completions.create(model="m", messages=ASKED)


def test_refuses_in_the_refusal_field(server: OpenAIServer, sdk: OpenAI) -> None:
    server.script([steps.refused("No.")])
    got = sdk.chat.completions.create(model="m", messages=ASKED)
    assert got.choices[0].message.refusal == "No."
    assert got.choices[0].message.content is None


def test_cuts_the_connection_in_the_middle_of_a_stream(server: OpenAIServer, sdk: OpenAI) -> None:
    server.script([steps.cut(2)])
    got = []
    with pytest.raises(openai.APIError):
        for chunk in sdk.chat.completions.create(model="m", messages=ASKED, stream=True):
            got.append(chunk)
    assert len(got) <= 2


def test_sends_a_chunk_that_is_no_json(server: OpenAIServer, sdk: OpenAI) -> None:
    server.script([steps.malformed(1)])
    with pytest.raises((openai.APIError, json.JSONDecodeError)):
        list(sdk.chat.completions.create(model="m", messages=ASKED, stream=True))


def test_says_in_a_stream_that_it_failed(server: OpenAIServer, sdk: OpenAI) -> None:
    server.script([steps.error_in_stream(1)])
    with pytest.raises(openai.APIError, match="had an error"):
        list(sdk.chat.completions.create(model="m", messages=ASKED, stream=True))


def test_names_another_model_and_keeps_people_waiting(server: OpenAIServer, sdk: OpenAI) -> None:
    server.script([replace(steps.wrong_model("other"), wait=0.2), steps.slow(30)])
    began = time.monotonic()
    assert sdk.chat.completions.create(model="m", messages=ASKED).model == "other"
    assert time.monotonic() - began >= 0.2
    with pytest.raises(openai.APITimeoutError):
        sdk.with_options(timeout=0.2).chat.completions.create(model="m", messages=ASKED)
    deadline = time.monotonic() + 5
    while server.abandoned == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.abandoned == 1


def test_counts_connections_and_lists_models() -> None:
    with (
        OpenAIServer(models=["a", "b"]) as server,
        OpenAI(base_url=server.url, api_key="x", max_retries=0) as client,
    ):
        assert [model.id for model in client.models.list()] == ["a", "b"]
        for _ in range(3):
            client.chat.completions.create(model="a", messages=ASKED)
        assert server.connections == 1
        assert server.open_connections == 1
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="c", messages=ASKED)
