"""Checks of structure: JSON schemas, paths, function calls; and of figures: time, cost, tokens."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_world import ToolCall, Usage, answer, case, score

from promptops_server.evaluation.evaluator import Tools
from promptops_server.evaluation.json_answers import MAX_JSON
from promptops_server.evaluation.texts import same

SCHEMA = {
    "type": "object",
    "properties": {
        "team": {"type": "string", "pattern": "^[a-z]+$"},
        "pages": {"type": "array", "uniqueItems": True},
    },
    "required": ["team"],
    "additionalProperties": False,
}
JSON_SCHEMA: list[tuple[str, bool | None, str]] = [
    ('{"team": "motor"}', True, "The answer fits the schema."),
    ('{"team": "Motor"}', False, "at team: 'Motor' does not match '^[a-z]+$'"),
    ('{"team": 3}', False, "at team: 3 is not of type 'string'"),
    ("{}", False, "'team' is a required property"),
    ('{"team": "a", "more": 1}', False, "'more' is not in the schema"),
    ('{"team": "a", "pages": [1, 1.0]}', False, "at pages: 1 stands twice"),
    ("motor", False, "The answer is not JSON: Expecting value (line 1, column 1)"),
    ('{"team": NaN}', False, "NaN is no JSON value"),
    ('```json\n{"team": "motor"}\n```', False, "`fenced: true` would admit"),
    ("[" * 100_000, False, "not JSON"),
    (" " * MAX_JSON + "{}", None, "JSON is read up to 200,000"),
]


@pytest.mark.parametrize(("text", "passed", "said"), JSON_SCHEMA)
def test_answers_are_held_against_a_schema(text: str, passed: bool | None, said: str) -> None:
    found = score("jsonSchema", {"schema": SCHEMA}, text)
    assert (found.passed, said in found.detail) == (passed, True), found.detail


def test_a_fence_is_admitted_where_the_check_says_so() -> None:
    fenced = '```json\n{"team": "motor"}\n```'
    assert score("jsonSchema", {"schema": SCHEMA, "fenced": True}, fenced).passed is True


def test_the_prompts_own_schema_is_the_default() -> None:
    own = Tools(json_schema={"name": "triage", "strict": True, "schema": SCHEMA})
    assert score("jsonSchema", {}, '{"team": "motor"}', tools=own).passed is True
    assert score("jsonSchema", {}, "{}", tools=own).passed is False
    assert score("jsonSchema", {}, "{}").passed is None


def chain(length: int) -> dict[str, Any]:
    """Each definition asks for the next twice: a validator that follows all takes 2^length steps."""
    links = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]}
        for n in range(length)
    }
    return {"$defs": {**links, f"d{length}": {}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    ("schema", "text", "said"),
    [
        (chain(40), "1", "more than 200,000 steps"),
        ({"$ref": "#"}, "1", "refers to itself without end"),
        ({"$ref": "https://example.org/schema"}, "1", "which is not in it"),
        ({"pattern": "(?=a)"}, '"a"', "look-around"),
    ],
)
def test_no_schema_takes_unbounded_time_or_reaches_out(
    schema: dict[str, Any], text: str, said: str
) -> None:
    begun = time.process_time()
    found = score("jsonSchema", {"schema": schema}, text)
    assert found.passed is None and said in found.detail, found.detail
    assert time.process_time() - begun < 10


def test_evil_patterns_of_a_schema_take_linear_time() -> None:
    schema = {"patternProperties": {"(a+)+$": {"type": "number"}}, "additionalProperties": False}
    begun = time.process_time()
    text = '{"' + "a" * 50_000 + '!": 1}'
    assert score("jsonSchema", {"schema": schema}, text).passed is False
    assert score("jsonSchema", {"schema": schema}, '{"aa": 1}').passed is True
    assert score("jsonSchema", {"schema": schema}, '{"aa": "x"}').passed is False
    assert time.process_time() - begun < 2


ANSWER = '{"team": "motor", "sum": 1200, "lines": [{"n": 1}, {"n": 2}], "done": true}'
PATHS: list[tuple[dict[str, Any], bool]] = [
    ({"path": "$.team"}, True),
    ({"path": "$.owner"}, False),
    ({"path": "$.owner", "exists": False}, True),
    ({"path": "$.team", "exists": False}, False),
    ({"path": "$.team", "equals": "{{expected}}"}, True),
    ({"path": "$.team", "equals": "fire"}, False),
    ({"path": "$.done", "equals": 1}, False),
    ({"path": "$.sum", "equals": 1200.0}, True),
    ({"path": "$.team", "contains": "mot"}, True),
    ({"path": "$.lines", "contains": {"n": 2}}, True),
    ({"path": "$.lines[*].n", "minimum": 1, "maximum": 2}, True),
    ({"path": "$.lines[*].n", "maximum": 1}, False),
    ({"path": "$.team", "minimum": 1}, False),
    ({"path": "$.lines[?@.n > 1].n", "equals": 2}, True),
]


@pytest.mark.parametrize(("settings", "passed"), PATHS)
def test_paths_lead_to_values(settings: dict[str, Any], passed: bool) -> None:
    found = score("jsonPath", settings, ANSWER, case("motor"))
    assert found.passed is passed, found.detail


def test_a_number_is_compared_as_a_number_with_the_expected_one() -> None:
    assert score("jsonPath", {"path": "$.sum", "equals": "{{expected}}"}, ANSWER, case(1200)).passed
    found = score("jsonPath", {"path": "$.sum", "equals": "{{expected}}"}, ANSWER, case("1200"))
    assert found.passed is False


@pytest.mark.parametrize(
    "path", ["$..a..b..c", "$[?@..a]", "$[?$.a == 1]", "$[?match(@, '(a+)+$')]", "$.", "a" * 400]
)
def test_a_path_that_could_take_for_ever_is_none(path: str) -> None:
    assert score("jsonPath", {"path": path}, "{}").passed is None


def test_a_wide_answer_is_walked_in_bounded_time() -> None:
    begun = time.process_time()
    wide = "[" + ",".join(['{"a":[1,2,3]}'] * 10_000) + "]"
    assert score("jsonPath", {"path": "$..a..b"}, wide).passed is False
    assert time.process_time() - begun < 5


CALLED = answer("", tool_calls=(ToolCall("1", "find_policy", '{"number": "P-7", "year": 2024}'),))
CALLS: list[tuple[dict[str, Any], bool]] = [
    ({"name": "find_policy"}, True),
    ({"name": "close_claim"}, False),
    ({"name": "find_policy", "arguments": {"number": "{{number}}"}}, True),
    ({"name": "find_policy", "arguments": {"number": "P-8"}}, False),
    ({"name": "find_policy", "arguments": {"year": 2024.0}}, True),
    ({"name": "find_policy", "arguments": {"number": "P-7"}, "exactly": True}, False),
    ({"name": "find_policy", "arguments": {"number": "P-7", "year": 2024}, "exactly": True}, True),
    ({"name": "find_policy", "arguments": {"month": 1}}, False),
    ({"none": True}, False),
]


@pytest.mark.parametrize(("settings", "passed"), CALLS)
def test_function_calls(settings: dict[str, Any], passed: bool) -> None:
    found = score("toolCall", settings, CALLED, case(number="P-7"))
    assert found.passed is passed, found.detail


def test_calling_nothing_can_be_asked_for() -> None:
    assert score("toolCall", {"none": True}, "Hello").passed is True
    broken = answer("", tool_calls=(ToolCall("1", "f", "{"),))
    found = score("toolCall", {"name": "f", "arguments": {"a": 1}}, broken)
    assert found.passed is False and "not JSON" in found.detail


FAST = answer("x", latency_ms=800.0, first_token_ms=120.0, usage=Usage(input=900, output=40))
FIGURES: list[tuple[str, dict[str, Any], bool | None, float | None]] = [
    ("latency", {"maximum": 800}, True, 800.0),
    ("latency", {"maximum": 799}, False, 800.0),
    ("latency", {"firstToken": 100}, False, 120.0),
    ("latency", {"firstToken": 120, "maximum": 1_000}, True, 800.0),
    ("cost", {"maximum": 0.0015}, True, 0.0015),
    ("cost", {"maximum": 0.001}, False, 0.0015),
    ("tokens", {"output": 40}, True, 40.0),
    ("tokens", {"total": 939}, False, 940.0),
    ("tokens", {"reasoning": 10}, None, None),
]


@pytest.mark.parametrize(("kind", "settings", "passed", "value"), FIGURES)
def test_figures_are_held_against_limits(
    kind: str, settings: dict[str, Any], passed: bool | None, value: float | None
) -> None:
    found = score(kind, settings, FAST)
    assert (found.passed, found.value) == (passed, value), found.detail


def test_what_is_not_known_is_neither_passed_nor_failed() -> None:
    assert score("cost", {"maximum": 1}, answer("x", cost=None)).passed is None
    assert score("latency", {"firstToken": 1}, "x").passed is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_sameness_is_that_of_json(left: Any, right: Any) -> None:
    assert same(left, left) and same(left, right) == same(right, left)
    assert not same(True, 1) and same(1, 1.0) and not same("1", 1)
