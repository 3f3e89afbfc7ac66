"""Writing new files: house style, and every value exactly as it was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from format_samples import PLAIN_VALUES, TEXTS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promptops.format import CannotWrite, dump
from promptops.format.editor import same
from promptops.format.source import decode
from promptops.format.yaml_reader import read_yaml


def read_back(text: str) -> Any:
    _, report = decode(text)
    value = read_yaml(report)
    assert not report.failed, report.problems()
    return value


@given(st.dictionaries(TEXTS, PLAIN_VALUES, max_size=5))
@settings(max_examples=200)
def test_every_value_reads_back_as_it_was(data: dict[str, Any]) -> None:
    assert same(read_back(dump(data)), data)


@given(TEXTS)
@example("a" * 101)
@example(" " + "a" * 101)
@example("a\n" * 3 + "\n" * 3)
@example("\t\n\ta\n")
@example("a" * 101 + " ")
@settings(max_examples=200)
def test_every_text_reads_back_wherever_it_stands(text: str) -> None:
    data = {"a": text, "l": [text, [text], {"k": text}], "m": {"n": {"o": text}, "p": text}}
    assert same(read_back(dump(data)), data)


@given(TEXTS)
@settings(max_examples=150)
def test_readers_of_yaml_1_1_see_the_same_texts(text: str) -> None:
    """Other tools read prompt files too, and many still follow YAML 1.1."""
    data = {"a": text, "l": [text], "m": {"n": text}}
    assert yaml.safe_load(dump(data)) == data


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_readers_of_yaml_1_1_see_the_same_numbers(number: float) -> None:
    assert yaml.safe_load(dump({"a": number})) == {"a": number}


def test_a_file_is_written_in_house_style() -> None:
    data = {
        "tags": ["a b", "no", "1", ""],
        "messages": [
            {"role": "system", "content": "One\n  two \n\nthree\n"},
            {"role": "user", "content": "{{ x }}: it's"},
            {"role": "user", "content": "  indented\nend"},
        ],
        "name": "Triage",
        "modelParameters": {"temperature": 1e-05, "stop": [], "x": {}, "z": None},
        "extra": 'say "hi"',
    }
    assert dump(data) == (
        "name: Triage\n"
        "modelParameters:\n"
        "  temperature: 1.0e-05\n"
        "  stop: []\n"
        "  x: {}\n"
        "  z: null\n"
        "messages:\n"
        "  - role: system\n"
        "    content: |\n"
        "      One\n"
        "        two \n"
        "\n"
        "      three\n"
        "  - role: user\n"
        '    content: "{{ x }}: it\'s"\n'
        "  - role: user\n"
        "    content: |2-\n"
        "        indented\n"
        "      end\n"
        "tags:\n"
        "  - a b\n"
        '  - "no"\n'
        '  - "1"\n'
        '  - ""\n'
        "extra: 'say \"hi\"'\n"
    )


def test_a_long_text_becomes_a_block_that_people_can_edit() -> None:
    assert dump({"a": "word " * 30 + "end"}) == "a: |-\n  " + "word " * 30 + "end\n"


@pytest.mark.parametrize(
    "value",
    [
        *("a\x00b", "\x1b", "a\x85b", "\ud800", "\uffff"),
        float("nan"),
        float("inf"),
        b"x",
        {1},
        {1: 2},
    ],
)
def test_what_no_prompt_file_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(CannotWrite):
        dump({"a": value})
    with pytest.raises(CannotWrite):
        dump({"a": [{"b": value}]})
