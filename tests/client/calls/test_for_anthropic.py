"""What `for_anthropic` gives is what the Anthropic SDK takes and sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from pydantic import TypeAdapter

from promptops import CannotExpress, Prompt
from promptops.compose import compose

if TYPE_CHECKING:
    from conftest import Provider

TOOL = {
    "name": "look_up",
    "description": "Looks a claim up",
    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
}


def prompt(**members: Any) -> Prompt:
    content = {
        "model": "claude-sonnet-5",
        "messages": [
            {"role": "system", "content": "You sort claims."},
            {"role": "user", "content": "Claim: {{ claim }}"},
        ],
        **members,
    }
    return compose(content, project="bank", path="claims/triage", environment="production")


def sent(provider: Provider, call: dict[str, Any]) -> dict[str, Any]:
    """What the real SDK puts on the wire, after its own request type has accepted the call."""
    typed = {k: v for k, v in call.items() if k not in ("extra_body", "stream")}
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(typed, strict=False)
    client = anthropic.Anthropic(base_url=provider.url, api_key="k", max_retries=0)
    answer = client.messages.create(**call)
    assert answer.content[0].type == "text"
    body: dict[str, Any] = provider.bodies[-1]
    return body


def test_the_system_message_is_lifted_out_and_a_limit_is_always_given(provider: Provider) -> None:
    assert sent(provider, prompt().for_anthropic({"claim": "a dent"})) == {
        "model": "claude-sonnet-5",
        "max_tokens": 1024,
        "system": "You sort claims.",
        "messages": [{"role": "user", "content": "Claim: a dent"}],
    }


def test_the_limit_is_the_argument_else_the_prompts() -> None:
    limited = prompt(modelParameters={"maxTokens": 50})
    assert limited.for_anthropic({"claim": "x"})["max_tokens"] == 50
    assert limited.for_anthropic({"claim": "x"}, max_tokens=7)["max_tokens"] == 7


def test_several_system_messages_keep_their_order(provider: Provider) -> None:
    call = prompt(
        messages=[
            {"role": "system", "content": "First."},
            {"role": "developer", "content": "Second."},
            {"role": "user", "content": "Hello"},
            {"role": "system", "content": "In between."},
            {"role": "user", "content": "Go on"},
        ]
    ).for_anthropic()
    body = sent(provider, call)
    assert body["system"] == [
        {"type": "text", "text": "First."},
        {"type": "text", "text": "Second."},
    ]
    assert [(m["role"], m["content"]) for m in body["messages"]] == [
        ("user", "Hello"),
        ("system", "In between."),
        ("user", "Go on"),
    ]


def test_neighbours_of_one_role_become_one_message(provider: Provider) -> None:
    call = prompt(
        messages=[
            {"role": "user", "content": "One"},
            {"role": "user", "content": "Two"},
            {"role": "assistant", "content": "Three"},
            {"role": "user", "content": "Four"},
        ]
    ).for_anthropic()
    body = sent(provider, call)
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": t} for t in ("One", "Two")]},
        {"role": "assistant", "content": "Three"},
        {"role": "user", "content": "Four"},
    ]


def test_parameters_arrive_also_those_the_sdk_has_no_argument_for(provider: Provider) -> None:
    call = prompt(
        modelParameters={
            "temperature": 0.2,
            "topP": 0.9,
            "topK": 5,
            "stop": "END",
            "reasoningEffort": "high",
            "n": 1,
        }
    ).for_anthropic({"claim": "x"}, top_k=6)
    body = sent(provider, call)
    assert (body["temperature"], body["top_p"], body["top_k"]) == (0.2, 0.9, 6)
    assert body["stop_sequences"] == ["END"]
    assert body["output_config"] == {"effort": "high"}
    assert "n" not in body


def test_tools_and_their_choice(provider: Provider) -> None:
    call = prompt(tools=[TOOL], modelParameters={"toolChoice": "required"}).for_anthropic(
        {"claim": "x"}
    )
    body = sent(provider, call)
    assert body["tools"] == [
        {
            "name": "look_up",
            "description": "Looks a claim up",
            "input_schema": TOOL["parameters"],
        }
    ]
    assert body["tool_choice"] == {"type": "any"}


def test_a_tools_answer_in_the_history_is_the_users(provider: Provider) -> None:
    call_ = {"id": "t1", "type": "function", "function": {"name": "look_up", "arguments": '{"id": "7"}'}}  # fmt: skip
    history = [
        {"role": "user", "content": "Where is 7?"},
        {"role": "assistant", "content": "Let me see", "tool_calls": [call_]},
        {"role": "tool", "tool_call_id": "t1", "content": "in Berne"},
    ]
    call = prompt(
        tools=[TOOL], messages=[{"placeholder": "history"}, {"role": "user", "content": "So?"}]
    ).for_anthropic({"history": history})
    body = sent(provider, call)
    assert body["messages"] == [
        {"role": "user", "content": "Where is 7?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see"},
                {"type": "tool_use", "id": "t1", "name": "look_up", "input": {"id": "7"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "in Berne"},
                {"type": "text", "text": "So?"},
            ],
        },
    ]


def test_images_and_files(provider: Provider) -> None:
    parts = [
        {"type": "text", "text": "See", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"}},
        {"type": "file", "file": {"url": "https://x.test/b.pdf"}},
        {"type": "file", "file": {"file_id": "file_1"}},
    ]  # fmt: skip
    call = prompt(messages=[{"role": "user", "content": parts}]).for_anthropic()
    body = sent(provider, call)
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "See", "cache_control": {"type": "ephemeral"}},
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {
            "type": "document",
            "title": "a.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"},
        },
        {"type": "document", "source": {"type": "url", "url": "https://x.test/b.pdf"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
    ]


def test_a_schema_for_the_answer(provider: Provider) -> None:
    schema = {"type": "object", "properties": {"team": {"type": "string"}}}
    call = prompt(
        responseFormat="json_schema", jsonSchema={"name": "answer", "schema": schema}
    ).for_anthropic({"claim": "x"})
    body = sent(provider, call)
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": schema}}


def image(url: str, **more: str) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": url, **more}}
    return {"messages": [{"role": "user", "content": [part]}]}


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"modelParameters": {"seed": 7}}, "the parameter seed"),
        ({"modelParameters": {"frequencyPenalty": 1}}, "the parameter frequencyPenalty"),
        ({"modelParameters": {"n": 2}}, "the parameter n"),
        ({"modelParameters": {"temperature": 1.5}}, r"temperature 1\.5"),
        ({"modelParameters": {"reasoningEffort": "minimal"}}, "the parameter reasoningEffort"),
        ({"modelParameters": {"toolChoice": "sometimes"}}, "toolChoice 'sometimes'"),
        ({"responseFormat": "json_object"}, "json_object"),
        ({"messages": [{"role": "system", "content": "Only this"}]}, "without any user message"),
        (
            {"messages": [{"role": "user", "name": "Ann", "content": "Hi"}]},
            r"messages\[0\]\.name",
        ),
        (image("ftp://x.test/a.png"), "ftp"),
        (image("https://x.test/a.png", detail="high"), r"content\[0\]\.image_url\.detail.*leave it out"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "file", "file": {"file_data": "data:text/csv;base64,AA"}}],
                    }
                ]
            },
            "text/csv",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_by_name(members: dict[str, Any], named: str) -> None:
    given = {} if "messages" in members else {"claim": "x"}
    with pytest.raises(CannotExpress, match=named) as caught:
        prompt(**members).for_anthropic(given)
    assert "bank/claims/triage" in str(caught.value)


def test_a_variant_that_sets_it_to_null_makes_it_sayable() -> None:
    made = prompt(
        modelParameters={"seed": 7}, variants={"claude": {"modelParameters": {"seed": None}}}
    )
    assert "seed" not in str(made.for_anthropic({"claim": "x"}, model="claude"))
