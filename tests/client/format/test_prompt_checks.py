"""The meaning of every key: what is accepted, what is refused, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from promptops.format import Placeholder, PromptFile, parse

Valid: TypeAlias = Callable[[str], PromptFile]
Found: TypeAlias = Callable[[str], list[tuple[str, str, int, int]]]

HEAD = "messages: [{role: user, content: hi}]\n"

FULL = """
    name: Triage
    description: Sorts claims.
    model: openai/gpt-4o
    modelParameters: {temperature: 0.2, maxTokens: 300, anything: {goes: here}}
    template: plain
    inputs:
      claim: {type: string, description: The text, trust: untrusted, pii: true}
      limit: {type: integer, default: 3}
      history: {type: array, required: false}
      picture: {pii: [face, place]}
    messages:
      - role: developer
        content: At most {{ limit }}.
      - placeholder: history
      - role: user
        name: customer
        content:
          - {type: text, text: "Claim: {{claim}}"}
          - {type: image_url, image_url: {url: "{{ picture }}", detail: low}}
          - {type: file, file: {file_id: abc}}
      - role: assistant
        tool_calls: [{id: c1, type: function, function: {name: look, arguments: "{}"}}]
      - {role: tool, tool_call_id: c1, content: "ok"}
    responseFormat: json_schema
    jsonSchema: '{"name": "answer", "strict": true, "schema": {"type": "object"}}'
    tools:
      - name: look
        description: Looks it up
        parameters: {type: object, properties: {id: {type: string}}}
      - type: function
        function: {name: other, parameters: {}}
    variants:
      claude:
        model: anthropic/claude-sonnet
        modelParameters: {temperature: 0.5, maxTokens: null}
        messages: [{role: user, content: "{{ claim }} {{ limit }} {{ picture }}"}]
      qwen2.5-72b:
        parameters: {topP: 0.9}
    retrieval: {knowledge_base: policies}
    testData: [{claim: x, expected: y}]
    evaluators:
      - {name: a, string: {contains: x}}
      - {name: b, uses: github/similarity}
      - {name: c, llm: {modelId: m, prompt: p, choices: [{choice: "1", score: 1}]}}
      - {name: d, regex: {pattern: x}, required: false}
    tags: [claims, 2024]
    owners: [ann]
    record: {D03: Sorts motor claims.}
"""


def test_every_key_is_read(valid: Valid) -> None:
    file = valid(FULL)
    assert parse(__import__("textwrap").dedent(FULL)).problems == ()
    assert (file.name, file.description, file.model) == ("Triage", "Sorts claims.", "openai/gpt-4o")
    assert file.parameters == {"temperature": 0.2, "maxTokens": 300, "anything": {"goes": "here"}}
    assert list(file.inputs) == ["claim", "limit", "history", "picture"]
    claim, limit = file.inputs["claim"], file.inputs["limit"]
    assert (claim.required, claim.trust, claim.pii, claim.description) == (
        *(True, "untrusted", True),
        "The text",
    )
    assert (limit.type, limit.required, limit.default) == ("integer", False, 3)
    assert file.inputs["picture"].pii == ("face", "place")
    assert file.messages[1] == Placeholder("history")
    assert [m.role for m in file.messages if not isinstance(m, Placeholder)] == [
        *("developer", "user", "assistant", "tool")
    ]
    assert file.json_schema == {"name": "answer", "strict": True, "schema": {"type": "object"}}
    assert [tool.name for tool in file.tools] == ["look", "other"]
    assert file.variants["claude"].parameters == {"temperature": 0.5, "maxTokens": None}
    assert file.variants["qwen2.5-72b"].parameters == {"topP": 0.9}
    assert file.tags == ("claims", "2024")
    assert file.data["tags"] == ["claims", 2024]


def test_without_inputs_every_variable_is_a_required_string(valid: Valid) -> None:
    file = valid("messages: [{role: user, content: '{{b}} {{a}} {{b}}'}, {placeholder: history}]")
    assert not file.inputs_declared
    assert {n: (i.type, i.required, i.declared) for n, i in file.inputs.items()} == {
        "history": ("array", True, False),
        "b": ("string", True, False),
        "a": ("string", True, False),
    }


def test_with_inputs_an_undeclared_variable_is_an_error_where_it_stands(found: Found) -> None:
    text = """
        inputs: {claim: }
        messages:
          - role: system
            content: |
              Use {{ claim }}.
              And {{ clam }}, {{ clam }}.
    """
    assert found(text.lstrip("\n")) == [("undeclared-variable", "messages[0].content", 6, 11)]


def test_a_declared_but_unused_input_is_a_warning(found: Found) -> None:
    text = "inputs: {a: , b: }\nmessages: [{role: user, content: '{{ a }}'}]\n"
    assert found(text) == [("unused-input", "inputs.b", 1, 15)]


def test_a_file_with_fragments_may_use_its_inputs_there(found: Found) -> None:
    text = "inputs: {a: }\nmessages: [{role: user, content: '{{> house/style@3 }}'}]\n"
    assert found(text) == []


def test_unknown_keys_are_kept_and_warned_about_once_each(valid: Valid) -> None:
    parsed = parse(HEAD + "nmae: x\nresponse_format: text\nzzz: {a: {b: 1}}\n")
    assert parsed.file is not None
    assert [(p.severity, p.code, p.line, p.fix) for p in parsed.problems] == [
        ("warning", "unknown-key", 2, "did you mean 'name'?"),
        ("warning", "unknown-key", 3, "did you mean 'responseFormat'?"),
        ("warning", "unknown-key", 4, ""),
    ]
    assert parsed.file.unknown == {"nmae": "x", "response_format": "text", "zzz": {"a": {"b": 1}}}


def test_braces_that_are_no_variable_stay_and_are_pointed_out(valid: Valid) -> None:
    source = "messages:\n  - role: user\n    content: 'Dear {{Your Name}}, {{ x | upper }}'\n"
    parsed = parse(source)
    assert parsed.file is not None
    assert parsed.file.inputs == {}
    assert [(p.severity, p.code, p.line, p.column) for p in parsed.problems] == [
        ("warning", "literal-braces", 3, 20),
        ("warning", "literal-braces", 3, 35),
    ]


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("name: x\n", "missing-key", ""),
        ("messages: []\n", "no-messages", "messages"),
        ("messages: {role: user}\n", "wrong-type", "messages"),
        ("messages: [hi]\n", "wrong-type", "messages[0]"),
        ("messages: [{content: hi}]\n", "missing-key", "messages[0]"),
        ("messages: [{role: user}]\n", "missing-key", "messages[0]"),
        ("messages: [{role: usr, content: hi}]\n", "not-a-choice", "messages[0].role"),
        ("messages: [{role: user, content: ' '}]\n", "blank", "messages[0].content"),
        ("messages: [{role: user, content: }]\n", "blank", "messages[0].content"),
        ("messages: [{role: user, content: []}]\n", "blank", "messages[0].content"),
        ("messages: [{role: user, content: {a: 1}}]\n", "wrong-type", "messages[0].content"),
        ("messages: [{role: user, content: [{type: txt}]}]\n", "not-a-choice", "messages[0].content[0].type"),
        ("messages: [{role: user, content: [{type: text}]}]\n", "missing-key", "messages[0].content[0]"),
        ("messages: [{role: user, content: [{text: a}]}]\n", "missing-key", "messages[0].content[0]"),
        (
            "messages: [{role: user, content: [{type: image_url, image_url: {}}]}]\n",
            *("missing-key", "messages[0].content[0].image_url"),
        ),
        (
            "messages: [{role: user, content: [{type: file, file: 3}]}]\n",
            *("wrong-type", "messages[0].content[0].file"),
        ),
        ("messages: [{role: user, content: a, tool_calls: []}]\n", "misplaced-key", "messages[0].tool_calls"),
        ("messages: [{placeholder: a b}]\n", "bad-variable-name", "messages[0].placeholder"),
        ("messages: [{placeholder: a, role: user}]\n", "placeholder-with-content", "messages[0]"),
        (HEAD + "name: [a]\n", "wrong-type", "name"),
        (HEAD + "model: ' '\n", "blank", "model"),
        (HEAD + "template: mustache\n", "not-a-choice", "template"),
        (HEAD + "modelParameters: [1]\n", "wrong-type", "modelParameters"),
        (HEAD + "modelParameters: {temperature: hot}\n", "wrong-type", "modelParameters.temperature"),
        (HEAD + "modelParameters: {temperature: true}\n", "wrong-type", "modelParameters.temperature"),
        (HEAD + "modelParameters: {maxTokens: 1.5}\n", "wrong-type", "modelParameters.maxTokens"),
        (HEAD + "modelParameters: {maxTokens: 0}\n", "wrong-value", "modelParameters.maxTokens"),
        (HEAD + "modelParameters: {seed: a}\n", "wrong-type", "modelParameters.seed"),
        (HEAD + "modelParameters: {stop: [1]}\n", "wrong-type", "modelParameters.stop"),
        (HEAD + "responseFormat: json\n", "not-a-choice", "responseFormat"),
        (HEAD + "responseFormat: json_schema\n", "missing-key", "responseFormat"),
        (HEAD + "responseFormat: json_schema\njsonSchema: '{'\n", "bad-json", "jsonSchema"),
        (HEAD + "responseFormat: json_schema\njsonSchema: '[]'\n", "wrong-type", "jsonSchema"),
        (HEAD + "responseFormat: json_schema\njsonSchema: {name: a}\n", "missing-key", "jsonSchema"),
        (HEAD + "responseFormat: json_schema\njsonSchema: {schema: {}}\n", "missing-key", "jsonSchema"),
        (
            HEAD + "responseFormat: json_schema\njsonSchema: {name: a b, schema: {}}\n",
            *("bad-name", "jsonSchema.name"),
        ),
        (
            HEAD + "responseFormat: json_schema\njsonSchema: {name: a, schema: {type: objct}}\n",
            *("bad-schema", "jsonSchema.schema.type"),
        ),
        (HEAD + "jsonSchema: '{\"a\": NaN}'\n", "bad-json", "jsonSchema"),
        (HEAD + "jsonSchema: '{\"a\": 1e999}'\n", "bad-json", "jsonSchema"),
        (HEAD + "jsonSchema: '{\"a\": 99999999999999999999}'\n", "bad-json", "jsonSchema"),
        (HEAD + "jsonSchema: '{\"a\": \"\\ud800\"}'\n", "bad-json", "jsonSchema"),
        (HEAD + "jsonSchema: '" + "[" * 50 + "]" * 50 + "'\n", "bad-json", "jsonSchema"),
        (HEAD + "jsonSchema: '" + "[" * 90_000 + "]" * 90_000 + "'\n", "bad-json", "jsonSchema"),
        (HEAD + "inputs: [a]\n", "wrong-type", "inputs"),
        (HEAD + "inputs: {a b: }\n", "bad-variable-name", 'inputs["a b"]'),
        (HEAD + "inputs: {a: text}\n", "wrong-type", "inputs.a"),
        (HEAD + "inputs: {a: {type: str}}\n", "not-a-choice", "inputs.a.type"),
        (HEAD + "inputs: {a: {trust: maybe}}\n", "not-a-choice", "inputs.a.trust"),
        (HEAD + "inputs: {a: {required: 1}}\n", "wrong-type", "inputs.a.required"),
        (HEAD + "inputs: {a: {type: integer, default: 1.5}}\n", "wrong-type", "inputs.a.default"),
        (HEAD + "inputs: {a: {type: boolean, default: 1}}\n", "wrong-type", "inputs.a.default"),
        (HEAD + "inputs: {a: {type: array, default: x}}\n", "wrong-type", "inputs.a.default"),
        (HEAD + "inputs: {a: {default: [x]}}\n", "wrong-type", "inputs.a.default"),
        (HEAD + "inputs: {a: {pii: 3}}\n", "wrong-type", "inputs.a.pii"),
        ("inputs: {h: }\nmessages: [{placeholder: h}]\n", "wrong-type", "inputs.h"),
        (HEAD + "variants: [gpt]\n", "wrong-type", "variants"),
        (HEAD + "variants: {gpt: x}\n", "wrong-type", "variants.gpt"),
        (HEAD + "variants: {a b: {}}\n", "bad-name", 'variants["a b"]'),
        (HEAD + "variants: {gpt: {}, GPT: {}}\n", "case-twins", "variants.GPT"),
        (HEAD + "variants: {gpt: {messages: []}}\n", "no-messages", "variants.gpt.messages"),
        (HEAD + "variants: {gpt: {parameters: {}, modelParameters: {}}}\n", "two-parameters", "variants.gpt"),
        (HEAD + "inputs: {}\nvariants: {gpt: {messages: [{role: user, content: '{{ x }}'}]}}\n",
         "undeclared-variable", "variants.gpt.messages[0].content"),
        (HEAD + "tools: [{description: a}]\n", "missing-key", "tools[0]"),
        (HEAD + "tools: [{name: a b}]\n", "bad-name", "tools[0].name"),
        (HEAD + "tools: [{name: a}, {name: a}]\n", "duplicate-tool", "tools[1]"),
        (HEAD + "tools: [{name: a, parameters: {type: 1}}]\n", "bad-schema", "tools[0].parameters.type"),
        (HEAD + "tools: [{name: a, parameters: {}, schema: {}}]\n", "two-schemas", "tools[0]"),
        (HEAD + "retrieval: kb\n", "wrong-type", "retrieval"),
        (HEAD + "record: []\n", "wrong-type", "record"),
        (HEAD + "tags: a\n", "wrong-type", "tags"),
        (HEAD + "tags: ['']\n", "blank", "tags[0]"),
        (HEAD + "owners: [{}]\n", "wrong-type", "owners[0]"),
        (HEAD + "testData: [1]\n", "wrong-type", "testData[0]"),
        (HEAD + "evaluators: [{name: a, string: {contains: [a]}}]\n", "wrong-type", "evaluators[0].string.contains"),
        ("messages: [{role: user, content: '{{> house/style }}'}]\n", "bad-fragment", "messages[0].content"),
        ("messages: [{role: user, content: '{{> a@v3 }}'}]\n", "bad-fragment", "messages[0].content"),
        ("messages: [{role: user, content: '{{> a@sha256:12 }}'}]\n", "bad-fragment", "messages[0].content"),
        ("messages: [{role: user, content: '{{> a//b@1 }}'}]\n", "bad-fragment", "messages[0].content"),
    ],
)  # fmt: skip
def test_a_mistake_is_an_error_at_its_key(text: str, code: str, key: str) -> None:
    parsed = parse(text)
    assert parsed.file is None
    assert (code, key) in [(p.code, p.key) for p in parsed.errors]


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("modelParameters: {temperature: 3}", "unusual-parameter", "modelParameters.temperature"),
        ("jsonSchema: {name: a}", "unused-schema", "jsonSchema"),
        ("variants: {cluade: {}}", "unknown-family", "variants.cluade"),
        ("inputs: {a: {required: true, default: x}}", "unused-default", "inputs.a.default"),
        ("evaluators: [{string: {contains: a}}]", "missing-key", "evaluators[0]"),
        ("evaluators: [{name: a, string: {containz: b}}]", "unknown-key", "evaluators[0].string.containz"),
        ("inputs: {a: {typ: string}}", "unknown-key", "inputs.a.typ"),
    ],
)  # fmt: skip
def test_a_doubtful_value_is_a_warning_and_the_file_valid(text: str, code: str, key: str) -> None:
    parsed = parse(HEAD + text + "\n")
    assert parsed.file is not None
    assert (code, key) in [(p.code, p.key) for p in parsed.problems]


def test_a_schema_may_be_a_mapping_or_a_text(valid: Valid) -> None:
    mapping = valid(
        HEAD + "responseFormat: json_schema\njsonSchema: {name: a, schema: {type: object}}\n"
    )
    text = valid(
        HEAD
        + 'responseFormat: json_schema\njsonSchema: \'{"name": "a", "schema": {"type": "object"}}\'\n'
    )
    assert mapping.json_schema == text.json_schema


def test_null_under_a_key_is_the_same_as_no_key(valid: Valid) -> None:
    keys = [
        "name",
        "description",
        "model",
        "modelParameters",
        "inputs",
        "variants",
        "tools",
        "tags",
    ]
    empty = valid(HEAD + "".join(f"{key}:\n" for key in keys))
    assert empty == valid(HEAD)


JINJA2 = """
    template: jinja2
    inputs: {name: , items: {type: array}}
    messages:
      - role: user
        content: |
          {% for item in items %}{{ item }}{% endfor %}
          Dear {{ NAME | upper }}
"""


def test_jinja2_text_is_checked_against_the_inputs(found: Found) -> None:
    pytest.importorskip("jinja2")
    assert found(JINJA2.replace("NAME", "name").lstrip("\n")) == []
    codes = found(JINJA2.replace("NAME", "nmae").lstrip("\n"))
    assert ("undeclared-variable", "messages[0].content", 7, 15) in codes


def test_a_jinja2_mistake_is_reported_on_its_line(found: Found) -> None:
    pytest.importorskip("jinja2")
    text = JINJA2.replace("{{ NAME | upper }}", "{{ name | }}").lstrip("\n")
    assert found(text)[0] == ("jinja2-syntax", "messages[0].content", 7, 7)


@pytest.mark.parametrize("data", [{"messages": 1}, {"inputs": {"x": 1}}, {"tools": [{"name": 1}]}])
def test_json_is_read_like_yaml(data: dict[str, Any]) -> None:
    import json

    assert parse(json.dumps(data)).file is None
