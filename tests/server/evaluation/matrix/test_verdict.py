"""What counts come to: the verdict, its words, and the bound beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.evaluation.matrix.verdict import Z, cases_needed, judge, lower_bound, percent
from promptops_server.evaluation.model import CellCounts

# Lower ends of Wilson's interval at 95 %, two-sided, to four digits; where all pass it is n / (n + z²).
REFERENCE = {
    (1, 1): 0.2065,
    (5, 6): 0.4365,
    (6, 6): 0.6097,
    (10, 10): 0.7225,
    (16, 16): 0.8064,
    (8, 10): 0.4902,
    (50, 100): 0.4038,
    (1, 10): 0.0179,
    (95, 100): 0.8882,
    (0, 10): 0.0,
}


@pytest.mark.parametrize(("observed", "bound"), REFERENCE.items())
def test_the_bound_is_wilsons(observed: tuple[int, int], bound: float) -> None:
    assert lower_bound(*observed) == pytest.approx(bound, abs=5e-5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_the_bound_solves_the_equation_it_is_defined_by(observed: tuple[int, int]) -> None:
    passed, cases = observed
    p = lower_bound(passed, cases)
    assert 0 < p < passed / cases
    assert (passed / cases - p) ** 2 == pytest.approx(
        Z * Z * p * (1 - p) / cases, rel=1e-9, abs=1e-15
    )


@given(st.integers(1, 500), st.integers(0, 499))
def test_one_more_that_passes_never_lowers_the_bound(cases: int, passed: int) -> None:
    passed = min(passed, cases)
    assert lower_bound(passed + 1, cases + 1) >= lower_bound(passed, cases)
    if passed < cases:
        assert lower_bound(passed + 1, cases) > lower_bound(passed, cases)


@given(st.floats(0.01, 0.999))
def test_cases_needed_is_the_smallest_number_that_reaches_the_bound(bound: float) -> None:
    needed = cases_needed(bound)
    assert lower_bound(needed, needed) >= bound
    assert needed == 1 or lower_bound(needed - 1, needed - 1) < bound


def test_the_numbers_people_read() -> None:
    assert percent(lower_bound(6, 6)) == "61 %"
    assert cases_needed(0.8) == 16
    assert percent(lower_bound(6, 6), under=0.61) == "60.9 %"
    with pytest.raises(ValueError, match="below 1"):
        cases_needed(1.0)


def counts(cases: int, passed: int, **more: object) -> CellCounts:
    given = {"answered": cases, "partly": 0, **more}
    return CellCounts(cases=cases, passed=passed, **given)  # type: ignore[arg-type]


def test_each_verdict_follows_from_its_rule() -> None:
    assert judge(counts(6, 6)).verdict == "works"
    assert judge(counts(6, 6)).words == "6/6, lower bound 61 %"
    assert judge(counts(6, 5)).verdict == "needs_tuning"
    assert judge(counts(6, 0, partly=1)).verdict == "needs_tuning"
    assert judge(counts(6, 0)).verdict == "fails"
    assert judge(counts(6, 0, answered=0, errors={"no_credentials": 6})).verdict == "untested"
    assert judge(counts(0, 0)).verdict == "untested"


def test_words_name_checks_cases_and_what_kept_calls_from_being_answered() -> None:
    found = judge(
        counts(6, 3, failing={"exact": ("a", "b", "c", "d")}, answered=5, errors={"rate_limit": 1})
    )
    assert found.words == "3/6, lower bound 19 %; exact fails on a, b, c …; no answer: rate limit"
    unanswered = counts(2, 0, answered=0, errors={"no_credentials": 2})
    assert judge(unanswered).words == "no credentials"
    two = counts(3, 0, answered=0, errors={"time_out": 1, "rate_limit": 2})
    assert judge(two).words == "rate limit ×2, time-out ×1"


def test_answers_that_no_required_check_looks_at_prove_nothing() -> None:
    assert judge(counts(6, 0, unchecked=6)).verdict == "untested"
    some = judge(counts(6, 4, unchecked=2))
    assert some.verdict == "needs_tuning"
    assert "no required check looks at 2 of them" in some.words


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_a_verdict_never_claims_more_than_was_seen(
    cases: int, passed: int, partly: int, unchecked: int
) -> None:
    passed = min(passed, cases)
    partly = min(partly, cases - passed)
    unchecked = min(unchecked, cases - passed - partly)
    found = judge(counts(cases, passed, partly=partly, unchecked=unchecked))
    assert (found.verdict == "works") == (cases > 0 and passed == cases)
    assert (found.bound is None) == (found.verdict == "untested")
