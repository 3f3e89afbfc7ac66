"""Reading other tools' files: whatever stands in one arrives, or is named in a loss or a note."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops.format import dump
from promptops.format.convert import CannotConvert, read

# A rich file of each format. Texts and numbers are told apart by being unique.
PROMPTY: dict[str, Any] = {
    "name": "name-1x",
    "displayName": "Display 2x",
    "description": "About 3x",
    "metadata": {"authors": ["Ann 4x"], "tags": ["tag-5x"], "version": "6x", "more": {"own": "7x"}},
    "model": {
        "id": "model-8x",
        "provider": "maker-9x",
        "apiType": "chat",
        "connection": {"kind": "key", "endpoint": "at-10x"},
        "options": {
            "temperature": 0.711,
            "maxOutputTokens": 712,
            "additionalProperties": {"own": 713},
        },
    },
    "inputs": [
        {"name": "claim", "kind": "string", "description": "Claim 14x", "default": "Default 15x"},
        {"name": "talk", "kind": "thread", "description": "Talk 16x"},
        {"name": "n", "kind": "integer", "default": 717, "sample": 718},
    ],
    "outputs": [{"name": "city", "kind": "string", "description": "City 19x"}],
    "tools": [
        {
            "name": "tool-20x",
            "kind": "function",
            "description": "Tool 21x",
            "strict": True,
            "parameters": [{"name": "arg", "kind": "string", "description": "Arg 22x"}],
        }
    ],
    "template": {"format": {"kind": "jinja2", "strict": True}, "parser": {"kind": "prompty"}},
}
PROMPTY_1: dict[str, Any] = {
    "name": "name-1x",
    "description": "About 2x",
    "authors": ["Ann 3x"],
    "tags": ["tag-4x"],
    "version": "5x",
    "model": {
        "api": "chat",
        "configuration": {"type": "azure_openai", "azure_deployment": "model-6x"},
        "parameters": {"max_tokens": 707, "temperature": 0.708, "response_format": {"type": "9x"}},
    },
    "sample": {"claim": "Sample 10x"},
    "inputs": {"claim": {"type": "string", "default": "Default 11x"}},
    "template": "jinja2",
}
DOTPROMPT: dict[str, Any] = {
    "name": "name-1x",
    "variant": "short-2x",
    "description": "About 3x",
    "model": "googleai/model-4x",
    "config": {"temperature": 0.705, "maxOutputTokens": 706, "own": {"deep": 707}},
    "input": {
        "schema": {"claim": "string, Claim 8x", "n?": "integer, Number 9x"},
        "default": {"n": 710},
    },
    "output": {"format": "json", "schema": {"city": "string, City 11x"}},
    "tools": ["tool-12x"],
    "metadata": {"own": "13x"},
    "promptops.tags": ["tag-14x"],
    "toolConfig": {"mode": "15x"},
}
LANGFUSE: dict[str, Any] = {
    "name": "name-1x",
    "type": "chat",
    "version": 702,
    "labels": ["label-3x"],
    "tags": ["tag-4x"],
    "commitMessage": "Commit 5x",
    "prompt": [
        {"role": "system", "content": "Sort 6x {{claim}}"},
        {"type": "placeholder", "name": "history", "more": "7x"},
        {"type": "chatmessage", "role": "user", "content": "Now 8x"},
    ],
    "config": {
        "model": "model-9x",
        "temperature": 0.710,
        "own": {"deep": "11x"},
        "promptops": {"description": "About 12x", "record": {"purpose": "13x"}},
    },
}
MLFLOW: dict[str, Any] = {
    "name": "name-1x",
    "template": [{"role": "system", "content": "Sort 2x {{claim}}", "name": "3x"}],
    "commit_message": "Commit 4x",
    "version": 705,
    "aliases": ["alias-6x"],
    "tags": {"team": "claims-7x", "promptops.description": '"About 8x"', "count": 709},
    "model_config": {
        "provider": "maker-10x",
        "model_name": "model-11x",
        "temperature": 0.712,
        "max_tokens": 713,
        "extra_params": {"own": 714},
    },
    "response_format": {"type": "object", "properties": {"city": {"description": "City 15x"}}},
}
PROMPTFOO: dict[str, Any] = {
    "description": "About 1x",
    "prompts": [
        {"id": "id-2x", "label": "Label 3x", "raw": "Sort 4x {{claim}}", "config": {"a": "5x"}}
    ],
    "providers": [
        {
            "id": "openai:model-6x",
            "label": "7x",
            "config": {"temperature": 0.708, "own": {"deep": 709}},
        },
        "anthropic:model-10x",
    ],
    "tests": [
        {
            "description": "Case 11x",
            "vars": {"claim": "Tree 12x"},
            "assert": [
                {"type": "equals", "value": "Team 13x", "metric": "metric-14x"},
                {"type": "llm-rubric", "value": "Rubric 15x"},
            ],
        }
    ],
    "defaultTest": {
        "options": {"provider": "16x"},
        "assert": [
            {"type": "contains", "value": "team 17x", "metric": "metric-18x", "weight": 719}
        ],
    },
    "outputPath": "out-20x",
}
FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "prompty": ("prompty", PROMPTY),
    "prompty-1": ("prompty", PROMPTY_1),
    "dotprompt": ("dotprompt", DOTPROMPT),
    "langfuse": ("langfuse", LANGFUSE),
    "mlflow": ("mlflow", MLFLOW),
    "promptfoo": ("promptfoo", PROMPTFOO),
}
BODIES = {
    "prompty": "system:\nSort the claim.\n\nuser:\n{{claim}}\n",
    "dotprompt": '{{role "user"}}\nSort {{claim}}\n',
}

Path = tuple[str | int, ...]


def written(format_name: str, value: dict[str, Any]) -> bytes:
    if format_name in BODIES:
        return f"---\n{dump(value)}---\n{BODIES[format_name]}".encode()
    return (json.dumps([value]) if format_name in ("langfuse", "mlflow") else dump(value)).encode()


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Texts and numbers that are unique, each with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    elif isinstance(value, str):
        yield from (
            (path, word)
            for word in value.replace('"', " ").split()
            if word[-1:] == "x" and any(c.isdigit() for c in word)
        )
    elif not isinstance(value, bool) and isinstance(value, int | float) and value:
        yield path, str(value)


def unsaid(format_name: str, value: dict[str, Any]) -> list[Path]:
    """The places whose value neither arrived nor is named."""
    try:
        found = read(format_name, written(format_name, value))
    except CannotConvert:
        return []
    if not found.prompts:
        assert found.losses
        return []
    arrived = "\n".join(f"{prompt.name}\n{prompt.text}" for prompt in found.prompts)
    arrived = f"{arrived}\n{arrived.replace('/', ':')}"  # promptfoo writes maker:model
    told = "\n".join([*map(str, found.losses), *(n for p in found.prompts for n in p.notes)])
    return [
        path
        for path, token in leaves(value)
        if token not in arrived and token not in told and not named(value, path, told)
    ]


def named(value: Any, path: Path, told: str) -> bool:
    """Whether a key of the path, or the name of a thing it is in, is told."""
    last = str(path[-1])
    if last in told.replace(".", " ").replace(":", " ").split() or f" {last} is not" in told:
        return True
    here = value
    for place, part in enumerate(path[:-1]):
        here = here[part]
        whole = ".".join(str(p) for p in path[: place + 1] if isinstance(p, str))
        if place and whole in told:
            return True
        if any(f"{part} {said} not carried" in told for said in ("is", "are")):
            return True
        if (
            f"{part}[" in told
            and isinstance(path[place + 1], int)
            and f"{part}[{path[place + 1]}]" in told
        ):
            return True
    return False


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_rich_file_arrives_or_is_named(name: str) -> None:
    format_name, value = FILES[name]
    found = read(format_name, written(format_name, value))
    assert len(found.prompts) == 1, found.losses
    assert unsaid(format_name, value) == []


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


OTHER = st.sampled_from(
    [
        *(
            "Other 901x",
            902,
            0.903,
            True,
            None,
            [],
            {},
            "",
            ["Item 904x"],
            [905],
            {"inner": "906x"},
        ),
        *([{"name": "name-907x"}], {"name": {"default": "908x"}}, [["909x"]], {"type": "910x"}),
    ]
)


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A file with a value of another type, a key more, or one less, somewhere."""
    format_name, sample = FILES[draw(st.sampled_from(sorted(FILES)))]
    value = copy.deepcopy(sample)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(places(value), key=str)))
        parent = value
        for part in path[:-1]:
            parent = parent[part]
        kind = draw(st.sampled_from(["replace", "add", "remove"]))
        if kind == "remove":
            del parent[path[-1]]
        elif kind == "add" and isinstance(parent, dict):
            key = draw(st.sampled_from(["strange", "id", "tags", "metadata", "options"]))
            parent[key] = copy.deepcopy(draw(OTHER))
        else:
            parent[path[-1]] = copy.deepcopy(draw(OTHER))
        if not value:
            break
    return format_name, value


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(file=changed())
def test_whatever_stands_in_a_file_arrives_or_is_named(file: tuple[str, dict[str, Any]]) -> None:
    format_name, value = file
    assert unsaid(format_name, value) == []
