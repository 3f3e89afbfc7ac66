"""Checks of texts: string, regex, length, language, refusal, number."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_world import CASE, answer, case, score

from promptops_server.evaluation.evaluator import EXAMINED
from promptops_server.evaluation.evaluators.number import number_in
from promptops_server.evaluation.model import Case
from promptops_server.providers.model import ToolCall

STRING: list[tuple[dict[str, Any], str, bool | None]] = [
    ({"contains": "MOTOR"}, "The motor team.", True),
    ({"contains": "MOTOR", "ignoreCase": False}, "The motor team.", False),
    ({"equals": "Motor"}, "  Motor\n", True),
    ({"equals": "Motor"}, "motor", False),
    ({"equals": "Motor", "ignoreCase": True}, "motor", True),
    ({"startsWith": "the"}, "The motor team.", True),
    ({"endsWith": "team."}, "The motor team.\n", True),
    ({"endsWith": "team"}, "The motor team.", False),
    ({"contains": "motor", "endsWith": "!"}, "The motor team.", False),
    ({"contains": "{{expected}}"}, "The motor team.", True),
    ({"contains": "{{ claim }}"}, "You wrote: hail broke my window.", True),
    ({"contains": "{{input}}"}, "You wrote: hail broke my window.", True),
    ({"contains": "{{nothing}}"}, "The motor team.", None),
    ({"contains": '{{ "{{" }}'}, "a {{ b", True),
]


@pytest.mark.parametrize(("settings", "text", "passed"), STRING)
def test_strings_are_compared_as_github_does(
    settings: dict[str, Any], text: str, passed: bool | None
) -> None:
    assert score("string", settings, text).passed is passed


def test_a_detail_says_what_was_found_and_what_was_expected() -> None:
    assert score("string", {"contains": "fire"}, "The motor\nteam.").detail == (
        "The answer was to contain “fire”; it is “The motor team.”."
    )
    assert score("string", {"contains": "{{label}}"}, "x").detail == (
        "The check names {{label}}, and this case has no value of that name."
    )


def test_values_beside_the_inputs_may_be_named() -> None:
    labelled = Case("c", "c", {}, values={"label": "urgent"})
    assert score("string", {"contains": "{{label}}"}, "urgent", labelled).passed is True


def test_a_huge_answer_is_judged_by_its_beginning_and_says_so() -> None:
    huge = "a" * (3 * EXAMINED) + "needle"
    found = score("string", {"contains": "needle"}, huge)
    assert found.passed is False
    assert f"Only the first {EXAMINED:,} of {len(huge):,} characters" in found.detail
    assert score("string", {"endsWith": "needle"}, huge).passed is True


REGEX: list[tuple[dict[str, Any], str, bool]] = [
    ({"pattern": r"\bREF-\d{4}\b"}, "It is REF-0042.", True),
    ({"pattern": r"\bref-\d{4}\b"}, "It is REF-0042.", False),
    ({"pattern": r"\bref-\d{4}\b", "ignoreCase": True}, "It is REF-0042.", True),
    ({"pattern": "yes|no", "whole": True}, " yes\n", True),
    ({"pattern": "yes|no", "whole": True}, "yes, of course", False),
    ({"pattern": "guarantee", "absent": True}, "We guarantee it.", False),
    ({"pattern": "guarantee", "absent": True}, "We try.", True),
]


@pytest.mark.parametrize(("settings", "text", "passed"), REGEX)
def test_patterns(settings: dict[str, Any], text: str, passed: bool) -> None:
    assert score("regex", settings, text).passed is passed


def test_a_pattern_takes_linear_time_whatever_it_is() -> None:
    begun = time.process_time()
    assert score("regex", {"pattern": "(a+)+$"}, "a" * 200_000 + "b").passed is False
    assert time.process_time() - begun < 1


def test_a_pattern_re2_cannot_read_breaks_the_check_and_not_the_run() -> None:
    found = score("regex", {"pattern": "(?=a)"}, "a")
    assert found.passed is None and "look-around" in found.detail


@pytest.mark.parametrize(
    ("settings", "text", "passed"),
    [
        ({"maximum": 5}, " motor ", True),
        ({"maximum": 4}, "motor", False),
        ({"minimum": 2, "unit": "words"}, "motor", False),
        ({"minimum": 2, "maximum": 2, "unit": "words"}, "motor team", True),
        ({"maximum": 2, "unit": "lines"}, "a\nb\nc", False),
    ],
)
def test_lengths(settings: dict[str, Any], text: str, passed: bool) -> None:
    assert score("length", settings, text).passed is passed


def test_a_length_is_the_value() -> None:
    found = score("length", {"maximum": 3, "unit": "words"}, "one two three four")
    assert (found.value, found.detail) == (
        4.0,
        "The answer has 4 words; it was to have at most 3.",
    )


@pytest.mark.parametrize(
    ("text", "language", "passed"),
    [
        ("Your claim was sent to the motor team this morning.", "en", True),
        ("Ihr Schaden wurde heute Morgen an das Kfz-Team geschickt.", "en", False),
        ("您的理赔申请今天早上已经转交给车险团队处理。", ["zh", "en"], True),
        ("Tuntutan anda telah dihantar kepada pasukan motor pagi ini.", ["ms", "id"], True),
        ("ok 42", "en", None),
    ],
)
def test_languages(text: str, language: Any, passed: bool | None) -> None:
    found = score("language", {"is": language}, text)
    assert found.passed is passed, found.detail


NUMBERS: list[tuple[dict[str, Any], Any, str, bool | None]] = [
    ({"expected": 1250.5}, None, "The total is SGD 1,250.50 today.", True),
    ({}, 42, "42", True),
    ({}, "42 dollars", "It is 42.0.", True),
    ({"absolute": 0.5}, 10, "about 10.5", True),
    ({"absolute": 0.4}, 10, "about 10.5", False),
    ({"relative": 0.01}, 200, "198", True),
    ({"relative": 0.01}, -200, "\u2212197", False),
    ({"absolute": 0.1}, 0.3, "0.2", True),  # binary fractions: 0.3 - 0.2 is more than 0.1
    ({}, 3, "none", False),
    ({}, None, "3", None),
    ({"path": "$.sum"}, 3, '{"sum": 3}', True),
    ({"path": "$.sum"}, 3, '{"sum": "3.0"}', True),
    ({"path": "$.total"}, 3, '{"sum": 3}', False),
    ({"path": "$.sum"}, 3, "sum: 3", False),
]


@pytest.mark.parametrize(("settings", "expected", "text", "passed"), NUMBERS)
def test_numbers(settings: dict[str, Any], expected: Any, text: str, passed: bool | None) -> None:
    found = score("number", settings, text, case(expected))
    assert found.passed is passed, found.detail


@given(st.floats(-1e12, 1e12), st.text(st.sampled_from("abc xyz:$"), max_size=5))
def test_a_number_is_found_again_in_any_text(number: float, around: str) -> None:
    assert number_in(f"{around} {number:,.6f} {around}") == pytest.approx(number, abs=1e-6)


@given(st.text() | st.floats() | st.integers() | st.none() | st.booleans())
def test_looking_for_a_number_never_raises_and_gives_a_finite_one(value: Any) -> None:
    found = number_in(value)
    assert found is None or abs(found) < float("inf")


def test_a_refusal_is_told_by_the_endpoint_or_by_its_words() -> None:
    declined = "I'm sorry, but I can't help with that request."
    assert score("refusal", {"expected": True}, declined).passed is True
    assert score("refusal", {}, declined).passed is False
    assert score("refusal", {}, "Your claim is with the motor team.").passed is True
    assert score("refusal", {"expected": True}, answer("", stop="refusal")).passed is True
    filtered = score("refusal", {}, answer("", stop="filtered", stop_said="content_filter"))
    assert filtered.passed is False and "content_filter" in filtered.detail
    assert score("refusal", {"expected": True}, answer("", refusal="No.")).passed is True
    called = answer(declined, tool_calls=(ToolCall("1", "look_up", "{}"),))
    assert score("refusal", {}, called).passed is True


def test_the_case_of_these_tests_has_one_input() -> None:
    assert len(CASE.inputs) == 1
