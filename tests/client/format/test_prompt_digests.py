"""Artifacts and the two digests."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from format_samples import FILES
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.format import (
    NotCanonical,
    PromptFile,
    behaviour_digest,
    canonical_bytes,
    compile_artifact,
    dump,
    parse,
    record_digest,
    resolve_record,
)

MEMBERS = {
    *(
        "project",
        "path",
        "version",
        "commit",
        "behaviour",
        "template",
        "model",
        "messages",
        "tools",
    ),
    *("parameters", "responseFormat", "jsonSchema", "inputs", "variants", "retrieval", "requires"),
}


def read(data: Any) -> PromptFile:
    parsed = parse(data if isinstance(data, str) else dump(data))
    assert parsed.file is not None, [str(p) for p in parsed.problems]
    return parsed.file


def compiled(file: PromptFile, **other: Any) -> Any:
    place = {"project": "p", "path": "a/b", "version": 3, "commit": "c" * 40, **other}
    return compile_artifact(file, **place)


BASE: dict[str, Any] = {
    "name": "n",
    "description": "d",
    "model": "gpt-4o",
    "modelParameters": {"temperature": 1},
    "inputs": {"x": {"description": "about x", "pii": False}},
    "messages": [{"role": "user", "content": "{{ x }}"}],
    "tags": ["a"],
    "owners": ["o"],
    "record": {"D03": "why"},
    "testData": [{"x": "1"}],
    "evaluators": [{"name": "e"}],
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    data = copy.deepcopy(BASE)
    node = data
    for part in path[:-1]:
        node = node.setdefault(part, {}) if isinstance(node, dict) else node[part]
    node[path[-1]] = to
    return data


def test_an_artifact_is_one_line_of_json_with_the_protocol_members() -> None:
    artifact = compiled(read(BASE))
    assert "\n" not in artifact.text
    value = json.loads(artifact.text)
    assert set(value) == MEMBERS
    assert artifact.text == canonical_bytes(value).decode()
    assert artifact.digest == "sha256:" + hashlib.sha256(artifact.text.encode()).hexdigest()
    assert value["behaviour"] == artifact.behaviour == behaviour_digest(read(BASE))
    assert (value["project"], value["path"], value["version"]) == ("p", "a/b", 3)
    assert value["inputs"] == {"x": {"description": "about x", "required": True, "type": "string"}}
    assert artifact.requires == ()


def test_absent_members_are_null_or_empty() -> None:
    value = json.loads(compiled(read({"messages": BASE["messages"]})).text)
    empty = {k: value[k] for k in ("model", "responseFormat", "jsonSchema", "retrieval")}
    assert set(empty.values()) == {None}
    assert (value["parameters"], value["tools"], value["variants"]) == ({}, [], {})
    assert (value["template"], value["requires"]) == ("plain", [])


def test_an_artifact_names_the_features_it_needs() -> None:
    pytest.importorskip("jinja2")
    file = read({"template": "jinja2", "messages": BASE["messages"]})
    assert compiled(file).requires == ("jinja2",)
    assert json.loads(compiled(file).text)["requires"] == ["jinja2"]


@pytest.mark.parametrize(
    "data",
    [
        changed("name", to="other"),
        changed("description", to="other"),
        changed("tags", to=["b"]),
        changed("owners", to=["p"]),
        changed("record", to={"D03": "other"}),
        changed("testData", to=[]),
        changed("evaluators", to=[{"name": "f"}]),
        changed("unknown", to=1),
        changed("inputs", "x", "description", to="other"),
        changed("inputs", "x", "pii", to=True),
        changed("inputs", "x", "type", to="string"),
        changed("modelParameters", "temperature", to=1.0),
        changed("variants", to={}),
        changed("tools", to=[]),
    ],
)
def test_documentation_does_not_change_behaviour(data: dict[str, Any]) -> None:
    assert behaviour_digest(read(data)) == behaviour_digest(read(BASE))


@pytest.mark.parametrize(
    "data",
    [
        changed("model", to="gpt-5"),
        changed("modelParameters", "temperature", to=0.5),
        changed("modelParameters", "topP", to=0.5),
        changed("messages", 0, "content", to="{{ x }} "),
        changed("messages", 0, "role", to="system"),
        changed("inputs", "x", "required", to=False),
        changed("inputs", "x", "default", to="y"),
        changed("inputs", "x", "type", to="integer"),
        changed("inputs", "x", "trust", to="untrusted"),
        changed("tools", to=[{"name": "t"}]),
        changed("responseFormat", to="json_object"),
        changed("jsonSchema", to={"name": "s"}),
        changed("retrieval", to={"knowledge_base": "k"}),
        changed("variants", to={"gpt": {"model": "m"}}),
        changed("variants", to={"gpt": {}}),
    ],
)
def test_what_a_model_receives_changes_behaviour(data: dict[str, Any]) -> None:
    assert behaviour_digest(read(data)) != behaviour_digest(read(BASE))


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        order.shuffle(names)
        return {name: shuffled(value[name], order) for name in names}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@given(FILES, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_order_of_keys_and_comments_change_neither_digest(
    data: dict[str, Any], order: random.Random
) -> None:
    file = read(data)
    again = read(json.dumps(shuffled(data, order), ensure_ascii=False) + "\n# a comment\n")
    assert behaviour_digest(again) == behaviour_digest(file)
    assert record_digest(again) == record_digest(file)
    assert compiled(again).text == compiled(file).text


@given(FILES, FILES)
@settings(max_examples=80)
def test_behaviour_ignores_exactly_the_documentation(a: dict[str, Any], b: dict[str, Any]) -> None:
    documentation = ("name", "description", "tags", "owners", "record", "testData", "evaluators")
    mixed = {k: v for k, v in a.items() if k not in documentation}
    mixed |= {k: v for k, v in b.items() if k in documentation}
    assert behaviour_digest(read(mixed)) == behaviour_digest(read(a))


def test_a_schema_as_text_or_mapping_is_the_same_behaviour() -> None:
    schema = {"name": "s", "schema": {"type": "object"}}
    as_mapping = read({**BASE, "responseFormat": "json_schema", "jsonSchema": schema})
    as_text = read({**BASE, "responseFormat": "json_schema", "jsonSchema": json.dumps(schema)})
    assert behaviour_digest(as_mapping) == behaviour_digest(as_text)


def test_places_change_the_artifact_but_not_behaviour() -> None:
    file = read(BASE)
    other = compiled(file, path="a/c", version=4)
    assert other.digest != compiled(file).digest
    assert other.behaviour == compiled(file).behaviour


@pytest.mark.parametrize(
    "data",
    [
        changed("description", to="other"),
        changed("owners", to=["p"]),
        changed("record", "D03", to="other"),
        changed("inputs", "x", "description", to="other"),
        changed("inputs", "x", "pii", to=True),
        changed("inputs", "x", "trust", to="trusted"),
    ],
)
def test_documentation_changes_the_record(data: dict[str, Any]) -> None:
    assert record_digest(read(data)) != record_digest(read(BASE))


@pytest.mark.parametrize(
    "data", [changed("model", to="m"), changed("tags", to=[]), changed("testData", to=[])]
)
def test_other_keys_do_not_change_the_record(data: dict[str, Any]) -> None:
    assert record_digest(read(data)) == record_digest(read(BASE))


def test_inherited_defaults_are_part_of_the_record() -> None:
    inherited = {"D04": {"jurisdictions": ["SG"], "channels": ["web"]}, "D03": "default"}
    file = read(changed("record", to={"D03": "why", "D04": {"channels": ["app"]}, "D05": None}))
    assert resolve_record(file.record, inherited) == {
        "D03": "why",
        "D04": {"jurisdictions": ["SG"], "channels": ["app"]},
        "D05": None,
    }
    assert record_digest(file, inherited) != record_digest(file)
    spelt_out = read(changed("record", to=resolve_record(file.record, inherited)))
    assert record_digest(spelt_out, inherited) == record_digest(file, inherited)


def test_a_digest_never_changes_with_the_program(valid: Callable[[str], PromptFile]) -> None:
    file = valid(
        """
        model: openai/gpt-4o
        modelParameters: {temperature: 0.50}
        messages: [{role: user, content: "Grüße {{ name }} 😀"}]
        """
    )
    body = (
        '{"inputs":{"name":{"required":true,"type":"string"}},'
        '"messages":[{"content":"Grüße {{ name }} 😀","role":"user"}],'
        '"model":"openai/gpt-4o","parameters":{"temperature":0.5},"template":"plain"}'
    )
    assert behaviour_digest(file) == "sha256:" + hashlib.sha256(body.encode()).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_bytes({"a": value})
