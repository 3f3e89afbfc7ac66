"""What calls cost: to the millionth of a dollar, and never nothing where nobody knows."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.catalogue.entry import Entry, Price, Rate
from promptops_server.providers.model import Usage
from promptops_server.providers.pricing import cost_of, most_it_can_cost


def priced(**more: object) -> Entry:
    rates: dict[str, Rate] = {"input": Rate(Decimal("2.5")), "output": Rate(Decimal(10))}
    price = Price("openai", "a list", "2026-11-04", **{**rates, **more})  # type: ignore[arg-type]
    return Entry("m", "gpt", price=price, max_output=500)


def test_input_cached_written_and_output_have_their_own_prices() -> None:
    entry = priced(cached=Rate(Decimal("0.25")), cache_written=Rate(Decimal(3)))
    assert cost_of(entry, Usage(input=1000, output=100)) == 2500 + 1000
    assert cost_of(entry, Usage(input=1000, output=100, cached=400)) == 1500 + 100 + 1000
    assert cost_of(entry, Usage(input=1000, output=0, cached=400, cache_written=600)) == 100 + 1800
    assert cost_of(priced(), Usage(input=1000, output=0, cached=400)) == 2500
    assert cost_of(priced(), Usage(input=0, output=0)) == 0
    assert cost_of(priced(request=Decimal(5000)), Usage(input=0, output=0)) == 5000
    thinking = priced(reasoning=Rate(Decimal(20)))
    assert cost_of(thinking, Usage(input=0, output=10, reasoning=4)) == 60 + 80


def test_parts_of_a_millionth_count_as_one() -> None:
    cheap = priced(input=Rate(Decimal("0.05")))
    assert cost_of(cheap, Usage(input=1, output=0)) == 1


def test_a_tier_holds_for_the_whole_request() -> None:
    entry = priced(input=Rate(Decimal(1), ((1000, Decimal(2)),)))
    assert cost_of(entry, Usage(input=1000, output=0)) == 1000
    assert cost_of(entry, Usage(input=1001, output=0)) == 2002


def test_what_is_not_known_is_none() -> None:
    assert cost_of(None, Usage(input=1, output=1)) is None
    assert cost_of(Entry("m", "gpt"), Usage(input=1, output=1)) is None
    assert cost_of(priced(), Usage(input=1)) is None
    assert cost_of(priced(), Usage(output=1)) is None
    assert most_it_can_cost(None, 10, 10) is None
    assert most_it_can_cost(Entry("m", "gpt"), 10, 10) is None
    unlimited = Entry("m", "gpt", price=priced().price)
    assert most_it_can_cost(unlimited, 10) is None
    assert most_it_can_cost(unlimited, 10, 3) == 55
    assert most_it_can_cost(priced(), 10) == 25 + 5000


@settings(deadline=None)
@given(
    size=st.integers(0, 300_000),
    out=st.integers(0, 5000),
    cached=st.integers(0, 300_000),
    written=st.integers(0, 300_000),
    thought=st.integers(0, 5000),
    model=st.sampled_from(["gpt-4o", "claude-haiku-5-5", "claude-opus-4-7", "o3", "gpt-5.4"]),
)
def test_no_call_costs_more_than_the_most(
    size: int, out: int, cached: int, written: int, thought: int, model: str
) -> None:
    entry = Catalogue().entry(model) if model not in _entries else _entries[model]
    assert entry is not None
    _entries[model] = entry
    cost = cost_of(entry, Usage(size, out, cached, written, thought))
    most = most_it_can_cost(entry, size, out)
    assert cost is not None and most is not None
    assert 0 <= cost <= most


_entries: dict[str, Entry] = {}
