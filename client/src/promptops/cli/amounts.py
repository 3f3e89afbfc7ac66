"""Amounts of money as people type them."""

from __future__ import annotations

from decimal import Decimal, DecimalException

from promptops.cli.failures import BadInput

_MOST = 1_000_000_000


def millionths(text: str) -> int:
    """`2.00`, `$0.5`, `1,000` in millionths of a dollar. Raises BadInput, also below a millionth."""
    try:
        amount = Decimal(text.removeprefix("$").replace(",", ""))
        if amount.is_finite() and 0 <= amount <= _MOST and amount * 1_000_000 % 1 == 0:
            return int(amount * 1_000_000)
    except DecimalException:
        pass
    raise BadInput(f"{text!r} is no amount of dollars", remedy="write it like 2.00 or 0.05")
