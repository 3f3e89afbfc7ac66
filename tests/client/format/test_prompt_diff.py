"""Comparing two files."""

from __future__ import annotations

from typing import Any

from format_samples import FILES
from hypothesis import given

from promptops.format import Change, PromptFile, diff_prompts, dump, parse, unified


def read(data: Any) -> PromptFile:
    parsed = parse(data if isinstance(data, str) else dump(data))
    assert parsed.file is not None
    return parsed.file


A = "name: a\nmodel: m\nmessages: [{role: user, content: hi}]\nmodelParameters: {seed: 1}\n"
B = "messages: [{role: user, content: ho}, {placeholder: h}]\nname: a\nmodelParameters: {topP: 1.0}\n"


def test_differences_are_told_by_key() -> None:
    assert diff_prompts(read(A), read(B)) == [
        Change("messages[0].content", "hi", "ho", "changed"),
        Change("messages[1]", None, {"placeholder": "h"}, "added"),
        Change("modelParameters.topP", None, 1.0, "added"),
        Change("modelParameters.seed", 1, None, "removed"),
        Change("model", "m", None, "removed"),
    ]


def test_a_file_that_appears_or_goes_differs_in_every_key() -> None:
    assert {(c.key, c.kind) for c in diff_prompts(None, read(B))} == {
        *(("messages", "added"), ("name", "added"), ("modelParameters", "added"))
    }
    assert {c.kind for c in diff_prompts(read(B), None)} == {"removed"}
    assert diff_prompts(None, None) == []


def test_order_and_comments_are_no_difference() -> None:
    again = "# note\nmodelParameters: {seed: 1}\nmodel: m\nmessages:\n- {content: hi, role: user}\nname: a\n"
    assert diff_prompts(read(A), read(again)) == []


def test_a_number_and_a_text_of_it_differ() -> None:
    one = "messages: [{role: user, content: hi}]\ntestData: [{x: 1}]\n"
    changes = diff_prompts(read(one), read(one.replace("x: 1", "x: '1'")))
    assert changes == [Change("testData[0].x", 1, "1", "changed")]


@given(FILES)
def test_a_file_does_not_differ_from_itself(data: dict[str, Any]) -> None:
    assert diff_prompts(read(data), read(data)) == []


def test_a_text_diff_names_both_sides_and_a_missing_line_end() -> None:
    assert unified("a\nb\n", "a\nc", "v1", "v2") == (
        "--- v1\n+++ v2\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"
    )
    assert unified(A, A, "v1", "v2") == ""
