"""Bodies of the OpenAI-compatible protocol, and answers in the dialects endpoints speak."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.calls.ask import Ask
from promptops_server.providers.model import CallError, Delta, Reply, ToolCall, Usage
from promptops_server.providers.wire.openai_chat import StreamReader, body_of, read_answer

ASK = Ask(
    name="bank/greet",
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "Hi"}],
    parameters={},
    tools=[],
    response_format=None,
    json_schema=None,
)


def answer(message: dict[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A whole answer with this message."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c1", "model": "gpt-4o-mini-2024-07-18", "choices": [choice], **more}


def streamed(*deltas: dict[str, Any], finish: str | None = "stop", **more: Any) -> Reply:
    """The answer out of a stream with these deltas; `more` is in a last chunk without choices."""
    reader = StreamReader()
    for delta in deltas:
        reader.feed({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta}]})
    reader.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    reader.feed({"choices": [], **more})
    return reader.finish()


def test_a_body_has_all_the_prompt_says() -> None:
    schema = {"name": "x", "schema": {"type": "object"}, "strict": True}
    ask = replace(
        ASK,
        parameters={"temperature": 0, "maxTokens": 9, "reasoning_effort": "low", "top_k": 3},
        tools=[{"name": "look", "description": "Looks", "parameters": {"type": "object"}}],
        response_format="json_schema",
        json_schema=schema,
    )
    assert body_of(ask, stream=False) == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0,
        "max_completion_tokens": 9,
        "reasoning_effort": "low",
        "top_k": 3,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "look",
                    "description": "Looks",
                    "parameters": {"type": "object"},
                },
            }
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def test_whether_it_streams_is_the_callers_choice_and_usage_is_asked_for() -> None:
    ask = replace(ASK, parameters={"stream": True, "stream_options": {}})
    assert "stream" not in body_of(ask, stream=False)
    assert body_of(ASK, stream=True)["stream_options"] == {"include_usage": True}


def test_a_parameter_of_an_unlucky_name_replaces_nothing() -> None:
    body = body_of(replace(ASK, parameters={"model": "dear", "messages": []}), stream=False)
    assert body["model"] == "gpt-4o-mini"
    assert body["messages"]


def test_reads_a_whole_answer() -> None:
    document = answer(
        {"content": "Hello"},
        system_fingerprint="fp",
        usage={
            "prompt_tokens": 10,
            "completion_tokens": 20,
            "total_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 12},
        },
    )
    assert read_answer(document) == Reply(
        text="Hello",
        stop="stop",
        stop_said="stop",
        usage=Usage(input=10, output=20, cached=4, reasoning=12),
        model="gpt-4o-mini-2024-07-18",
        id="c1",
        fingerprint="fp",
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 8}, Usage(9, 2, 8)),
        ({"prompt_tokens": 9, "completion_tokens": 2, "cached_tokens": 7}, Usage(9, 2, 7)),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 5}},
            Usage(9, 2, 0, 5),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 18, "completion_tokens_details": {"reasoning_tokens": 7}},
            Usage(9, 9, reasoning=7),
        ),
        ({"prompt_tokens": "9", "completion_tokens": -1, "prompt_tokens_details": None}, Usage()),
        (None, Usage()),
    ],
    ids=["DeepSeek", "Moonshot", "OpenRouter", "xAI", "nonsense", "none"],
)  # fmt: skip
def test_counts_tokens_wherever_they_are_said(usage: Any, expected: Usage) -> None:
    assert read_answer(answer({"content": "x"}, usage=usage)).usage == expected
    assert streamed({"content": "x"}, usage=usage).usage == expected


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reads_reasoning_apart_from_the_text(field: str) -> None:
    whole = read_answer(answer({"content": "42", field: "Let me think"}))
    assert (whole.text, whole.reasoning) == ("42", "Let me think")
    reader = StreamReader()
    delta = {field: "Let ", "content": None}
    assert reader.feed({"choices": [{"index": 0, "delta": delta}]}) == (Delta(reasoning="Let "),)
    assert streamed(delta, {field: "me"}, {"content": "42"}).reasoning == "Let me"


def test_reads_content_in_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "42"},
    ]
    whole = read_answer(answer({"content": parts}))
    assert (whole.text, whole.reasoning) == ("42", "hm")


def test_a_refusal_is_one_whatever_the_finish_reason() -> None:
    whole = read_answer(answer({"content": None, "refusal": "I can't."}))
    assert (whole.stop, whole.refusal, whole.text) == ("refusal", "I can't.", "")
    assert streamed({"refusal": "I "}, {"refusal": "can't."}).refusal == "I can't."


@pytest.mark.parametrize(
    ("said", "stop"),
    [("stop", "stop"), ("eos", "stop"), ("length", "length"), ("model_length", "length"), ("content_filter", "filtered"), ("abort", "other")],
)  # fmt: skip
def test_says_why_it_ended(said: str, stop: str) -> None:
    whole = read_answer(answer({"content": "x"}, said))
    assert (whole.stop, whole.stop_said) == (stop, said)


def test_reads_tool_calls_also_where_the_endpoint_says_stop() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"x":1}'}}
    whole = read_answer(answer({"content": None, "tool_calls": [call]}, "stop"))
    assert whole.stop == "tool_calls"
    assert whole.tool_calls == (ToolCall("a", "look", '{"x":1}'),)


def test_reads_arguments_given_as_an_object_and_the_old_form() -> None:
    call = {"id": "a", "function": {"name": "look", "arguments": {"x": 1}}}
    assert json.loads(read_answer(answer({"tool_calls": [call]})).tool_calls[0].arguments) == {
        "x": 1
    }
    old = read_answer(
        answer({"function_call": {"name": "look", "arguments": "{}"}}, "function_call")
    )
    assert (old.tool_calls, old.stop) == ((ToolCall("", "look", "{}"),), "tool_calls")


CALLS = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=4), st.text(max_size=12)), min_size=1, max_size=4
)


@given(CALLS, st.sampled_from(["numbered", "all zero", "no number"]), st.data())
def test_puts_tool_calls_together_from_any_fragments(
    calls: list[tuple[str, str]], numbering: str, data: st.DataObject
) -> None:
    deltas: list[dict[str, Any]] = []
    for n, (name, arguments) in enumerate(calls):
        place = {"numbered": {"index": n}, "all zero": {"index": 0}, "no number": {}}[numbering]
        first = {**place, "id": f"call_{n}", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [first]})
        cut = data.draw(st.integers(0, len(arguments)))
        for piece in (arguments[:cut], arguments[cut:]):
            deltas.append({"tool_calls": [{**place, "function": {"arguments": piece}}]})
    expected = tuple(ToolCall(f"call_{n}", name, text) for n, (name, text) in enumerate(calls))
    assert streamed(*deltas, finish="tool_calls").tool_calls == expected


@given(st.lists(st.text(max_size=10), max_size=6))
def test_deltas_add_up_to_the_text(pieces: list[str]) -> None:
    reader = StreamReader()
    given_out = [
        delta.text
        for piece in pieces
        for delta in reader.feed({"choices": [{"index": 0, "delta": {"content": piece}}]})
    ]
    reader.feed({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    assert "".join(given_out) == "".join(pieces) == reader.finish().text
    assert "" not in given_out


def test_a_stream_without_its_end_is_no_answer() -> None:
    with pytest.raises(CallError) as caught:
        streamed({"content": "Par"}, finish=None)
    assert caught.value.fault == "network"


def test_an_error_in_a_stream_or_a_choice_is_raised() -> None:
    reader = StreamReader()
    with pytest.raises(CallError) as caught:
        reader.feed({"error": {"message": "Overloaded", "code": 503}})
    assert caught.value.fault == "overloaded"
    with pytest.raises(CallError):
        read_answer({"error": {"message": "No", "code": 400}})
    with pytest.raises(CallError):
        read_answer({"choices": [{"message": {}, "error": {"message": "cut", "code": 502}}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "message", "delta", "content", "tool_calls", "function", "usage", "error", "x_groq", "id", "index"]
        ),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_whatever_comes_is_an_answer_or_a_fault(document: Any) -> None:
    with contextlib.suppress(CallError):
        assert isinstance(read_answer(document), Reply)
    if isinstance(document, dict):
        reader = StreamReader()
        with contextlib.suppress(CallError):
            reader.feed(document)
            reader.finish()
