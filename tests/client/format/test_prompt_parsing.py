"""Reading a prompt file's bytes: the YAML dialect, positions, limits."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.format import MAX_BYTES, parse

HEAD = "messages:\n  - role: user\n    content: hi\n"


def codes(source: bytes | str) -> list[str]:
    parsed = parse(source)
    assert (parsed.file is None) == any(p.severity == "error" for p in parsed.problems)
    return [p.code for p in parsed.problems]


def test_the_smallest_file_is_one_message() -> None:
    parsed = parse(HEAD)
    assert parsed.problems == ()
    assert parsed.file is not None
    assert parsed.file.messages[0].to_json() == {"role": "user", "content": "hi"}


@given(st.binary(max_size=300))
@settings(max_examples=250)
def test_no_bytes_make_it_raise(source: bytes) -> None:
    codes(source)


YAML_PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "messages:",
                "inputs:",
                "variants:",
                "record:",
                "jsonSchema:",
                "tools:",
                "template: ",
            ),
            *(
                "jinja2",
                "role: ",
                "user",
                "content: ",
                "- ",
                "  ",
                "\n",
                "\n  ",
                "\n    ",
                ": ",
                "{",
                "}",
            ),
            *(
                "[",
                "]",
                ",",
                "|",
                ">",
                "'",
                '"',
                "&a ",
                "*a",
                "!!int ",
                "? ",
                "# c",
                "{{ x }}",
                "{{> a",
            ),
            *(
                "{% if %}",
                "---",
                "...",
                "1",
                "0x",
                ".nan",
                "null",
                "placeholder: ",
                "\t",
                "\r",
                "\u2028",
            ),
        ]
    ),
    max_size=40,
).map("".join)


@given(YAML_PIECES)
@settings(max_examples=250)
def test_no_text_that_looks_like_a_prompt_makes_it_raise(source: str) -> None:
    codes(source)


JSON_LIKE: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "role",
                        "content",
                        "type",
                        "text",
                        "image_url",
                        "file",
                        "url",
                        "name",
                        "schema",
                    ),
                    *(
                        "parameters",
                        "messages",
                        "default",
                        "required",
                        "x",
                        "placeholder",
                        "tool_calls",
                    ),
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *(
                    "name",
                    "description",
                    "model",
                    "modelParameters",
                    "template",
                    "inputs",
                    "messages",
                ),
                *("responseFormat", "jsonSchema", "tools", "variants", "retrieval", "testData"),
                *("evaluators", "tags", "owners", "record"),
            ]
        ),
        JSON_LIKE,
        max_size=5,
    )
)
@settings(max_examples=250)
def test_no_value_under_any_key_makes_it_raise(data: dict[str, Any]) -> None:
    codes(json.dumps(data))


@pytest.mark.parametrize(
    "written",
    ["no", "on", "Yes", "off", "y", "2020-01-02", "12:30:45", "1_000", "0o8", "=", "<<", "+.5.1"],
)
def test_what_people_mean_as_text_stays_text(written: str) -> None:
    parsed = parse(f"{HEAD}testData:\n  - x: {written}\n")
    assert parsed.file is not None
    assert parsed.file.test_data[0]["x"] == written


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("7", 7)),
        *(("-3", -3), ("012", 12), ("0o17", 15), ("0x1F", 31), ("1.5", 1.5), ("1e3", 1000.0)),
        *(
            (".5", 0.5),
            ("'7'", "7"),
            ('"true"', "true"),
            ("!!str 7", "7"),
            ("! 7", "7"),
            ("!!int 7", 7),
        ),
        *(("!!float 7", 7.0), ("!!null ''", None)),
    ],
)
def test_scalars_follow_the_core_schema(written: str, value: object) -> None:
    parsed = parse(f"{HEAD}testData:\n  - x: {written}\n")
    if written == "!!null ''":
        assert parsed.problems == ()
    assert parsed.file is not None, parsed.problems
    got = parsed.file.test_data[0]["x"]
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("key", "written"), [("name", "2024"), ("description", "yes"), ("name", "1.10")]
)
def test_a_number_where_a_text_belongs_is_the_text_as_written(key: str, written: str) -> None:
    file = parse(f"{key}: {written}\n{HEAD}").file
    assert file is not None
    assert getattr(file, key) == written


@pytest.mark.parametrize(
    ("source", "code", "line", "column"),
    [
        (HEAD + "name: &a x\n", "anchor", 4, 7),
        (HEAD + "name: *a\n", "alias", 4, 7),
        (HEAD + "x:\n  - *a\n", "alias", 5, 5),
        (HEAD + "name: a\nname: b\n", "duplicate-key", 5, 1),
        (HEAD + "x: {a: 1, a: 2}\n", "duplicate-key", 4, 11),
        (HEAD + "name: !!python/object:os.system x\n", "tag", 4, 7),
        (HEAD + "name: !mine x\n", "tag", 4, 7),
        (HEAD + "x: !!set {a}\n", "tag", 4, 4),
        (HEAD + "!!binary x: 1\n", "tag", 4, 1),
        (HEAD + "x: !!int no\n", "tag", 4, 4),
        (HEAD + "---\nname: x\n", "several-documents", 4, 1),
        (HEAD + "? [a]\n: b\n", "key-not-text", 4, 3),
        (HEAD + "x: 9007199254740993\n", "number-out-of-range", 4, 4),
        (HEAD + "x: " + "9" * 5000 + "\n", "number-out-of-range", 4, 4),
        (HEAD + "x: .inf\n", "number-out-of-range", 4, 4),
        (HEAD + "x: 1e999\n", "number-out-of-range", 4, 4),
        (HEAD + "name: a\x00b\n", "control-character", 4, 8),
        (HEAD + "name: a\x1bb\n", "control-character", 4, 8),
        (HEAD + 'name: "a\\0b"\n', "control-character", 4, 7),
        (HEAD + '"a\\0": b\n', "control-character", 4, 1),
        (HEAD + "name: a\x85b\n", "control-character", 4, 8),
        (HEAD + "name: [a\n", "yaml-syntax", 5, 1),
        (HEAD + "\tname: a\n", "yaml-syntax", 4, 1),
        ((HEAD + "name: é").encode() + b"\xff", "not-utf8", 4, 8),
        (b"\xff", "not-utf8", 1, 1),
        ("", "empty-file", 1, 1),
        ("# nothing\n", "empty-file", 1, 1),
        ("- a\n", "wrong-type", 1, 1),
        ("hello", "wrong-type", 1, 1),
    ],
)
def test_refused_text_is_reported_where_it_is(
    source: bytes | str, code: str, line: int, column: int
) -> None:
    first = next(p for p in parse(source).problems if p.severity == "error")
    assert (first.code, first.line, first.column) == (code, line, column)
    assert first.message


def test_both_uses_of_a_key_given_twice_keep_their_place() -> None:
    parsed = parse("name: 1\nname:\n  a: 1\n  a: 2\nmessages: []\n")
    assert [(p.code, p.key, p.line) for p in parsed.problems] == [
        ("duplicate-key", "name", 2),
        ("duplicate-key", "name.a", 4),
    ]


def test_a_byte_order_mark_is_accepted_with_a_warning() -> None:
    parsed = parse(b"\xef\xbb\xbf" + HEAD.encode())
    assert parsed.file is not None
    assert [(p.severity, p.code, p.line) for p in parsed.problems] == [
        ("warning", "byte-order-mark", 1)
    ]
    assert parsed.text == HEAD


def test_windows_line_ends_are_accepted_and_counted() -> None:
    source = (
        "messages:\r\n  - role: user\r\n    content: |\r\n      one\r\n      two\r\nnmae: x\r\n"
    )
    parsed = parse(source.encode())
    assert parsed.file is not None
    assert parsed.file.messages[0].to_json()["content"] == "one\ntwo\n"
    assert [(p.code, p.line, p.column) for p in parsed.problems] == [("unknown-key", 6, 1)]


def test_columns_count_characters_not_bytes() -> None:
    parsed = parse("x: {ä: '😀', b: *a}\n")
    assert [(p.line, p.column) for p in parsed.problems] == [(1, 16)]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: "])
def test_deep_nesting_is_refused_quickly(opening: str) -> None:
    started = time.process_time()
    code = "key-not-text" if opening == "? " else "too-deep"
    assert codes("x: " * (opening[0] in "[{") + opening * 100_000) == [code]
    assert time.process_time() - started < 1


def test_nesting_up_to_the_limit_is_read() -> None:
    assert "too-deep" not in codes(HEAD + "x: " + "[" * 31 + "]" * 31 + "\n")
    assert "too-deep" in codes(HEAD + "x: " + "[" * 32 + "]" * 32 + "\n")


def test_a_yaml_bomb_stops_at_its_first_anchor() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)
    )
    assert codes(bomb) == ["anchor"]


@pytest.mark.parametrize(
    "source",
    [
        "x: [" + "1," * 500_000 + "]",
        "- " + "a\n- " * 250_000,
        "".join(f"k{i}: 1\n" for i in range(90_000)),
        "messages:\n  - role: user\n    content: '" + "{{}}" * 250_000 + "'\n",
        "messages:\n  - role: user\n    content: '" + "{{ a }}" * 140_000 + "'\n",
        "messages:\n  - role: user\n    content: '" + '{{ "' * 250_000 + "'\n",
        "messages:\n  - role: user\n    content: '" + "{{" * 500_000 + "'\n",
        "messages:\n  - role: user\n    content: '" + "{{ a." * 200_000 + "'\n",
        "x: " + '"' * 1_000_000,
        "#" * 1_000_000,
        "x: " + "{{" * 500_000,
        "a:\n" * 300_000,
        ": " * 500_000,
        "\u2028" * 340_000,
        "!" * 1_000_000,
        "x: |\n" + " \n" * 500_000,
    ],
    ids=range(16),
)
def test_a_file_of_the_largest_size_is_answered_in_bounded_time(source: str) -> None:
    started = time.process_time()
    parsed = parse(source)
    assert time.process_time() - started < 5
    assert len(parsed.problems) <= 202


def test_a_file_over_the_limit_is_refused_by_size() -> None:
    body = HEAD + "# " + "x" * (MAX_BYTES - len(HEAD) - 2)
    assert codes(body) == []
    assert codes(body + "x") == ["file-too-large"]
    assert codes(("é" * (MAX_BYTES // 2 + 1)).encode()) == ["file-too-large"]


def test_many_problems_are_cut_off_and_said_so() -> None:
    problems = parse(HEAD + "".join(f"k{i}: 1\n" for i in range(300))).problems
    assert len(problems) == 101
    assert problems[-1].code == "too-many-problems"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("messages:\n\t- role: user\n", "tabs"),
        ("messages:\n  - role: user\n    content: {{ a }} b\n", "quotes"),
        ("messages:\n  - role: user\n    content: note: this\n", "': '"),
        ('{"name": "\\ud83d\\ude00"}', "the character itself"),
    ],
)
def test_a_syntax_error_comes_with_advice(source: str, hint: str) -> None:
    problem = parse(source).problems[0]
    assert hint in problem.fix


def test_a_problem_reads_as_one_line_and_as_json() -> None:
    problem = parse("messages: []\nname: x\n").problems[0]
    assert str(problem).startswith("1:11: error: messages: messages is empty")
    assert problem.to_dict() == {
        "severity": "error",
        "code": "no-messages",
        "message": "messages is empty: a prompt has at least one message",
        "key": "messages",
        "line": 1,
        "column": 11,
        "fix": "",
    }


def test_the_source_map_finds_values_and_keys() -> None:
    parsed = parse("# c\nmessages:\n  - role: user\n    content: |\n      a\n      {{ b }}\n")
    assert parsed.source.at(("messages", 0, "content")) == (4, 14)
    assert parsed.source.at(("messages", 0, "content"), key=True) == (4, 5)
    assert parsed.source.at(("messages", 0, "missing")) == (3, 5)
    assert parsed.source.inside(("messages", 0, "content"), "{{ b }}", 0) == (6, 7)
