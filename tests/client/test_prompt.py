"""A prompt as an application uses it."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from promptops import (
    InvalidArtifact,
    Prompt,
    PromptOpsError,
    RenderError,
    UnknownInput,
    WrongInputType,
)
from promptops.compose import compose
from promptops.delivery.header import digest_of

FILE = {
    "model": "gpt-5-mini",
    "modelParameters": {"temperature": 0.2, "stop": ["END"]},
    "messages": [
        {"role": "system", "content": "You are {{ model }}."},
        {"role": "user", "content": "{{ claim }}"},
    ],
    "variants": {"claude": {"messages": [{"role": "user", "content": "{{ model }}: {{ claim }}"}]}},
    "tools": [{"name": "f", "description": "d", "parameters": {"type": "object"}}],
    "responseFormat": "json_object",
}


def prompt() -> Prompt:
    return compose(
        FILE, project="bank", path="claims/triage", environment="production", version=7, release=42
    )


def test_members_are_those_of_the_artifact() -> None:
    made = prompt()
    assert (made.address, made.project, made.path) == (
        "bank/claims/triage", "bank", "claims/triage",
    )  # fmt: skip
    assert (made.version, made.release, made.environment) == (7, 42, "production")
    assert made.model == "gpt-5-mini"
    assert made.parameters == {"temperature": 0.2, "stop": ["END"]}
    assert [message["role"] for message in made.messages] == ["system", "user"]
    assert made.tools[0]["name"] == "f"
    assert made.response_format == "json_object"
    assert made.json_schema is None
    assert set(made.inputs) == {"model", "claim"}
    assert made.requires == ()
    assert made.retrieval is None
    assert made.behaviour.startswith("sha256:")
    assert made.digest == digest_of(made.artifact)
    assert repr(made) == "<Prompt bank/claims/triage@7 in production, release 42>"


def test_a_variable_called_model_goes_through_the_mapping() -> None:
    made = prompt()
    assert made.render({"claim": "x", "model": "helpful"})[0]["content"] == "You are helpful."
    assert made.render({"claim": "x", "model": "m"}, model="claude") == [
        {"role": "user", "content": "m: x"}
    ]


def test_keywords_and_a_mapping_go_together_but_not_twice() -> None:
    made = prompt()
    assert made.render({"model": "m"}, claim="x")[1]["content"] == "x"
    with pytest.raises(TypeError, match="claim"):
        made.render({"model": "m", "claim": "x"}, claim="x")


def test_values_are_never_expanded_again() -> None:
    rendered = prompt().render({"model": "{{ claim }}", "claim": "{{ model }}"})
    assert [m["content"] for m in rendered] == ["You are {{ claim }}.", "{{ model }}"]


def test_a_missing_or_unknown_input_is_an_error_naming_it() -> None:
    with pytest.raises(RenderError, match="claim") as caught:
        prompt().render({"model": "m"})
    assert isinstance(caught.value, PromptOpsError)
    assert caught.value.code == "missing-input"
    with pytest.raises(UnknownInput, match="clame"):
        prompt().render({"model": "m", "claim": "x", "clame": "y"})


def test_what_is_handed_out_can_be_changed_without_changing_the_prompt() -> None:
    made = prompt()
    made.parameters["stop"].append("x")
    made.messages[0]["content"] = "changed"
    made.inputs.clear()
    made.tools[0]["parameters"]["type"] = "string"
    made.render({"model": "m", "claim": "x"})[0]["content"] = "changed"
    assert made.parameters["stop"] == ["END"]
    assert made.messages[0]["content"] == "You are {{ model }}."
    assert made.tools[0]["parameters"] == {"type": "object"}
    assert made.render({"model": "m", "claim": "x"})[0]["content"] == "You are m."


def test_an_artifact_is_read_when_first_asked_and_refused_by_name() -> None:
    broken = Prompt("{", environment="e", release=1, digest="")
    with pytest.raises(InvalidArtifact, match="JSON"):
        _ = broken.version
    other = Prompt("[]", environment="e", release=1, digest="")
    with pytest.raises(InvalidArtifact, match="project"):
        _ = other.version


def test_a_prompt_may_be_composed_of_a_text_messages_a_file_or_an_artifact() -> None:
    def of(content: object) -> Prompt:
        return compose(content, project="p", path="a/b", environment="e")  # type: ignore[arg-type]

    assert of("Hi {{ you }}").render(you="Ann") == [{"role": "user", "content": "Hi Ann"}]
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    assert of(messages).render() == messages
    assert of({"messages": messages, "model": "m"}).model == "m"
    artifact = json.loads(prompt().artifact)
    assert of(artifact).version == 7
    assert of("x") is of("x")  # compiled once


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"messages": []}, "messages"),
        ([{"role": "nobody", "content": "x"}], "role"),
        ({"messages": [{"role": "user", "content": object()}]}, "not JSON"),
        (5, "is a int: give a text"),
        (b"x", "is a bytes: give a text"),
        ([1], "is a list: give a text"),
        ({"model": "x"}, "is not a prompt: the file has no messages"),
    ],
)
def test_content_that_is_no_prompt_is_refused_naming_what(content: object, words: str) -> None:
    with pytest.raises(InvalidArtifact, match=words):
        compose(content, project="p", path="a/b", environment="e")  # type: ignore[arg-type]


@pytest.mark.parametrize("inputs", ["Hail", ["claim"], 5])
def test_inputs_that_are_no_mapping_are_refused_as_such(inputs: Any) -> None:
    one = compose("Sort: {{ claim }}", project="bank", path="a/b", environment="production")
    with pytest.raises(TypeError, match="mapping of names to values"):
        one.render(inputs)
    with pytest.raises(TypeError, match="model is a text"):
        one.render({"claim": "Hail"}, model=5)  # type: ignore[arg-type]


def test_an_integer_too_long_to_be_written_is_refused_by_name() -> None:
    content = {
        "inputs": {"n": {"type": "integer"}},
        "messages": [{"role": "user", "content": "{{ n }}"}],
    }
    one = compose(content, project="bank", path="a/b", environment="production")
    with pytest.raises(WrongInputType, match="'n' is not a JSON value"):
        one.render({"n": 10**6000})


def test_a_prompt_can_be_passed_to_another_process_also_after_it_was_rendered() -> None:
    one = compose("Sort: {{ claim }}", project="bank", path="a/b", environment="production")
    said = one.render(claim="Hail")
    again = pickle.loads(pickle.dumps(one))
    assert again.render(claim="Hail") == said
    assert (again.digest, again.environment, again.release) == (
        one.digest,
        one.environment,
        one.release,
    )


class Said:
    def model_dump(self) -> None: ...


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Said(), r"h\[0\] is a Said, not a mapping; pass what its model_dump\(\) gives"),
        ("Hello", r"h\[0\] is a str, not a mapping"),
        ({"role": "user"}, r"h\[0\] \(user\) has no content"),
        ({"role": "tool", "content": None}, r"h\[0\] \(tool\) has no content"),
        ({"role": ["user"], "content": "x"}, r"h\[0\]\.role"),
    ],
)
def test_a_message_that_is_none_is_refused_by_name(message: object, words: str) -> None:
    content = [{"placeholder": "h"}, {"role": "user", "content": "Go on"}]
    one = compose(content, project="bank", path="a/b", environment="production")
    with pytest.raises(WrongInputType, match=words):
        one.render({"h": [message]})
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    assert one.render({"h": [said]})[0] == said
