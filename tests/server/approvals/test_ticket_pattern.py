"""Patterns of tickets: what `re` would say, in steps that cannot explode."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.approvals.ticket_pattern import matches, parse

atoms = st.sampled_from(
    ["a", "b", "-", ".", r"\d", r"\w", "[ab]", "[^a]", "[A-C0-9]", r"\.", r"\|"]
)
counts = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{2,}"])
alternatives = st.lists(st.tuples(atoms, counts).map("".join), min_size=1, max_size=5).map("".join)
patterns = st.lists(alternatives, min_size=1, max_size=3).map("|".join)


@given(patterns, st.text(alphabet="abC1-.|x", max_size=8))
def test_it_says_what_the_engine_of_python_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) == (re.fullmatch(pattern, text, re.ASCII) is not None)


def test_patterns_that_explode_elsewhere_take_no_time() -> None:
    started = time.perf_counter()
    for pattern in ("a*" * 60 + "b", "[ab]*" * 30 + "c", "|".join(["a*a*a*a*b"] * 20)):
        assert not matches(pattern, "a" * 200)
    assert time.perf_counter() - started < 2


def test_anchors_may_be_written_and_mean_nothing_more() -> None:
    assert matches(r"^OPS-\d+$|^CHG\d{7}$", "OPS-12")
    assert not matches(r"^OPS-\d+$", "see OPS-12")


@pytest.mark.parametrize(
    "text",
    ["", "(a)", "a**", "(?:a)", "a{3,2}", "a{999}", "[b-a]", "a|", r"\b", r"(a)\1", "x" * 201],
)
def test_what_is_no_pattern_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
    if text == "(a)":
        with pytest.raises(ValueError, match=r"'\(' at place 1 is not supported"):
            parse(text)
