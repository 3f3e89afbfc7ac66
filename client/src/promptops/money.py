"""Amounts of money as people read them. Everywhere else an amount is a whole number of millionths of a US dollar."""

from __future__ import annotations


def dollars(amount: int | None) -> str:
    """`$1.50`, with the digits below a cent that it has; `not known` for None, which is never nothing."""
    if amount is None:
        return "not known"
    text = f"{amount / 1_000_000:,.6f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"${whole}.{part.ljust(2, '0')}"
