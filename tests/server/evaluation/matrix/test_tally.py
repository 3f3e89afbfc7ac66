"""Counting results: repeats are one observation, and checks that are not required decide nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptops_server.evaluation.matrix.tally import MOST_CASES, Tally
from promptops_server.evaluation.matrix.verdict import judge
from promptops_server.evaluation.model import CellCounts


def scores(*given: tuple[str, bool | None] | tuple[str, bool | None, bool]) -> str:
    return json.dumps(
        [
            {
                "check": s[0],
                "kind": "string",
                "passed": s[1],
                "required": s[2] if len(s) > 2 else True,
            }
            for s in given
        ]
    )


def tallied(*results: tuple[str, bool | None, str], **options: Any) -> CellCounts:
    """Results as (case, passed, scores)."""
    tally = Tally(**options)
    for case, passed, said in results:
        tally.add("testData", case, "done", passed=passed, scores=said, cost=2)
    return tally.counts()


GOOD, BAD = scores(("exact", True)), scores(("exact", False))


def test_a_case_passes_when_every_repeat_does() -> None:
    counts = tallied(("a", True, GOOD), ("a", False, BAD), ("b", True, GOOD), ("b", True, GOOD))
    assert (counts.cases, counts.passed, counts.partly) == (2, 1, 1)
    assert counts.failing == {"exact": ("a",)}


def test_a_check_that_is_not_required_changes_no_verdict() -> None:
    shown = scores(("exact", True), ("style", False, False))
    counts = tallied(("a", True, shown))
    assert judge(counts).verdict == "works"
    assert counts.failing == {}


def test_a_case_of_which_one_required_check_passed_passed_partly() -> None:
    counts = tallied(("a", False, scores(("exact", False), ("json", True))))
    assert (counts.passed, counts.partly) == (0, 1)
    assert judge(counts).verdict == "needs_tuning"
    assert judge(tallied(("a", False, BAD))).verdict == "fails"


def test_what_could_not_be_told_counts_as_not_passed() -> None:
    counts = tallied(("a", False, scores(("judge", None))))
    assert counts.failing == {"judge": ("a",)}
    assert judge(counts).verdict == "fails"


def test_only_the_first_cases_of_a_check_are_kept_by_name_with_their_suite() -> None:
    counts = tallied(*((f"case-{n}", False, BAD) for n in range(9)), named_by_suite=True)
    assert len(counts.failing["exact"]) == MOST_CASES
    assert counts.failing["exact"][0] == "testData/case-0"
    assert counts.cases == 9


def test_calls_without_an_answer_are_counted_by_their_fault() -> None:
    tally = Tally()
    tally.add("s", "a", "done", passed=True, scores=GOOD, cost=None)
    tally.add("s", "b", "error", fault="rate_limit")
    tally.add("s", "c", "skipped", fault="budget")
    tally.add("s", "d", "waiting")
    counts = tally.counts()
    assert (counts.cases, counts.passed, counts.answered) == (4, 1, 1)
    assert counts.errors == {"rate_limit": 1, "budget": 1, "not_sent": 1}
    assert (tally.waiting, tally.cost) == (1, None)


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), max_size=12))
def test_counts_agree_with_counting_all_at_once(cases: list[list[bool]]) -> None:
    counts = tallied(
        *(
            (f"case-{n}", passed, GOOD if passed else BAD)
            for n, repeats in enumerate(cases)
            for passed in repeats
        )
    )
    assert counts.cases == counts.answered == len(cases)
    assert counts.passed == sum(all(repeats) for repeats in cases)
    assert counts.partly == sum(any(repeats) and not all(repeats) for repeats in cases)
