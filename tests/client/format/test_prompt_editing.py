"""Changing a file: only what changes changes."""

from __future__ import annotations

import copy
import difflib
import time
from typing import Any

import pytest
from format_samples import FILES, PLAIN_VALUES, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from test_prompt_writing import read_back

from promptops.format import REMOVE, CannotEdit, CannotWrite, dump, edit
from promptops.format.editor import same

SOURCE = """\
# Sorts claims into teams.
name:   Triage  # shown in lists
model: "openai/gpt-4o"
modelParameters: {temperature: 0.5, maxTokens: 10}

# What the model is told
messages:
- role: system   # the rules
  content: |
      One
        two

      three
- role: user
  content: 'hello {{ x }}'  # from the form
# after the messages
tags: [a, b]
testData:
    -   x: >-
            folded
            text

        expected: 1
"""


def changed_lines(changes: dict[Any, Any], source: str = SOURCE) -> list[str]:
    lines = difflib.unified_diff(
        source.splitlines(), edit(source, changes).splitlines(), n=0, lineterm=""
    )
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("name",), "No", ["-name:   Triage  # shown in lists", '+name:   "No"  # shown in lists']),
        (("model",), "x", ['-model: "openai/gpt-4o"', '+model: "x"']),
        (
            ("modelParameters", "temperature"),
            *(
                0.7,
                [
                    "-modelParameters: {temperature: 0.5, maxTokens: 10}",
                    "+modelParameters: {temperature: 0.7, maxTokens: 10}",
                ],
            ),
        ),
        (
            ("modelParameters", "topP"),
            *(
                1.0,
                [
                    "-modelParameters: {temperature: 0.5, maxTokens: 10}",
                    "+modelParameters: {temperature: 0.5, maxTokens: 10, topP: 1.0}",
                ],
            ),
        ),
        (("messages", 0, "content"), "One\n  two\n\nfour\n", ["-      three", "+      four"]),
        (
            ("messages", 1, "content"),
            *(
                "it's",
                [
                    "-  content: 'hello {{ x }}'  # from the form",
                    "+  content: 'it''s'  # from the form",
                ],
            ),
        ),
        (
            ("messages", 1, "content"),
            *(
                "a\nb",
                [
                    "-  content: 'hello {{ x }}'  # from the form",
                    *("+  content: |-  # from the form", "+    a", "+    b"),
                ],
            ),
        ),
        (("messages", 1, "name"), "bob", ["+  name: bob"]),
        (("messages", 2), {"role": "user", "content": "z"}, ["+- role: user", "+  content: z"]),
        (("description",), "Sorts.", ["+description: Sorts."]),
        (("inputs", "x", "type"), "string", ["+inputs:", "+  x:", "+    type: string"]),
        (("tags", 2), "c", ["-tags: [a, b]", "+tags: [a, b, c]"]),
        (("tags",), ["c"], ["-tags: [a, b]", "+tags: [c]"]),
        (("testData", 0, "expected"), 2, ["-        expected: 1", "+        expected: 2"]),
        (("testData", 1), {"x": "z"}, ["+    - x: z"]),
        (("name",), REMOVE, ["-name:   Triage  # shown in lists"]),
        (("tags", 0), REMOVE, ["-tags: [a, b]", "+tags: [b]"]),
        (("tags",), REMOVE, ["-tags: [a, b]"]),
        (
            ("messages", 1),
            *(REMOVE, ["-- role: user", "-  content: 'hello {{ x }}'  # from the form"]),
        ),
        (("nothing", "here"), REMOVE, []),
        (("model",), "openai/gpt-4o", []),
    ],
)
def test_a_change_touches_only_its_own_lines(path: Any, value: Any, lines: list[str]) -> None:
    assert changed_lines({path: value}) == lines


def test_a_new_key_takes_its_place_in_house_order() -> None:
    text = edit(
        "name: a\nmessages:\n  - role: user\n    content: b\ntags: [c]\n", {("model",): "m"}
    )
    assert text.splitlines()[:2] == ["name: a", "model: m"]


def test_windows_line_ends_are_kept() -> None:
    source = SOURCE.replace("\n", "\r\n")
    every: list[dict[Any, Any]] = [
        {("name",): "a\nb\n"},
        {("record", "D03"): "x"},
        {("messages", 0): REMOVE},
    ]
    for changes in every:
        text = edit(source, changes)
        assert text.count("\n") == text.count("\r\n")
        assert same(read_back(text), read_back(edit(SOURCE, changes)))


def test_a_file_without_final_line_end_is_extended() -> None:
    assert edit("a: 1", {("b",): 2}) == "a: 1\nb: 2\n"
    assert read_back(edit("a: 1", {("a",): "x\ny\n"})) == {"a": "x\ny\n"}


def test_an_empty_file_or_one_of_comments_is_filled() -> None:
    assert edit("", {("name",): "a"}) == "name: a\n"
    assert edit("# note", {("name",): "a"}) == "# note\nname: a\n"


def test_several_changes_are_made_in_order() -> None:
    text = edit(SOURCE, {("messages", 0): REMOVE, ("messages", 0, "content"): "last"})
    assert read_back(text)["messages"] == [{"role": "user", "content": "last"}]


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("a: [", {("b",): 1}),
        ("a: 1\na: 2\n", {("b",): 1}),
        ("a: 1\n", {("a", "b"): 1}),
        ("a: [1]\n", {("a", 5): 1}),
        ("a: [1]\n", {("a", "b"): 1}),
        ("a: {b: 1}\n", {("a", 0): 1}),
        ("a: 1\n", {(): REMOVE}),
        ("a: 1\n", {("b", 3): 1}),
    ],
)
def test_a_change_that_does_not_fit_is_refused(source: str, changes: dict[Any, Any]) -> None:
    with pytest.raises(CannotEdit):
        edit(source, changes)


def test_a_value_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(CannotWrite):
        edit("a: 1\n", {("a",): "\x00"})


UNUSUAL = [
    "? a\n: b\n",
    "{a: 1,\n b: {c: 2} # note\n}\n",
    "a:\n- - 1\n  - 2\n- 3\n",
    "a:\n  -\n    b: 1\n    c: 2\n  -\n    b: 3\n",
    "--- # doc\na: 1\n...\n",
    "a: plain\n  over lines\nb: 'quoted\n  over lines'\n",
    "a: |+\n  x\n\n\nb: >2\n    y\n  z\nc:\n",
    "a: # note\n  # more\n  b: 1\n\n# end\n",
    "\"a\": 1\n'b': [\n  1, # one\n  2,\n]\n",
    "1: a\ntrue: b\n2020-01-01: c\n",
    "a: !!str 1\nb: ! x\n",
    "a:\n    b:\n        - c\n        -   d:\n              - e\n",
    "a: 'x' \t\nb: \"y\" # z\n",
    "a: {}\nb: []\nc: ''\nd: ~\n",
]


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for part, item in items:
        found += paths_in(item, (*path, part))
    return found


def with_change(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    data = copy.deepcopy(data)
    node = data
    for part in path[:-1]:
        node = node[part]
    if value is REMOVE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return data


@given(st.sampled_from([*UNUSUAL, SOURCE]), st.data())
@settings(max_examples=250)
def test_any_value_in_any_layout_can_be_set_or_removed(source: str, draw: st.DataObject) -> None:
    data = read_back(source)
    path = draw.draw(st.sampled_from(paths_in(data)[1:]))
    value = draw.draw(st.just(REMOVE) | TEXTS | PLAIN_VALUES)
    text = edit(source, {path: value})
    assert same(read_back(text), with_change(data, path, value))
    kept = [line.strip() for line in source.splitlines() if line.strip().startswith("# ")]
    if source is SOURCE:
        assert all(comment in text for comment in kept)


@pytest.mark.parametrize("old", ["a\n\t\n", "a\n   \n", " a\n\n", "a\n\n\n", "a \n \nb\n"])
@pytest.mark.parametrize("new", ["A", "\tq\nb", " \nq", "q\n\n"])
def test_blank_lines_of_a_text_go_with_it(old: str, new: str) -> None:
    source = dump({"messages": [{"role": "user", "content": old}], "tags": ["z"]})
    text = edit(source, {("messages", 0, "content"): new})
    assert read_back(text) == {"messages": [{"role": "user", "content": new}], "tags": ["z"]}


def test_a_megabyte_of_blank_lines_is_edited_in_bounded_time() -> None:
    source = "a: |\n" + "  x\n" + "\n" * 500_000 + "  y\n" + "   \n" * 100_000 + "b: 1\n"
    started = time.process_time()
    text = edit(source, {("a",): "short"})
    assert time.process_time() - started < 5
    assert read_back(text) == {"a": "short", "b": 1}


@given(FILES, st.data())
@settings(max_examples=100)
def test_a_text_changed_and_changed_back_is_the_file_it_was(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    source = dump(data)
    path = ("messages", 0, "content")
    old = data["messages"][0]["content"]
    new = draw.draw(TEXTS)
    there = edit(source, {path: new})
    assert same(read_back(there), with_change(data, path, new))
    assert same(read_back(edit(there, {path: old})), data)
