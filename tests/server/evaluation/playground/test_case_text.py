"""A case written into a suite's text: what stood there stays, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format.suite import parse_suite
from promptops_server.evaluation.playground.case_text import NewCase, with_case
from promptops_server.infra.problems import Invalid

SUITE = """\
# Cases from the complaints of March.
name: Triage
evaluators:
  - name: short   # one word
    string: {contains: motor}
cases:
  # a real one
  - name: hail
    inputs:
      claim: "Hail on the bonnet"
# the end
"""


def test_comments_and_order_stay_and_the_case_comes_last() -> None:
    text, place = with_case(SUITE, NewCase({"claim": "theft"}, "theft", expected="motor"))
    assert place == 1
    for line in SUITE.splitlines():
        assert line in text.splitlines()
    parsed = parse_suite(text).suite
    assert parsed is not None
    assert [case.key for case in parsed.cases] == ["hail", "theft"]
    assert parsed.cases[1].expected == "motor"


def test_a_new_suite_is_made_and_checks_get_names() -> None:
    case = NewCase(
        {"claim": "x"}, checks=[{"string": {"contains": "a"}}, {"string": {"contains": "b"}}]
    )
    text, place = with_case("", case)
    parsed = parse_suite(text).suite
    assert parsed is not None
    assert place == 0
    assert [e.name for e in parsed.cases[0].evaluators] == ["string 1", "string 2"]


def test_a_suite_with_errors_is_left_alone() -> None:
    with pytest.raises(Invalid, match="error in line"):
        with_case("cases: 7\n", NewCase({"claim": "x"}))


_VALUES = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.lists(st.text("ab \n:#-'\"", max_size=8), max_size=3),
)


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), _VALUES, min_size=1, max_size=4)
)
def test_any_inputs_come_back_as_they_were_given(inputs: dict[str, Any]) -> None:
    for text in ("", SUITE):
        written, place = with_case(text, NewCase(inputs, "new"))
        parsed = parse_suite(written).suite
        assert parsed is not None
        assert parsed.cases[place].inputs == inputs
