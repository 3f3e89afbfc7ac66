"""Every format, out and in again: whatever does not come back was named as a loss."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from format_samples import FILES, PLAIN_VALUES, TEXTS, WORDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops.format import dump, parse
from promptops.format.convert import (
    BadOption,
    CannotConvert,
    Outgoing,
    Written,
    converters,
    read,
    write,
)
from promptops.format.convert.templates import from_ours
from promptops.format.model import PromptFile

DATA = Path(__file__).parents[4] / "shared" / "data"
NAMES = sorted(converters())
READ_OPTIONS: dict[str, dict[str, Any]] = {
    "csv": {"name_column": "name", "text_column": "text"},
}

VARIABLES = st.sampled_from(["{{ claim }}", "{{name}}", "{{ user.name }}", "{{ order-id }}"])
BRACES = st.sampled_from(
    [
        *(
            "{{Your Name}}",
            '{{ "{{" }}',
            "{",
            "}}",
            "{{",
            "{%",
            "{# x #}",
            "\\",
            "{{#if a}}",
            "{{{",
        ),
        *("\nuser:\n", "\n\n---\n\n", '{{role "user"}}', "{{history}}", "file://x", "[", "@@@"),
    ]
)
CONTENT = (
    st.lists(TEXTS | VARIABLES | BRACES, min_size=1, max_size=4)
    .map("".join)
    .filter(lambda text: bool(text.strip()) and "{{>" not in text)
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant", "developer", "tool"]),
            "content": CONTENT | CONTENT.map(lambda text: [{"type": "text", "text": text}]),
        },
        optional={"name": WORDS},
    )
    | st.sampled_from([{"placeholder": "history"}, {"placeholder": "talk"}]),
    min_size=1,
    max_size=3,
)
SCHEMAS = st.fixed_dictionaries(
    {"name": st.sampled_from(["output", "response", "x"])},
    optional={"strict": st.booleans()},
).map(
    lambda head: {
        **head,
        "schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    }
)
TOOLS = st.sampled_from(
    [
        {"name": "look", "description": "d", "parameters": {"type": "object", "properties": {}}},
        {"name": "go", "strict": True, "parameters": {"type": "object", "properties": {"x": {}}}},
    ]
)
EVALUATORS = st.fixed_dictionaries(
    {},
    optional={
        "name": WORDS,
        "string": st.dictionaries(
            st.sampled_from(["contains", "equals", "startsWith", "endsWith"]), TEXTS, max_size=2
        ),
        "uses": WORDS,
        "weight": st.integers(0, 3),
    },
)
MORE = st.fixed_dictionaries(
    {"messages": MESSAGES},
    optional={
        "tools": st.lists(TOOLS, max_size=1),
        "evaluators": st.lists(EVALUATORS, max_size=2),
        "tags": st.lists(TEXTS.filter(lambda t: bool(t.strip())), max_size=2),
        "retrieval": st.dictionaries(WORDS, PLAIN_VALUES, max_size=1),
        "record": st.dictionaries(WORDS, PLAIN_VALUES, max_size=2),
        "ours": PLAIN_VALUES,
        "modelParameters": st.fixed_dictionaries(
            {},
            optional={
                "temperature": st.floats(0, 2),
                "maxTokens": st.integers(1, 9),
                "maxOutputTokens": st.integers(1, 9),
                "max_tokens": st.integers(1, 9),
                "stop": st.just("x"),
                "own": PLAIN_VALUES.filter(lambda v: v is not None),
            },
        ),
    },
)
INPUTS = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXTS,
        "required": st.booleans(),
        "trust": st.sampled_from(["trusted", "untrusted"]),
        "pii": st.sampled_from([True, "name", ["name"]]),
    },
)


@st.composite
def outgoing(draw: st.DrawFn) -> Outgoing:
    data = {**draw(FILES), **draw(MORE)}
    if draw(st.booleans()):
        data["responseFormat"], data["jsonSchema"] = "json_schema", draw(SCHEMAS)
    bare = parse(dump(data)).file
    if bare is None:  # only ever because texts of parts, tools or tags are blank
        data["messages"] = [{"role": "user", "content": "x"}]
        bare = parse(dump(data)).file
    assert bare is not None, parse(dump(data)).errors
    if draw(st.booleans()):
        data["inputs"] = {
            name: {**draw(INPUTS), "type": item.type} for name, item in bare.inputs.items()
        }
        if draw(st.booleans()):
            data["inputs"]["more"] = {"type": "number", "default": 1.5}
    text = dump(data)
    file = parse(text).file
    assert file is not None, parse(text).errors
    path = draw(st.sampled_from(["triage", "claims/triage", "claims/triage.short"]))
    return Outgoing(path, file, text)


def there_and_back(name: str, written: Written) -> list[tuple[str, PromptFile]]:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in written.files:
            place = Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        one = name in ("csv", "langfuse", "mlflow") and written.files
        source = Path(folder) / written.files[0][0] if one else Path(folder)
        options = dict(READ_OPTIONS.get(name, {}))
        if name == "csv":
            header = written.files[0][1].partition("\r\n")[0].split(",")
            options |= {"description_column": "description"} if "description" in header else {}
            options |= {"tags_columns": ["tags"]} if "tags" in header else {}
        found = read(name, source, options)
        assert len(found.prompts) == len(written.files), found.losses
        files = []
        for prompt in found.prompts:
            file = parse(prompt.text).file
            assert file is not None
            files.append((prompt.name, file))
        return files


def said(file: PromptFile) -> dict[str, Any]:
    """What a file says, by key: texts as what they mean, so that `{{a}}` is `{{ a }}`."""
    told = {key: value for key, value in file.data.items() if value is not None}
    told["messages"] = [_message(message.to_json(), file.template) for message in file.messages]
    told.pop("template", None)
    if not file.parameters:
        told.pop("modelParameters", None)
    if file.inputs_declared:
        told["inputs"] = {
            name: {
                "type": item.type,
                "description": item.description,
                "required": item.required,
                "default": item.default,
                "trust": item.trust,
                "pii": item.pii,
            }
            for name, item in file.inputs.items()
        }
    if file.json_schema is not None:
        told["jsonSchema"] = dict(file.json_schema)
    if file.tools:
        told["tools"] = [tool.to_json() for tool in file.tools]
    if "tags" in told:
        told["tags"] = list(file.tags)
        if not file.tags:
            del told["tags"]
    return told


def _message(message: Mapping[str, Any], template: str) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": from_ours(content, template)}
    return dict(message)


def without(told: dict[str, Any], keys: list[tuple[str | int, ...]]) -> dict[str, Any]:
    """What is left when the named losses are taken out."""
    left = dict(told)
    for key in keys:
        first, rest = str(key[0]), key[1:]
        here = left.get(first)
        if rest and isinstance(here, dict):
            left[first] = without(here, [rest])
        elif rest and isinstance(here, list) and len(rest) == 2 and first == "messages":
            left[first] = [
                {k: v for k, v in item.items() if k != rest[1]} if at == rest[0] else item
                for at, item in enumerate(here)
            ]
        else:
            left.pop(first, None)
    return left


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(prompt=outgoing())
def test_what_does_not_come_back_was_named(name: str, prompt: Outgoing) -> None:
    written = write(name, [prompt])
    assert all(loss.where == prompt.name for loss in written.losses)
    if not written.files:
        assert any(not loss.key for loss in written.losses)
        return
    [(path, back)] = there_and_back(name, written)
    whole = [loss for loss in written.losses if not loss.key]
    assert path == prompt.name or whole
    keys = [loss.key for loss in written.losses if loss.key]
    want, got = without(said(prompt.file), keys), without(said(back), keys)
    if "modelParameters" in want:  # one that is renamed comes back under another name
        parameters = got.get("modelParameters") or {}
        got["modelParameters"] = {k: parameters.get(k) for k in want["modelParameters"]}
    assert {key: got.get(key) for key in want} == want


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(
    source=st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | PLAIN_VALUES.map(lambda value: str(value).encode())
    | st.dictionaries(
        st.sampled_from(
            [
                *("name", "prompts", "template", "prompt", "model", "inputs", "input", "config"),
                *("messages", "tests", "providers", "defaultTest", "metadata", "tools", "outputs"),
                *("output", "tags", "promptops", "sample", "model_config", "response_format"),
            ]
        ),
        PLAIN_VALUES,
        max_size=6,
    ).map(lambda value: json.dumps(value).encode())
)
def test_arbitrary_bytes_are_converted_or_refused(name: str, source: bytes) -> None:
    for text in (source, b"---\n" + source + b"\n---\nuser:\n{{ x }}\n", b"[" + source + b"]"):
        try:
            found = read(name, text)
        except (CannotConvert, BadOption):
            continue
        for prompt in found.prompts:
            assert parse(prompt.text).file is not None


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_of_writing_is_named(name: str) -> None:
    with pytest.raises(BadOption, match="surely-not-an-option"):
        write(name, [], {"surely-not-an-option": 1})


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of real prompts is not here")
def test_real_prompty_files_arrive() -> None:
    found = read("prompty", DATA / "prompty")
    assert len(found.prompts) == 7
    files = {p.name: parse(p.text).file for p in found.prompts}
    threaded = files["threaded"]
    assert threaded is not None
    assert [m.to_json().get("placeholder") for m in threaded.messages] == [
        *(None, "conversation", None)
    ]
    assert any("apiKey" in note for p in found.prompts for note in p.notes)
    assert not any("AZURE" in p.text for p in found.prompts)
    tools = files["tools_function"]
    assert tools is not None
    assert [tool.name for tool in tools.tools] == ["get_current_weather", "create_a_picture"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of real prompts is not here")
def test_real_github_files_go_out_unchanged() -> None:
    found = read("github", DATA / "github-prompt-files")
    assert len(found.prompts) == 4
    for prompt in found.prompts:
        file = parse(prompt.text).file
        assert file is not None
        written = write("github", [Outgoing(prompt.name, file, prompt.text, prompt.extension)])
        assert written.files == ((prompt.name + prompt.extension, prompt.text),)
        assert written.losses == ()
