"""What a call costs, in millionths of a US dollar. An unknown price is None, never nothing.

Owns the sum; prices are the catalogue's. Parts of a millionth count as a whole one, so that a budget is never
overdrawn by rounding.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from promptops_server.providers.catalogue.entry import Entry, Rate
from promptops_server.providers.model import Usage


def cost_of(entry: Entry | None, usage: Usage) -> int | None:
    """What a call with this usage cost; None where the price, or the count of input or output, is not known.

    Tokens read from the provider's cache and written to it cost what the price list says for them, else as any input.
    """
    if entry is None or entry.price is None or usage.input is None or usage.output is None:
        return None
    price, size = entry.price, usage.input
    cached = min(usage.cached or 0, size)
    written = min(usage.cache_written or 0, size - cached)
    thought = min(usage.reasoning or 0, usage.output)
    total = price.request
    total += _at(price.input, size) * (size - cached - written)
    total += _at(price.cached or price.input, size) * cached
    total += _at(price.cache_written or price.input, size) * written
    total += _at(price.output, size) * (usage.output - thought)
    total += _at(price.reasoning or price.output, size) * thought
    return _whole(total)


def most_it_can_cost(
    entry: Entry | None, input_tokens: int, max_tokens: int | None = None
) -> int | None:
    """The most a call can cost: nothing cached, everything written to the cache, the output full.

    Args:
        max_tokens: the limit on the output; without one, the model's own.

    None where the price is not known, or nothing limits the output.
    """
    if entry is None or entry.price is None:
        return None
    limit = max_tokens if max_tokens is not None else entry.max_output
    if limit is None:
        return None
    price = entry.price
    reading = max(_at(rate, input_tokens) for rate in (price.input, price.cache_written) if rate)
    writing = max(_at(rate, input_tokens) for rate in (price.output, price.reasoning) if rate)
    return _whole(price.request + reading * input_tokens + writing * limit)


def _at(rate: Rate, input_tokens: int) -> Decimal:
    return rate.at(input_tokens)


def _whole(millionths: Decimal) -> int:
    return int(millionths.to_integral_value(rounding=ROUND_CEILING))
