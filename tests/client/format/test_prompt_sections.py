"""Comparing two prompt files section by section, and the class of the change."""

from __future__ import annotations

from typing import Any

import pytest
from format_samples import FILES
from hypothesis import given

from promptops.format import PromptFile, behaviour_digest, dump, parse, record_digest
from promptops.format.diff_messages import diff_messages
from promptops.format.diff_sections import (
    BEHAVIOUR_CLASSES,
    Comparison,
    compare_prompts,
)

BASE = """\
name: Triage
description: Sorts claims
model: gpt-4o
modelParameters: {temperature: 0.2, stop: [END, STOP]}
inputs:
  claim: {type: string, trust: untrusted}
  note: {type: string, required: false, default: none}
messages:
  - {role: system, content: Sort the claim into one of three queues.}
  - {role: user, content: "{{ claim }} {{ note }}"}
variants:
  claude:
    model: claude-sonnet-4-5
    messages:
      - {role: user, content: "<claim>{{ claim }}</claim> {{ note }}"}
tools:
  - {name: lookup, description: Find it, parameters: {type: object, properties: {id: {type: string}}}}
responseFormat: json_schema
jsonSchema: {name: queue, schema: {type: object, properties: {queue: {type: string, enum: [a, b]}}}}
record: {intent: Claims are sorted by hand today., limitations: [none known, old cars]}
testData: [{claim: one}, {claim: two}]
tags: [claims]
owners: [maya]
"""


def read(data: Any) -> PromptFile:
    parsed = parse(data if isinstance(data, str) else dump(data))
    assert parsed.file is not None, parsed.problems
    return parsed.file


def changed(*replacements: tuple[str, str]) -> Comparison:
    text = BASE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return compare_prompts(read(BASE), read(text))


def told(found: Comparison) -> list[tuple[str, str, str]]:
    """Section, kind and key of everything that differs."""
    lines: list[tuple[str, str, str]] = []
    for section in found.sections:
        lines += ((section.name, m.kind, m.key) for m in section.messages)
        lines += ((section.name, c.kind, c.key) for c in section.changes)
        for variant in section.variants:
            lines += ((section.name, m.kind, m.key) for m in variant.messages)
            lines += ((section.name, c.kind, c.key) for c in variant.changes)
    return lines


@pytest.mark.parametrize(
    ("old", "new", "lines", "classes"),
    [
        ("three queues", "four queues", [("messages", "changed", "messages[0]")], ["instructions"]),
        ("model: gpt-4o", "model: gpt-4.1", [("model", "changed", "model")], ["model"]),
        ("temperature: 0.2", "temperature: 0.7", [("parameters", "changed", "modelParameters.temperature")], ["parameters"]),
        ("[END, STOP]", "[BEGIN, END, STOP]", [("parameters", "added", "modelParameters.stop[0]")], ["parameters"]),
        ("default: none", "default: nothing", [("inputs", "changed", "inputs.note.default")], ["inputs"]),
        ("trust: untrusted", "trust: trusted", [("inputs", "changed", "inputs.claim.trust")], ["inputs", "record"]),
        ("{type: string, trust", "{type: string, pii: name, trust", [("inputs", "added", "inputs.claim.pii")], ["inputs", "record"]),
        ("{type: string, trust", "{type: string, description: Text, trust", [("inputs", "added", "inputs.claim.description")], ["record"]),
        ("claude-sonnet-4-5", "claude-opus-4", [("variants", "changed", "variants.claude.model")], ["model"]),
        ("</claim> {{ note }}", "</claim>\\n{{ note }}", [("variants", "changed", "variants.claude.messages[0]")], ["instructions"]),
        ("properties: {id: {type: string}}", "properties: {id: {type: integer}}", [("tools", "changed", "tools.lookup.parameters.properties.id.type")], ["tools"]),
        ("enum: [a, b]", "enum: [a, b, c]", [("output", "added", "jsonSchema.schema.properties.queue.enum[2]")], ["output_schema"]),
        ("[none known, old cars]", "[old cars]", [("record", "removed", "record.limitations[0]")], ["record"]),
        ("owners: [maya]", "owners: [ben]", [("about", "changed", "owners[0]")], ["record"]),
        ("tags: [claims]", "tags: [claims, motor]", [("about", "added", "tags[1]")], ["metadata"]),
        ("[{claim: one}, ", "[", [("tests", "removed", "testData[0]")], ["tests"]),
        ("name: Triage", "# A comment\nname: 'Triage'", [], ["cosmetic"]),
        ("owners: [maya]", "owners: [maya]\nhouse: x", [("other", "added", "house")], ["other"]),
        ("{role: system, ", "{role: system, odd: 1, ", [("other", "added", "messages[0].odd")], ["other"]),
    ],
)  # fmt: skip
def test_each_part_of_the_file_is_a_section_and_has_a_class(
    old: str, new: str, lines: list[tuple[str, str, str]], classes: list[str]
) -> None:
    found = changed((old, new))
    assert told(found) == lines
    assert list(found.classes) == classes


def test_a_text_that_changed_tells_its_words() -> None:
    found = changed(("three queues", "four queues"), ("by hand today", "by hand now"))
    message = found.sections[0].messages[0]
    assert message.text is not None
    assert [tuple(s) for s in message.text.segments] == [
        ("equal", "Sort the claim into one of "),
        ("delete", "three"),
        ("insert", "four"),
        ("equal", " queues."),
    ]
    record = found.sections[1].changes[0]
    assert record.text is not None
    assert [s.text for s in record.text.segments if s.op != "equal"] == ["today", "now"]
    assert found.classes == ("instructions", "record")


def test_a_new_file_is_all_new_and_a_variant_more_is_a_model_more() -> None:
    found = compare_prompts(None, read(BASE))
    assert {c.kind for s in found.sections for c in (*s.changes, *s.messages, *s.variants)} == {
        "added"
    }
    assert set(BEHAVIOUR_CLASSES) - set(found.classes) == {"retrieval"}
    gone = compare_prompts(read(BASE), None)
    assert {c.kind for s in gone.sections for c in (*s.changes, *s.messages, *s.variants)} == {
        "removed"
    }
    more = changed(("  claude:\n", "  qwen: {model: qwen3}\n  claude:\n"))
    assert more.classes == ("model",)


def messages(*given: str) -> Any:
    """`s:text` is a system message, `u:` a user's, `a:` the assistant's, `p:` a placeholder."""
    roles = {"s": "system", "u": "user", "a": "assistant"}
    items = [
        {"placeholder": text} if kind == "p" else {"role": roles[kind], "content": text}
        for kind, text in (one.split(":", 1) for one in given)
    ]
    return read({"messages": items}).messages


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (["s:one", "u:two"], ["s:one", "p:history", "u:two"], [("added", None, 1)]),
        (["s:one", "u:two", "u:three"], ["s:one", "u:three"], [("removed", 1, None)]),
        (["s:one", "u:two", "u:three"], ["u:three", "s:one", "u:two"], [("moved", 2, 0)]),
        (["s:You sort claims"], ["u:You sort claims"], [("changed", 0, 0)]),
        (["s:You sort claims"], ["u:Goodbye"], [("removed", 0, None), ("added", None, 0)]),
        (
            ["u:red cars are fast", "a:yes"],
            ["u:what of blue ships", "a:no", "u:red cars are slow", "a:yes"],
            [("added", None, 0), ("added", None, 1), ("changed", 0, 2)],
        ),
    ],
)
def test_messages_are_recognised(
    before: list[str], after: list[str], told: list[tuple[str, int | None, int | None]]
) -> None:
    found = diff_messages(messages(*before), messages(*after))
    assert [(m.kind, m.before, m.after) for m in found] == told


def test_hundreds_of_messages_are_matched_by_role() -> None:
    old = messages(*(f"u:question {i}" for i in range(300)))
    new = messages(*(f"u:frage {i}" for i in range(300)))
    assert {m.kind for m in diff_messages(old, new)} == {"changed"}


def test_parts_of_a_message_differ_by_key() -> None:
    one = {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "a"}}]}  # fmt: skip
    two = {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "b"}}]}  # fmt: skip
    (found,) = diff_messages(read({"messages": [one]}).messages, read({"messages": [two]}).messages)
    assert [c.key for c in found.changes] == ["messages[0].content[1].image_url.url"]


def test_tools_in_another_order_are_said_to_have_moved() -> None:
    tools = "tools:\n  - {name: a, description: A}\n  - {name: b, description: B}\n"
    base = "messages: [{role: user, content: hi}]\n"
    turned = "tools:\n  - {name: b, description: B}\n  - {name: a, description: A}\n"
    found = compare_prompts(read(base + tools), read(base + turned))
    assert told(found) == [("tools", "moved", "tools")]
    assert found.classes == ("tools",)


@given(FILES, FILES)
def test_what_a_digest_notices_has_a_class(one: dict[str, Any], two: dict[str, Any]) -> None:
    a, b = read(one), read(two)
    found = compare_prompts(a, b, same_text=dump(one) == dump(two))
    if behaviour_digest(a) != behaviour_digest(b):
        assert set(found.classes) & set(BEHAVIOUR_CLASSES)
    if record_digest(a) != record_digest(b):
        assert "record" in found.classes
    if a == b:
        assert found.classes in ((), ("cosmetic",), ("other",))


@given(FILES)
def test_a_file_has_no_sections_against_itself(data: dict[str, Any]) -> None:
    assert compare_prompts(read(data), read(data)) == Comparison((), ("cosmetic",))
    assert compare_prompts(read(data), read(data), same_text=True) == Comparison((), ())


@given(FILES, FILES)
def test_every_section_is_there_from_either_side(one: dict[str, Any], two: dict[str, Any]) -> None:
    there, back = compare_prompts(read(one), read(two)), compare_prompts(read(two), read(one))
    assert [s.name for s in there.sections] == [s.name for s in back.sections]
    assert there.classes == back.classes
