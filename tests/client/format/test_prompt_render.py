"""Rendering: inputs, variants, single pass, value to text."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import (
    MissingFeature,
    MissingInput,
    Renderer,
    RenderError,
    TemplateFailed,
    UnknownInput,
    UnsupportedTemplate,
    WrongInputType,
    choose_variant,
    compile_artifact,
    family_of,
    jinja2_text,
    parse,
    render,
)


def artifact(text: str) -> dict[str, Any]:
    parsed = parse(textwrap.dedent(text))
    assert parsed.file is not None, [str(p) for p in parsed.problems]
    compiled = compile_artifact(parsed.file, project="p", path="a", version=1, commit="c" * 40)
    value: dict[str, Any] = json.loads(compiled.text)
    return value


def contents(text: str, inputs: dict[str, Any], model: str | None = None) -> list[Any]:
    return [message["content"] for message in render(artifact(text), inputs, model=model)]


TWO = """
    messages:
      - role: system
        content: 100% sure, {{ a }}.
      - role: user
        content: "{{ a }} and {{b}} {{ odd one }}"
"""


def test_variables_are_replaced_in_every_message() -> None:
    assert render(artifact(TWO), {"a": "A", "b": "B"}) == [
        {"role": "system", "content": "100% sure, A."},
        {"role": "user", "content": "A and B {{ odd one }}"},
    ]


VALUES = st.text() | st.sampled_from(
    ["{{ a }}", "{{b}}", "%s", "%(a)s", "{{> x@1 }}", '{{ "x" }}', "\\1"]
)


@given(VALUES, VALUES)
def test_values_are_put_in_as_they_are_and_never_expanded(a: str, b: str) -> None:
    assert contents(TWO, {"a": a, "b": b}) == [f"100% sure, {a}.", f"{a} and {b} {{{{ odd one }}}}"]


class Text(str):
    """A subclass of str, which takes the careful way through the renderer."""


@given(VALUES)
def test_both_ways_through_the_renderer_agree(a: str) -> None:
    assert contents(TWO, {"a": a, "b": ""}) == contents(TWO, {"a": Text(a), "b": Text("")})


def test_each_call_gives_messages_of_its_own() -> None:
    renderer = Renderer(
        artifact(
            "messages: [{role: user, content: hi}, {role: user, content: [{type: text, text: a}]}]"
        )
    )
    first = renderer.render({})
    first[0]["content"] = "changed"
    first[1]["content"][0]["text"] = "changed"
    assert renderer.render({})[0]["content"] == "hi"
    assert renderer.render({})[1]["content"] == [{"type": "text", "text": "a"}]


@pytest.mark.parametrize(
    ("inputs", "error", "name"),
    [
        ({"a": "x"}, MissingInput, "b"),
        ({}, MissingInput, "a"),
        ({"a": "x", "b": None}, MissingInput, "b"),
        ({"a": "x", "b": "y", "c": "z"}, UnknownInput, "c"),
        ({"a": "x", "c": "z"}, UnknownInput, "c"),
        ({"a": "x", "b": 3}, WrongInputType, "b"),
        ({"a": "x", "b": b"y"}, WrongInputType, "b"),
        ({"a": ["x"], "b": "y"}, WrongInputType, "a"),
    ],
)
def test_a_wrong_input_is_refused_by_name(
    inputs: dict[str, Any], error: type[RenderError], name: str
) -> None:
    with pytest.raises(error, match=repr(name)) as caught:
        render(artifact(TWO), inputs)
    assert caught.value.input == name


TYPED = """
    inputs:
      s: {default: none given}
      n: {type: number}
      i: {type: integer, required: false}
      b: {type: boolean}
      l: {type: array}
      o: {type: object}
    messages: [{role: user, content: "{{s}}|{{n}}|{{i}}|{{b}}|{{l}}|{{o}}"}]
"""


def test_values_that_are_no_strings_are_put_in_as_json() -> None:
    inputs = {"n": 1.5, "b": True, "l": ["ä", None, 2], "o": {"k": False}}
    assert contents(TYPED, inputs) == ['none given|1.5||true|["ä", null, 2]|{"k": false}']
    assert contents(TYPED, {**inputs, "s": "x", "n": 2, "i": 7, "l": (1,)}) == [
        'x|2|7|true|[1]|{"k": false}'
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("n", "1"),
            ("n", True),
            ("n", float("nan")),
            ("n", float("inf")),
            ("i", 1.0),
            ("i", True),
        ),
        *(("b", 1), ("b", "true"), ("l", "x"), ("l", {"a": 1}), ("l", [object()]), ("o", [1])),
        *(("o", {"a": {1, 2}}), ("o", "x"), ("s", 3)),
    ],
)
def test_types_are_checked(name: str, value: Any) -> None:
    good = {"n": 1, "b": True, "l": [], "o": {}}
    with pytest.raises(WrongInputType) as caught:
        render(artifact(TYPED), {**good, name: value})
    assert caught.value.input == name


def test_parts_are_filled_and_a_url_becomes_a_mapping() -> None:
    text = """
        messages:
          - role: user
            content:
              - {type: text, text: "See {{ what }}"}
              - {type: image_url, image_url: "https://x/{{ what }}.png"}
              - {type: file, file: {filename: "{{ what }}", file_id: f1}}
    """
    assert contents(text, {"what": "a"}) == [
        [
            {"type": "text", "text": "See a"},
            {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
            {"type": "file", "file": {"filename": "a", "file_id": "f1"}},
        ]
    ]


HISTORY = """
    inputs: {history: {type: array, required: false}, q: }
    messages:
      - {role: system, content: Be kind.}
      - {placeholder: history}
      - {role: user, content: "{{ q }}"}
"""


def test_a_placeholder_takes_messages_and_leaves_their_braces_alone() -> None:
    given_messages = [{"role": "user", "content": "{{ q }}"}, {"role": "assistant", "content": "b"}]
    got = render(artifact(HISTORY), {"history": given_messages, "q": "?"})
    assert got[1:3] == given_messages
    assert got[1] is not given_messages[0]
    assert [m["role"] for m in render(artifact(HISTORY), {"q": "?"})] == ["system", "user"]


@pytest.mark.parametrize(
    "history", ["x", [1], [{"content": "a"}], [{"role": "boss", "content": "a"}]]
)
def test_a_placeholder_takes_nothing_but_messages(history: Any) -> None:
    with pytest.raises(WrongInputType, match="history"):
        render(artifact(HISTORY), {"history": history, "q": "?"})


def test_a_placeholder_without_declaration_must_be_given() -> None:
    text = "messages: [{placeholder: h}, {role: user, content: x}]"
    with pytest.raises(MissingInput, match="'h'"):
        render(artifact(text), {})
    assert len(render(artifact(text), {"h": []})) == 1


VARIANTS = """
    model: openai/gpt-4o
    modelParameters: {temperature: 0.1, maxTokens: 10}
    messages: [{role: user, content: base}]
    variants:
      claude: {messages: [{role: user, content: for claude}], modelParameters: {maxTokens: null, topK: 5}}
      openai/gpt-4o-mini: {messages: [{role: user, content: for mini}]}
      qwen: {model: qwen-max}
"""


@pytest.mark.parametrize(
    ("model", "content"),
    [
        *(
            (None, "base"),
            ("gpt", "base"),
            ("mystery", "base"),
            ("qwen2.5-7b", "base"),
            ("", "base"),
        ),
        *(("claude", "for claude"), ("Claude", "for claude"), ("gpt-4o-mini", "for mini")),
        *(("anthropic/claude-sonnet-4", "for claude"), ("azure/gpt-4o-mini", "for mini")),
        ("openai/gpt-4o-mini", "for mini"),
    ],
)
def test_the_variant_is_chosen_by_model_id_then_family(model: str | None, content: str) -> None:
    assert contents(VARIANTS, {}, model) == [content]


def test_a_variant_changes_model_and_parameters() -> None:
    renderer = Renderer(artifact(VARIANTS))
    assert renderer.settings() == ("openai/gpt-4o", {"temperature": 0.1, "maxTokens": 10})
    assert renderer.settings("claude") == ("openai/gpt-4o", {"temperature": 0.1, "topK": 5})
    assert renderer.settings("qwen") == ("qwen-max", {"temperature": 0.1, "maxTokens": 10})
    assert renderer.variant("claude-3") == "claude"


@pytest.mark.parametrize(
    ("model", "family"),
    [
        *(
            ("gpt-4o", "gpt"),
            ("openai/o3-mini", "gpt"),
            ("chatgpt-4o-latest", "gpt"),
            ("o1", "gpt"),
        ),
        *(("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude"), ("claude-opus-4", "claude")),
        *(
            ("meta-llama/Llama-3.3-70B-Instruct", "llama"),
            ("meta.llama3-70b-instruct-v1:0", "llama"),
        ),
        *(
            ("codellama:7b", "llama"),
            ("Qwen/Qwen2.5-72B", "qwen"),
            ("qwq-32b", "qwen"),
            ("qwen", "qwen"),
        ),
        *(
            ("gemini-2.0-flash", "gemini"),
            ("mistralai/Mixtral-8x7B", "mistral"),
            ("smollm2", "smollm"),
        ),
        *(("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "deepseek"), ("acme-1", None), ("", None)),
        *(("cohere.command-r-v1:0", "command"), ("openai/gpt-oss-120b", "gpt"), ("foo/o", None)),
    ],
)
def test_the_family_of_a_model(model: str, family: str | None) -> None:
    assert family_of(model) == family


def test_choosing_between_variants_prefers_the_exact_id() -> None:
    keys = ["gpt", "gpt-4o", "azure/gpt-4o"]
    assert choose_variant(keys, "azure/gpt-4o") == "azure/gpt-4o"
    assert choose_variant(keys, "GPT-4o") == "gpt-4o"
    assert choose_variant(keys, "gpt-5") == "gpt"
    assert choose_variant([], "gpt-5") is None


JINJA2 = """
    template: jinja2
    inputs: {name: , items: {type: array}, extra: {required: false}}
    messages:
      - role: user
        content: |
          {% for item in items %}<{{ item }}>{% endfor %}{% if extra %}!{% endif %} {{ name }}
"""


def test_jinja2_fills_from_the_same_inputs() -> None:
    pytest.importorskip("jinja2")
    got = contents(JINJA2, {"name": "{{ 7 * 7 }} & {% raw %}", "items": [1, "b"]})
    assert got == ["<1><b> {{ 7 * 7 }} & {% raw %}\n"]


@pytest.mark.parametrize(
    "text",
    [
        *("{{ name.__class__.__mro__ }}", "{{ items.append(1) }}", "{% include 'x' %}"),
        *("{{ name() }}", "{{ 1 // 0 }}", "{{ items.nope.more }}", "{{ range(10**9)|list }}"),
    ],
)
def test_jinja2_stays_in_its_sandbox(text: str) -> None:
    pytest.importorskip("jinja2")
    made = artifact(JINJA2)
    made["messages"][0]["content"] = text
    with pytest.raises(TemplateFailed):
        render(made, {"name": "n", "items": []})


def test_without_jinja2_a_jinja2_prompt_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("jinja2")
    made = artifact(JINJA2)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "jinja2.sandbox", None)
    jinja2_text._environment.cache_clear()
    try:
        with pytest.raises(MissingFeature) as caught:
            render(made, {"name": "n", "items": []})
        assert caught.value.feature == "jinja2"
        parsed = parse(textwrap.dedent(JINJA2))
        assert parsed.file is not None
        assert [p.code for p in parsed.problems] == ["jinja2-not-checked"]
    finally:
        jinja2_text._environment.cache_clear()


def test_an_unknown_template_kind_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedTemplate, match="handlebars"):
        Renderer({"template": "handlebars", "messages": []})


def test_an_artifact_with_an_unresolved_fragment_is_not_rendered() -> None:
    made = {"messages": [{"role": "user", "content": "{{> a@1 }}"}], "inputs": {}}
    with pytest.raises(UnsupportedTemplate, match="a@1"):
        render(made, {})


def test_members_a_later_version_adds_do_no_harm() -> None:
    made = {**artifact(TWO), "later": {"x": 1}}
    made["inputs"]["a"]["later"] = 1
    assert render(made, {"a": "1", "b": "2"})[0]["content"] == "100% sure, 1."


def test_rendering_costs_microseconds_not_milliseconds() -> None:
    words = "All work and no play. " * 40
    text = f"messages: [{{role: system, content: '{words}'}}, {{role: user, content: '{{{{a}}}} {{{{b}}}} {{{{c}}}}'}}]"
    renderer = Renderer(artifact(text))
    inputs = {"a": "x" * 30, "b": "y" * 30, "c": "z" * 30}
    best = min(_time(renderer, inputs) for _ in range(5))
    assert best < 20e-6  # far above the few microseconds it takes, so that a busy machine passes


def _time(renderer: Renderer, inputs: dict[str, str]) -> float:
    started = time.process_time()
    for _ in range(1000):
        renderer.render(inputs)
    return (time.process_time() - started) / 1000
