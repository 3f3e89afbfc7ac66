"""Which calls a run consists of, and what refuses it."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.evaluation.model import Case, Suite
from promptops_server.evaluation.runs.plan import (
    Foreseen,
    check_data_class,
    check_prices,
    planned_calls,
)
from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.providers.model import DATA_CLASSES, Target


def _target(name: str, **more: object) -> Target:
    return Target(id=f"id-{name}", name=name, provider="vllm", model="m", **more)  # type: ignore[arg-type]


def _suite(name: str, cases: int) -> Suite:
    return Suite(name, f"d-{name}", tuple(Case(f"k{n}", f"case {n}", {}) for n in range(cases)))


@given(
    targets=st.integers(1, 4),
    cases=st.lists(st.integers(0, 4), min_size=1, max_size=3).filter(any),
    repeat=st.integers(1, 3),
)
def test_every_case_is_called_on_every_target_as_often_as_asked(
    targets: int, cases: list[int], repeat: int
) -> None:
    suites = [_suite(f"s{n}", count) for n, count in enumerate(cases)]
    calls = planned_calls([_target(f"t{n}") for n in range(targets)], suites, repeat, most=1000)
    assert [call.ordinal for call in calls] == list(range(targets * sum(cases) * repeat))
    assert len({(c.target_id, c.suite, c.case_key, c.repeat) for c in calls}) == len(calls)
    cases_called = [
        key for key, _ in groupby(calls, key=lambda c: (c.target_id, c.suite, c.case_key))
    ]
    assert len(cases_called) == len(set(cases_called))  # the repeats of a case stand together


def test_a_run_over_the_limit_is_refused_with_its_sum() -> None:
    with pytest.raises(TooLarge, match=r"24 calls \(2 targets × 4 cases × 3\).*at most 20"):
        planned_calls([_target("a"), _target("b")], [_suite("s", 4)], 3, most=20)


def test_without_a_case_there_is_nothing_to_run() -> None:
    with pytest.raises(Invalid, match="no case"):
        planned_calls([_target("a")], [_suite("s", 0)], 1, most=20)
    with pytest.raises(Invalid, match="no case"):
        planned_calls([_target("a")], [], 1, most=20)


def test_two_cases_of_one_key_are_refused() -> None:
    twice = Suite("s", "d", (Case("k", "a", {}), Case("k", "b", {})))
    with pytest.raises(Invalid, match="'k'"):
        planned_calls([_target("a")], [twice], 1, most=20)


@given(said=st.sampled_from([*DATA_CLASSES, None]), allowed=st.sampled_from(DATA_CLASSES))
def test_a_target_is_refused_exactly_what_is_more_protected_than_it_may_have(
    said: str | None, allowed: str
) -> None:
    may = said is None or DATA_CLASSES.index(said) <= DATA_CLASSES.index(allowed)
    target = _target("gpt", data_class=allowed)
    if may:
        check_data_class("bank/x", said, [target])
        return
    with pytest.raises(Invalid, match="gpt") as refused:
        check_data_class("bank/x", said, [target])
    assert [e["target"] for e in refused.value.members["errors"]] == ["gpt"]


def test_a_limit_is_not_promised_where_a_price_is_unknown() -> None:
    free, priced = _target("free"), _target("priced")
    foreseen = [Foreseen(free, None), Foreseen(priced, 5)]
    check_prices(foreseen, capped=False)
    with pytest.raises(Invalid, match="price of free"):
        check_prices(foreseen, capped=True)
    budgeted = _target("budgeted", budget_month=5)
    with pytest.raises(Invalid, match="monthly budget"):
        check_prices([Foreseen(budgeted, None)], capped=False)
    with pytest.raises(Invalid, match="longest answer of priced"):
        check_prices([Foreseen(priced, None, priced=True)], capped=True)
