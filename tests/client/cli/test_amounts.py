"""Amounts of money as they are typed and shown."""

from __future__ import annotations

import pytest

from promptops.cli.amounts import millionths
from promptops.cli.failures import BadInput
from promptops.money import dollars


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("2.00", 2_000_000), ("$0.000001", 1), ("0", 0), ("50", 50_000_000), ("1,000", 1_000_000_000)],
)
def test_dollars_are_read_exactly(typed: str, amount: int) -> None:
    assert millionths(typed) == amount


@pytest.mark.parametrize(
    "typed", ["-1", "0.0000001", "nan", "inf", "x", "much", "", "1e30", "1e400000000", "1000000001"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        millionths(typed)


def test_dollars_are_shown_to_the_last_digit_there_is() -> None:
    shown = [dollars(n) for n in (0, 1, 1_234_500, 1_500_000, 12_345_678_900_000, None)]
    assert shown == ["$0.00", "$0.000001", "$1.2345", "$1.50", "$12,345,678.90", "not known"]


def test_amounts_are_read_as_they_are_shown() -> None:
    for amount in (0, 1, 1_500_000, 12_345_678_900_000):
        assert millionths(dollars(amount)) == amount
