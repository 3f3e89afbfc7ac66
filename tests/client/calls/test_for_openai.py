"""What `for_openai` gives is what the OpenAI SDK takes and sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from promptops import CannotExpress, MissingInput, Prompt
from promptops.compose import compose

if TYPE_CHECKING:
    from conftest import Provider

SCHEMA = {
    "name": "answer",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"team": {"type": "string"}},
        "required": ["team"],
        "additionalProperties": False,
    },
}
TOOL = {
    "name": "look_up",
    "description": "Looks a claim up",
    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
}


def prompt(**members: Any) -> Prompt:
    content = {
        "model": "gpt-5-mini",
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
    TypeAdapter(CompletionCreateParamsNonStreaming).validate_python(typed, strict=False)
    client = openai.OpenAI(base_url=f"{provider.url}/v1", api_key="k", max_retries=0)
    answer = client.chat.completions.create(**call)
    assert answer.choices[0].message.content == "done"
    body: dict[str, Any] = provider.bodies[-1]
    return body


def test_messages_and_model_are_sent_as_rendered(provider: Provider) -> None:
    assert sent(provider, prompt().for_openai({"claim": "a dent"})) == {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": "You sort claims."},
            {"role": "user", "content": "Claim: a dent"},
        ],
    }


def test_every_parameter_arrives_under_the_providers_name(provider: Provider) -> None:
    call = prompt(
        modelParameters={
            "maxTokens": 50,
            "temperature": 0.2,
            "topP": 0.9,
            "stop": ["END"],
            "seed": 7,
            "frequencyPenalty": 0.1,
            "presencePenalty": 0.3,
            "reasoningEffort": "low",
            "topK": 40,
        }
    ).for_openai({"claim": "x"})
    body = sent(provider, call)
    del body["messages"]
    assert body == {
        "model": "gpt-5-mini",
        "max_completion_tokens": 50,
        "temperature": 0.2,
        "top_p": 0.9,
        "stop": ["END"],
        "seed": 7,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.3,
        "reasoning_effort": "low",
        "topK": 40,
    }


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-mini", "max_completion_tokens"),
        ("o3", "max_completion_tokens"),
        ("openai/gpt-4o", "max_completion_tokens"),
        ("llama-3.3-70b", "max_tokens"),
        ("qwen3-8b", "max_tokens"),
        ("our-own-model", "max_tokens"),
    ],
)
def test_the_token_limit_is_named_as_the_model_called_knows_it(model: str, name: str) -> None:
    call = prompt(modelParameters={"maxTokens": 50}).for_openai({"claim": "x"}, model=model)
    assert call[name] == 50
    assert len([key for key in call if key.startswith("max_")]) == 1


def test_tools_become_functions(provider: Provider) -> None:
    body = sent(provider, prompt(tools=[TOOL]).for_openai({"claim": "x"}, tool_choice="auto"))
    assert body["tools"] == [{"type": "function", "function": TOOL}]
    assert body["tool_choice"] == "auto"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"responseFormat": "text"}, {"type": "text"}),
        ({"responseFormat": "json_object"}, {"type": "json_object"}),
        (
            {"responseFormat": "json_schema", "jsonSchema": SCHEMA},
            {"type": "json_schema", "json_schema": SCHEMA},
        ),
    ],
)
def test_the_response_format_is_carried(
    provider: Provider, members: dict[str, Any], expected: dict[str, Any]
) -> None:
    body = sent(provider, prompt(**members).for_openai({"claim": "x"}))
    assert body["response_format"] == expected


def test_images_files_and_history_are_carried(provider: Provider) -> None:
    history = [
        {"role": "assistant", "content": "Which one?"},
        {"role": "user", "content": "This one."},
    ]
    call = prompt(
        messages=[
            {"placeholder": "history"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See {{ claim }}", "cache_control": {"type": "ephemeral"}},
                    {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                ],
            },
        ]
    ).for_openai({"claim": "this", "history": history})  # fmt: skip
    body = sent(provider, call)
    assert body["messages"] == [
        *history,
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See this"},
                {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
                {"type": "file", "file": {"file_id": "file-1"}},
            ],
        },
    ]  # fmt: skip


def test_a_file_by_address_cannot_be_said_and_is_named() -> None:
    asked = prompt(
        messages=[
            {
                "role": "user",
                "content": [{"type": "file", "file": {"url": "https://x.test/a.pdf"}}],
            }
        ]
    )
    with pytest.raises(CannotExpress, match=r"messages\[0\]\.content\[0\]\.file\.url"):
        asked.for_openai()


def test_overrides_replace_whole_arguments(provider: Provider) -> None:
    made = prompt(modelParameters={"maxTokens": 50, "temperature": 0.9})
    body = sent(provider, made.for_openai({"claim": "x"}, temperature=0.0, max_tokens=5, user="u1"))
    assert body["temperature"] == 0.0
    assert body["max_tokens"] == 5
    assert "max_completion_tokens" not in body
    assert body["user"] == "u1"


def variants() -> Prompt:
    return prompt(
        modelParameters={"temperature": 0.5},
        variants={
            "llama": {
                "model": "llama-3.3-70b",
                "modelParameters": {"temperature": 0.1},
                "messages": [{"role": "user", "content": "For llama: {{ claim }}"}],
            },
            "claude": {"messages": [{"role": "user", "content": "For claude: {{ claim }}"}]},
        },
    )


def test_a_family_chooses_the_variant_and_its_own_model() -> None:
    call = variants().for_openai({"claim": "x"}, model="llama")
    assert call["model"] == "llama-3.3-70b"
    assert call["temperature"] == 0.1
    assert call["messages"][0]["content"] == "For llama: x"


def test_a_model_id_chooses_the_variant_of_its_family_and_is_called_itself() -> None:
    call = variants().for_openai({"claim": "x"}, model="meta/llama-3.1-8b")
    assert call["model"] == "meta/llama-3.1-8b"
    assert call["messages"][0]["content"] == "For llama: x"


def test_a_family_without_a_model_of_its_own_is_no_model_id() -> None:
    with pytest.raises(CannotExpress, match="not of the family claude"):
        variants().for_openai({"claim": "x"}, model="claude")


def test_a_prompt_without_a_model_needs_one() -> None:
    bare = compose("Hi", project="p", path="a", environment="e")
    with pytest.raises(CannotExpress, match="names no model"):
        bare.for_openai()
    assert bare.for_openai(model="gpt-5")["model"] == "gpt-5"


def test_a_missing_input_is_named() -> None:
    with pytest.raises(MissingInput, match="claim"):
        prompt().for_openai()


def test_what_is_given_can_be_changed_without_changing_the_prompt() -> None:
    made = prompt(tools=[TOOL], modelParameters={"stop": ["END"]})
    call = made.for_openai({"claim": "x"})
    call["tools"][0]["function"]["parameters"]["properties"].clear()
    call["stop"].append("more")
    call["messages"].clear()
    again = made.for_openai({"claim": "x"})
    assert again["tools"][0]["function"] == TOOL
    assert again["stop"] == ["END"]
    assert len(again["messages"]) == 2
