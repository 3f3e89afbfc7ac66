"""Suite files: what is read, what is refused where, and keys and digests that stay."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import dump
from promptops.format.canonical import digest_of
from promptops.format.evaluator_kinds import KINDS
from promptops.format.suite import ParsedSuite, is_suite, parse_suite, suite_path_of

SUITE = """\
name: Edge cases
description: What went wrong before.
cases:
  - name: hail
    inputs: {claim: Hail broke my window., pages: 3}
    expected: motor
    tags: [weather, "2024"]
    evaluators:
      - name: short
        length: {maximum: 40, unit: words}
  - inputs: {claim: A tree fell on my car.}
evaluators:
  - name: names the team
    string: {contains: "{{expected}}"}
  - name: cheap
    required: false
    cost: {maximum: 0.01}
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in parse_suite(text).problems]


def test_a_suite_is_read_whole() -> None:
    suite = parse_suite(SUITE).suite
    assert suite is not None and problems(SUITE) == []
    assert (suite.name, suite.description) == ("Edge cases", "What went wrong before.")
    hail, tree = suite.cases
    assert (hail.key, hail.expected, hail.tags) == ("hail", "motor", ("weather", "2024"))
    assert hail.inputs == {"claim": "Hail broke my window.", "pages": 3}
    assert [(e.name, e.kind, e.settings) for e in hail.evaluators] == [
        ("short", "length", {"maximum": 40, "unit": "words"})
    ]
    assert tree.key.startswith("inputs:") and tree.name == "claim=A tree fell on my car."
    assert [(e.name, e.required) for e in suite.evaluators] == [
        ("names the team", True),
        ("cheap", False),
    ]


ONE = "cases:\n  - inputs: {a: b}\nevaluators:\n"
REFUSED = {
    "": "1:1: error: the file must be a mapping, not nothing (a suite file has at least cases: with the inputs of one case)",
    "cases: []\n": "1:1: error: the suite has no cases (add cases: with inputs: of one)",
    "cases: [&a {inputs: {}}, *a]\n": "1:9: error: cases: anchors (&name) are not allowed (remove the anchor)",
    "cases:\n  - name: x\n  - name: x\n": "3:11: error: cases[1].name: cases[0] is named 'x' too (give each case its own name, or none)",
    "cases:\n  - inputs: [a]\n": "2:13: error: cases[0].inputs: cases[0].inputs must be a mapping, not a list",
    "cases:\n  - inputs: {a: b}\n    tags: 3\n": "3:11: error: cases[0].tags: cases[0].tags must be a list, not an integer",
    ONE
    + "  - name: x\n": "4:5: error: evaluators[0]: evaluators[0] says nothing to check (kinds are "
    + ", ".join(KINDS)
    + ")",
    ONE
    + "  - name: x\n    string: {contains: a}\n    regex: {pattern: b}\n": "6:5: error: evaluators[0].regex: evaluators[0] is both string and regex (write two evaluators)",
    ONE
    + "  - name: x\n    regex: {patern: b}\n": "5:12: error: evaluators[0].regex: evaluators[0].regex has no pattern (add pattern: …)",
    ONE
    + "  - name: x\n    latency: {maximum: soon}\n": "5:24: error: evaluators[0].latency.maximum: evaluators[0].latency.maximum must be a number, not a text",
    ONE
    + "  - name: x\n    uses: github/fluency\n": "5:11: error: evaluators[0].uses: the named evaluator 'github/fluency' is not run here (write an llm evaluator with a prompt and choices of your own)",
    ONE
    + "  - {name: x, string: {equals: a}}\n  - {name: x, string: {equals: b}}\n": "5:12: error: evaluators[1].name: there are two evaluators 'x' (give each its own name: results are told apart by it)",
    "cases:\n  - inputs: {a: b}\n    evaluators: [{name: x, string: {equals: a}}]\nevaluators:\n  - {name: x, string: {equals: b}}\n": "3:18: error: cases[0].evaluators[0]: the evaluator 'x' is also one of the whole suite (give it a name of its own: results are told apart by it)",
}


@pytest.mark.parametrize("text", REFUSED)
def test_an_error_says_where_and_what_to_do(text: str) -> None:
    assert REFUSED[text] in problems(text)
    assert parse_suite(text).suite is None


WARNED = {
    "casses: 1\ncases:\n  - inputs: {a: b}\nevaluators: [{name: x, string: {equals: a}}]\n": "1:1: warning: casses: the key 'casses' is not known: it is kept and has no effect (did you mean 'cases'?)",
    "cases:\n  - inputs: {a: b}\n": "1:1: warning: the suite asks nothing of the answers: every one of them passes (add evaluators:)",
    "cases:\n  - inputs: {a: b}\n  - inputs: {a: b}\n": "3:5: warning: cases[1]: cases[1] has the same inputs as cases[0] (give them names, so that their results stay apart)",
    ONE
    + "  - name: x\n    regx: {pattern: a}\n": "5:5: warning: evaluators[0].regx: 'regx' is not a kind of evaluator we know (did you mean 'regex'?)",
}


@pytest.mark.parametrize("text", WARNED)
def test_what_may_be_meant_is_a_warning(text: str) -> None:
    assert WARNED[text] in problems(text)
    assert parse_suite(text).suite is not None


def test_githubs_similarity_is_ours_by_another_name() -> None:
    suite = parse_suite(ONE + "  - {name: close, uses: github/similarity}\n").suite
    assert suite is not None
    assert [(e.name, e.kind, e.settings) for e in suite.evaluators] == [("close", "similarity", {})]


def test_a_kind_from_a_package_of_the_server_is_kept_with_its_settings() -> None:
    suite = parse_suite(ONE + "  - {name: ours, tone: {is: formal}}\n").suite
    assert suite is not None and suite.evaluators[0].kind == "tone"
    assert suite.evaluators[0].settings == {"is": "formal"}


def test_a_text_may_be_written_without_quotes() -> None:
    suite = parse_suite(ONE + "  - {name: x, string: {contains: 1.10}}\n").suite
    assert suite is not None and suite.evaluators[0].settings == {"contains": "1.10"}


def test_too_many_cases_are_refused() -> None:
    text = "cases:\n" + "  - inputs: {a: b}\n" * 5_001
    assert any("at most 5,000" in line for line in problems(text))


def test_a_suite_is_known_by_its_ending() -> None:
    assert suite_path_of("claims/triage.edge.suite.yml") == "claims/triage.edge"
    assert is_suite("x.suite.yaml") and not is_suite("x.prompt.yml") and not is_suite(".suite.yml")


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"]),
    max_size=12,
)
LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
INPUTS = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), VALUES, max_size=3)
WORDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)


def inputs_given(case: dict[str, object]) -> str:
    """Two cases with the same of this have the same inputs: null counts as not given."""
    inputs = case["inputs"]
    assert isinstance(inputs, dict)
    return digest_of({name: value for name, value in inputs.items() if value is not None})


CASES = st.fixed_dictionaries(
    {"inputs": INPUTS}, optional={"name": WORDS, "expected": VALUES, "tags": st.lists(WORDS)}
)


def suite_text(cases: list[dict[str, object]]) -> str:
    return dump({"cases": cases, "evaluators": [{"name": "x", "string": {"contains": "a"}}]})


def readable(text: str) -> ParsedSuite:
    parsed = parse_suite(text)
    assert parsed.suite is not None, problems(text)
    return parsed


@given(
    st.lists(CASES, min_size=1, max_size=5, unique_by=inputs_given),
    CASES,
    st.integers(0, 5),
)
def test_keys_stay_when_a_case_is_added_anywhere(
    cases: list[dict[str, object]], added: dict[str, object], at: int
) -> None:
    names = [case["name"] for case in cases if "name" in case]
    if len(set(names)) < len(names) or added.get("name") in names:
        return
    before = readable(suite_text(cases)).suite
    more = [*cases]
    more.insert(min(at, len(cases)), {**added, "inputs": {**added["inputs"], "added": 1}})  # type: ignore[dict-item]
    after = readable(suite_text(more)).suite
    assert before is not None and after is not None
    assert {c.key for c in before.cases} < {c.key for c in after.cases}
    assert len({c.key for c in after.cases}) == len(more)


@given(st.lists(CASES, min_size=1, max_size=5, unique_by=inputs_given), st.randoms())
def test_the_digest_covers_content_and_nothing_else(
    cases: list[dict[str, object]], chance: random.Random
) -> None:
    names = [case["name"] for case in cases if "name" in case]
    if len(set(names)) < len(names):
        return
    suite = readable(suite_text(cases)).suite
    shuffled = [dict(case, tags=["other"]) for case in cases]
    chance.shuffle(shuffled)
    same = readable("# a comment\nname: For people\n" + suite_text(shuffled)).suite
    other = [*cases]
    other[0] = {**other[0], "expected": "something else entirely"}
    changed = readable(suite_text(other)).suite
    assert suite is not None and same is not None and changed is not None
    assert suite.digest == same.digest
    assert suite.digest != changed.digest


@given(st.text() | st.binary())
def test_reading_never_raises(content: str | bytes) -> None:
    parsed = parse_suite(content)
    assert (parsed.suite is None) == bool(parsed.errors)


@given(VALUES)
def test_whatever_stands_in_a_suite_is_read_or_reported(value: object) -> None:
    for text in (
        dump({"cases": value}),
        dump({"cases": [{"inputs": {"a": "b"}, "evaluators": value}]}),
        dump({"cases": [value], "evaluators": [{"name": "x", "llm": value, "string": value}]}),
    ):
        parsed = parse_suite(text)
        assert (parsed.suite is None) == bool(parsed.errors)
