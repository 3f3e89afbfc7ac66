"""Requests changed for a model: what each contract does, and what holds for all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.adapt import adapt
from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.catalogue.entry import Entry
from promptops_server.providers.resolve import resolve

CATALOGUE = Catalogue()

USER = {"role": "user", "content": "Sort it."}


def ask(*messages: dict[str, Any], schema: Any = None, **parameters: Any) -> Ask:
    return Ask(
        name="bank/triage",
        model="m",
        messages=list(messages) or [USER],
        parameters=parameters,
        tools=[],
        response_format="json_schema" if schema is not None else None,
        json_schema={"name": "x", "strict": True, "schema": schema} if schema is not None else None,
    )


def entry(model: str, provider: str | None = None) -> Entry:
    found = CATALOGUE.entry(model, provider)
    assert found is not None
    return found


MODELS = [
    ("gpt-4o", None),
    ("gpt-5", None),
    ("gpt-5.1", None),
    ("o3", "azure"),
    ("claude-opus-4-5", None),
    ("claude-opus-4-6", None),
    ("claude-opus-4-7", None),
    ("claude-opus-5-5", None),
    ("claude-sonnet-5-5", None),
    ("claude-3-5-haiku", "bedrock"),
    ("gemma-2-9b-it", "vllm"),
    ("qwen3-32b", "vllm"),
    ("qwen3-32b", "dashscope"),
    ("qwen-plus", "dashscope"),
    ("llama3.2:3b", "ollama"),
    ("mistral-7b-instruct-v0.3", "vllm"),
]

_contents = st.text(max_size=20) | st.just(
    [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
)
_messages = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "developer", "user", "assistant"]),
            "content": _contents,
        },
        optional={"tool_calls": st.just([{"id": "1", "function": {"name": "f"}}])},
    ),
    max_size=6,
)
_parameters = st.dictionaries(
    st.sampled_from(
        [
            *("temperature", "topP", "top_p", "topK", "maxTokens", "max_tokens", "stop", "seed"),
            *("reasoningEffort", "reasoning_effort", "toolChoice", "enableThinking", "logprobs"),
            *("enable_thinking", "presencePenalty", "max_completion_tokens", "frequency_penalty"),
        ]
    ),
    st.sampled_from([0, 1, 0.2, "none", "high", "required", "auto", True, False, None, 300]),
    max_size=5,
) | st.fixed_dictionaries(
    {
        "thinking": st.sampled_from(
            [
                {"type": "enabled", "budget_tokens": 2048},
                {"type": "adaptive"},
                {"type": "disabled"},
                "on",
                {},
            ]
        ),
        "temperature": st.sampled_from([0, 1]),
    },
    optional={"chat_template_kwargs": st.just({"x": 1}), "top_k": st.just(3)},
)
_schemas = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer", "object"])})
    | st.just({"type": "array", "minItems": 2, "items": {"type": "number", "maximum": 3}}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(["if", "minimum", "a"]), inner, max_size=3)},
        optional={"allOf": st.lists(inner, max_size=2), "if": inner, "minLength": st.integers(0, 3)},
    ),
    max_leaves=5,
)  # fmt: skip
_asks = st.builds(
    lambda messages, parameters, schema: ask(*messages, schema=schema, **parameters),
    _messages,
    _parameters,
    st.none() | _schemas,
)


@pytest.mark.parametrize(("model", "provider"), MODELS)
@settings(deadline=None, max_examples=60)
@given(asked=_asks)
def test_adapting_is_told_and_done_once(model: str, provider: str | None, asked: Ask) -> None:
    before = json.dumps([asked.messages, asked.parameters, asked.json_schema])
    found = adapt(asked, entry(model, provider))
    assert json.dumps([asked.messages, asked.parameters, asked.json_schema]) == before, "not pure"
    again = adapt(found.ask, entry(model, provider))
    assert again.notes == ()
    assert again.ask == found.ask
    if not found.notes:
        assert found.ask is asked
    else:
        assert found.ask != asked
    if found.ask.parameters != asked.parameters:
        named = {note.parameter for note in found.notes}
        gone = set(asked.parameters) - set(found.ask.parameters)
        assert gone <= named
    for note in found.notes:
        assert note.what and note.source and note.date and note.rule


@settings(deadline=None)
@given(asked=_asks)
def test_without_a_contract_nothing_changes(asked: Ask) -> None:
    for known in (None, Entry("x", "gpt")):
        found = adapt(asked, known)
        assert (found.ask is asked, found.notes) == (True, ())


def parameters(model: str, provider: str | None = None, **given_: Any) -> dict[str, Any]:
    return dict(adapt(ask(**given_), entry(model, provider)).ask.parameters)


def test_reasoning_models_get_no_sampling_and_their_own_limit() -> None:
    assert parameters("gpt-5", temperature=0.2, topP=0.5, maxTokens=9, seed=1) == {
        "max_completion_tokens": 9,
        "seed": 1,
    }
    assert parameters("gpt-5", temperature=1) == {"temperature": 1}
    assert parameters("gpt-5-chat-latest", temperature=0.2) == {"temperature": 0.2}
    assert parameters("gpt-5.1", temperature=0.2) == {"temperature": 0.2}
    assert parameters("gpt-5.1", temperature=0.2, reasoningEffort="none") == {
        "temperature": 0.2,
        "reasoningEffort": "none",
    }
    assert parameters("gpt-5.1", temperature=0.2, reasoningEffort="low") == {
        "reasoningEffort": "low"
    }
    assert parameters("o3", "azure", stop=["x"], maxTokens=5) == {"max_completion_tokens": 5}
    assert parameters("gpt-4o", temperature=0.2, maxTokens=5) == {
        "temperature": 0.2,
        "maxTokens": 5,
    }


def test_claude_loses_what_its_generation_refuses() -> None:
    assert parameters("claude-opus-4-5", temperature=0.2, topP=0.5) == {"temperature": 0.2}
    assert parameters("claude-opus-4-7", temperature=0.2, topP=0.5, topK=3) == {}
    budget = {"type": "enabled", "budget_tokens": 4000}
    assert parameters("claude-opus-4-5", thinking=budget, temperature=0) == {"thinking": budget}
    assert parameters("claude-opus-4-7", thinking=budget) == {"thinking": {"type": "adaptive"}}
    off = {"type": "disabled"}
    assert parameters("claude-opus-4-7", thinking=off) == {"thinking": off}
    assert parameters("claude-opus-5-5", thinking=off) == {}
    assert parameters("claude-sonnet-5-5", thinking=off) == {"thinking": {"type": "between_tools"}}
    assert parameters("claude-sonnet-5-5", toolChoice="required") == {}
    assert parameters("claude-sonnet-5-5", toolChoice="auto") == {"toolChoice": "auto"}


def test_the_beginning_of_an_answer_is_left_out_where_it_is_refused() -> None:
    begun = ask(USER, {"role": "assistant", "content": '{"sort":'})
    kept = adapt(begun, entry("claude-opus-4-5"))
    assert kept.ask is begun
    found = adapt(begun, entry("claude-opus-4-6"))
    assert list(found.ask.messages) == [USER]
    assert [note.rule for note in found.notes] == ["no_prefill"]
    assert '{"sort":' in found.notes[0].what


def test_gemma_gets_no_system_role_and_turns() -> None:
    asked = ask(
        {"role": "system", "content": "Be brief."}, USER, {"role": "user", "content": "Now."}
    )
    found = adapt(asked, entry("gemma2:9b", "ollama"))
    assert list(found.ask.messages) == [
        {"role": "user", "content": "Be brief.\n\nSort it.\n\nNow."}
    ]
    parts = [{"type": "image_url", "image_url": {"url": "data:"}}]
    asked = ask({"role": "developer", "content": "See."}, {"role": "user", "content": parts})
    found = adapt(asked, entry("gemma-2-9b-it", "vllm"))
    assert list(found.ask.messages) == [
        {"role": "user", "content": [{"type": "text", "text": "See."}, *parts]}
    ]


def test_a_developer_message_is_a_system_message_for_open_weights() -> None:
    found = adapt(ask({"role": "developer", "content": "x"}, USER), entry("qwen3-8b", "vllm"))
    assert [m["role"] for m in found.ask.messages] == ["system", "user"]


def test_qwen3_is_told_whether_to_think_the_way_its_host_asks() -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    assert parameters("qwen3-32b", "vllm", reasoningEffort="none") == off
    assert parameters("qwen3-32b", "vllm", thinking={"type": "disabled"}) == off
    assert parameters("qwen3-32b", "vllm", enableThinking=False) == off
    assert parameters("qwen3-32b", "vllm", temperature=0) == {"temperature": 0}
    assert parameters("qwen3-32b", "dashscope", reasoningEffort="high") == {"enable_thinking": True}
    assert parameters("qwen3-32b", "dashscope") == {"enable_thinking": False}
    assert parameters("qwen-plus", "dashscope") == {}
    assert parameters("qwen3-32b", "groq", reasoningEffort="none") == {"reasoningEffort": "none"}


def test_keywords_of_a_schema_are_left_out_but_not_names_that_look_like_them() -> None:
    schema = {
        "type": "object",
        "properties": {
            "minimum": {"type": "integer", "minimum": 3},
            "list": {"type": "array", "minItems": 1, "maxItems": 4, "items": {"type": "string"}},
        },
        "required": ["minimum"],
    }
    found = adapt(ask(schema=schema), entry("claude-opus-4-7"))
    assert found.ask.json_schema is not None
    assert found.ask.json_schema["schema"] == {
        "type": "object",
        "properties": {
            "minimum": {"type": "integer"},
            "list": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        },
        "required": ["minimum"],
        "additionalProperties": False,
    }
    assert {note.parameter for note in found.notes} == {
        "jsonSchema.schema.properties.minimum.minimum",
        "jsonSchema.schema.properties.list.maxItems",
        "jsonSchema.schema",
    }


def test_the_resolved_request_is_the_body_on_the_wire() -> None:
    found = resolve(
        ask({"role": "system", "content": "Be brief."}, USER, maxTokens=100, temperature=0.2),
        entry("claude-opus-4-7"),
    )
    assert found.request == {
        "model": "m",
        "max_tokens": 100,
        "messages": [USER],
        "system": "Be brief.",
    }
    assert [note.parameter for note in found.notes] == ["temperature"]
    assert not found.tokens.exact
    assert found.most is not None and found.most >= 100 * 25
    refused = resolve(ask(USER, seed=3), entry("claude-opus-4-7"))
    assert refused.request is None and "seed" in refused.refused and refused.most is None
    plain = resolve(ask(USER, enable_thinking=False), entry("qwen3-8b", "dashscope"))
    assert plain.request is not None and plain.request["enable_thinking"] is False
    assert plain.most is None
