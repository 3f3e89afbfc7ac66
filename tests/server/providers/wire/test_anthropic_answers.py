"""An answer of Anthropic's messages reads the same whole and streamed, and as Anthropic's SDK reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops_server.providers.model import CallError, Delta, Reply, Usage
from promptops_server.providers.wire.anthropic_messages import STOPS, StreamReader, read_answer
from support.anthropic_server import (
    Answer,
    AnthropicServer,
    Step,
    cut,
    error_in_stream,
    malformed,
    refused,
    unfinished,
    wrong_model,
)

ASK: dict[str, Any] = {
    "model": "claude-test",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "Hi"}],
}
RICH = Answer(
    text="It is  Paris.\n",
    reasoning="They ask for a capital.",
    redacted=True,
    tool_calls=(("look_up", '{"city": "Zürich"}'), ("stop", "{}")),
)


@pytest.fixture(scope="module")
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer() as server:
        yield server


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    headers = {"anthropic-version": "2023-06-01"}
    with httpx2.Client(headers=headers) as client:
        yield client


def streamed(http: httpx2.Client, server: AnthropicServer) -> list[dict[str, Any]]:
    """The decoded data of the answer's server-sent events."""
    text = http.post(server.url + "/v1/messages", json={**ASK, "stream": True}).text
    return [json.loads(line[6:]) for line in text.split("\n") if line.startswith("data: ")]


def read(events: list[dict[str, Any]]) -> tuple[Reply, list[Delta]]:
    reader = StreamReader()
    deltas = [delta for event in events for delta in reader.feed(event)]
    return reader.finish(), deltas


def whole(http: httpx2.Client, server: AnthropicServer) -> Reply:
    return read_answer(http.post(server.url + "/v1/messages", json=ASK).json())


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
counts = st.integers(0, 10_000)
answers = st.builds(
    Answer,
    text=texts,
    reasoning=texts,
    redacted=st.booleans(),
    tool_calls=st.lists(
        st.tuples(st.just("look_up"), st.dictionaries(texts, texts, max_size=2).map(json.dumps)), max_size=2
    ).map(tuple),
    stop=st.sampled_from([*STOPS, "something_new"]),
    refusal=texts,
    usage=st.fixed_dictionaries(
        {"input_tokens": counts, "output_tokens": counts},
        optional={
            "cache_read_input_tokens": counts, "cache_creation_input_tokens": counts,
            "output_tokens_details": st.fixed_dictionaries({"thinking_tokens": counts}),
        },
    ),
)  # fmt: skip


@given(answer=answers)
@settings(max_examples=100, deadline=None)
def test_whole_streamed_and_the_sdks_reading_agree(
    server: AnthropicServer, http: httpx2.Client, answer: Answer
) -> None:
    server.script([Step(answer=answer)] * 3)
    sdk = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0, http_client=http)
    message = sdk.messages.create(**ASK)
    once = whole(http, server)
    flowing, deltas = read(streamed(http, server))

    def without_ids(reply: Reply) -> dict[str, Any]:
        members = {name: getattr(reply, name) for name in Reply.__slots__ if name != "id"}
        calls = [(c.id, c.name, json.loads(c.arguments)) for c in reply.tool_calls]
        return {**members, "tool_calls": calls}

    assert without_ids(once) == without_ids(flowing)
    assert "".join(d.text for d in deltas) == once.text == answer.text
    assert "".join(d.reasoning for d in deltas) == once.reasoning == answer.reasoning
    assert once.text == "".join(b.text for b in message.content if b.type == "text")
    assert [(c.id, c.name, json.loads(c.arguments)) for c in once.tool_calls] == [
        (b.id, b.name, b.input) for b in message.content if b.type == "tool_use"
    ]
    assert (once.stop_said, once.model) == (message.stop_reason, message.model)
    usage = message.usage
    assert once.usage.output == usage.output_tokens
    assert once.usage.input == usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
        ("a_word_of_tomorrow", "other"),
    ],
)
def test_why_it_ended(server: AnthropicServer, http: httpx2.Client, said: str, meant: str) -> None:
    server.script([Step(answer=Answer("x", stop=said))])
    reply = whole(http, server)
    assert (reply.stop, reply.stop_said) == (meant, said)


def test_a_refusal_says_why(server: AnthropicServer, http: httpx2.Client) -> None:
    server.script([refused("Not this."), refused("", category="bio"), refused("Nor this.")])
    assert [whole(http, server).refusal for _ in range(2)] == ["Not this.", "bio"]
    reply, _ = read(streamed(http, server))
    assert (reply.stop, reply.refusal, reply.text) == ("refusal", "Nor this.", "")


def test_usage_counts_the_cache_within_the_input(
    server: AnthropicServer, http: httpx2.Client
) -> None:
    usage = {
        "input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 30,
        "output_tokens": 90, "output_tokens_details": {"thinking_tokens": 60},
    }  # fmt: skip
    server.script([Step(answer=Answer("x", usage=usage))] * 2)
    expected = Usage(input=240, output=90, cached=200, cache_written=30, reasoning=60)
    assert whole(http, server).usage == expected
    assert read(streamed(http, server))[0].usage == expected
    assert read_answer({"content": []}).usage == Usage()


def test_the_model_is_as_the_endpoint_names_it(
    server: AnthropicServer, http: httpx2.Client
) -> None:
    server.script([wrong_model("claude-test-20260901")])
    assert whole(http, server).model == "claude-test-20260901"


def test_a_stream_says_what_went_wrong_in_it(server: AnthropicServer, http: httpx2.Client) -> None:
    server.script([
        error_in_stream(), error_in_stream(4, "api_error", "Internal server error"),
        error_in_stream(2, "rate_limit_error", "Slow down"), unfinished(4), malformed(),
    ])  # fmt: skip
    for fault, words in [
        ("overloaded", "Overloaded"),
        ("failed", "Internal server error"),
        ("rate_limit", "Slow down"),
        ("network", "before the answer was whole"),
    ]:
        with pytest.raises(CallError, match=words) as caught:
            read(streamed(http, server))
        assert caught.value.fault == fault
    with pytest.raises(json.JSONDecodeError):
        streamed(http, server)
    server.script([cut(4)])
    with pytest.raises(httpx2.RemoteProtocolError):
        streamed(http, server)


def test_wherever_a_stream_is_cut_it_is_known(server: AnthropicServer, http: httpx2.Client) -> None:
    server.script([Step(answer=RICH)])
    events = streamed(http, server)
    complete, _ = read(events)
    for length in range(len(events)):
        if length and events[length - 1]["type"] == "message_delta":  # only the farewell is missing
            assert read(events[:length])[0] == complete
            continue
        with pytest.raises(CallError) as caught:
            read(events[:length])
        assert caught.value.fault == "network"


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
NAMES = ["type", "message", "index", "content_block", "delta", "usage", "content", "stop_reason", "error", "text", "input", "stop_details"]  # fmt: skip
TYPES = ["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "error", "text", "tool_use", "text_delta", "input_json_delta"]  # fmt: skip
likely = st.recursive(
    st.one_of(st.sampled_from(TYPES), st.integers(-1, 2), json_values),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@given(events=st.lists(st.one_of(likely, json_values), max_size=8))
@settings(max_examples=300, deadline=None)
def test_nonsense_is_a_fault_and_never_a_crash(events: list[Any]) -> None:
    reader = StreamReader()
    with suppress(CallError):
        for event in events:
            if isinstance(event, dict):
                reader.feed(event)
        reader.finish()
    for event in events:
        with suppress(CallError):
            read_answer(event)


def test_what_the_protocol_may_yet_add_is_passed_over(
    server: AnthropicServer, http: httpx2.Client
) -> None:
    server.script([Step(answer=RICH)])
    events = streamed(http, server)
    complete, _ = read(events)
    news: list[dict[str, Any]] = [
        {"type": "news", "what": 1},
        {"type": "content_block_start", "index": 90, "content_block": {"type": "hologram"}},
        {"type": "content_block_delta", "index": 90, "delta": {"type": "light_delta"}},
        {},
    ]
    assert read([events[0], *news, *events[1:]])[0] == complete
