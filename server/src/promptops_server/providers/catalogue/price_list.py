"""Prices and context sizes from the package `genai-prices`, as it was installed.

Owns which of its providers a provider of ours is, and turning its prices into ours. Its updater, which would fetch a
newer list over the network, is never called: what a call costs must not depend on the day a process was started.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from promptops_server.providers.catalogue.entry import Price, Rate

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

DATES = {"0.2.3": "2026-11-04"}
"""By version of the package, the newest day its list speaks of in the past."""

OURS: dict[str, str | None] = {
    "azure_openai": "azure",
    "azure": "azure",
    "bedrock": "aws",
    "vertex": "google",
    "gemini": "google",
    "xai": "x-ai",
    "moonshot": "moonshotai",
    # Without a price: what runs on one's own machines, and whose prices the list does not have.
    "dashscope": None,
    "vllm": None,
    "ollama": None,
    "local": None,
    "llama_cpp": None,
    "llamacpp": None,
    "lmstudio": None,
    "sglang": None,
    "tgi": None,
    "openai_compatible": None,
    "anthropic_compatible": None,
}
"""Our providers to the list's, where the names differ."""

HOUSES = {
    "gpt": "openai",
    "claude": "anthropic",
    "gemini": "google",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "command": "cohere",
    "grok": "x-ai",
    "glm": "zai",
    "kimi": "moonshotai",
}
"""Who sells a family itself: the provider meant where none is named."""

_TEXT = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached",
    "cache_write_mtok": "cache_written",
    "output_reasoning_mtok": "reasoning",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in the list. `changes` says that the price depends on the hour or the day."""

    id: str
    title: str
    context: int | None
    deprecated: bool
    price: Price | None
    changes: bool


def list_date() -> str:
    """The day the list speaks of, or "" for a version whose day nobody looked up."""
    return DATES.get(version("genai-prices"), "")


def has_provider(name: str) -> bool:
    """Whether the list has this provider, under its name or ours."""
    return _provider(name) is not None


def find(names: Sequence[str], provider: str, at: datetime | None = None) -> Listed | None:
    """The model under the first of the names that the provider's list has."""
    from genai_prices.data import providers

    owner = _provider(provider)
    if owner is None:
        return None
    by_id = {model.id.lower(): model for model in owner.models}
    for name in names:
        model = by_id.get(name) or owner.find_model(name, all_providers=providers)
        if model is not None:
            return _listed(model, provider, at)
    return None


def all_models() -> Iterator[tuple[str, str, str]]:
    """Every model that takes and gives text: provider, id, title."""
    from genai_prices.data import providers

    ours = {theirs: mine for mine, theirs in reversed(OURS.items()) if theirs}
    for owner in providers:
        for model in owner.models:
            if model.id.endswith("-"):
                continue  # the beginning of a name, which stands for many
            if isinstance(model.prices, list):
                prices = model.prices[0].prices if model.prices else None
            else:
                prices = model.prices
            if prices is not None and {"input_mtok", "output_mtok"} <= prices.__dict__.keys():
                yield ours.get(owner.id, owner.id), model.id, model.name or ""


def _provider(name: str) -> Any:
    from genai_prices.data import providers

    wanted = OURS.get(name, name)
    return next((owner for owner in providers if owner.id == wanted), None) if wanted else None


def _listed(model: ModelInfo, provider: str, at: datetime | None) -> Listed:
    prices = model.get_prices(at or datetime.now(UTC)) if model.prices else None
    return Listed(
        id=model.id.lower(),
        title=model.name or "",
        context=model.context_window,
        deprecated=bool(model.deprecated),
        price=_price(prices, provider),
        changes=isinstance(model.prices, list) and len(model.prices) > 1,
    )


def _price(prices: Any, provider: str) -> Price | None:
    """Ours of theirs; None when the list has no price for text going in or coming out."""
    if prices is None:
        return None
    rates: dict[str, Any] = {
        ours: _rate(value)
        for theirs, ours in _TEXT.items()
        if (value := prices.__dict__.get(theirs)) is not None
    }
    if "input" not in rates or "output" not in rates:
        return None
    requests = prices.__dict__.get("requests_kcount")
    if requests is not None:  # dollars for a thousand requests
        rates["request"] = Decimal(_rate(requests).base) * 1000
    source = f"genai-prices {version('genai-prices')}"
    return Price(provider=provider, source=source, date=list_date(), **rates)


def _rate(value: Any) -> Rate:
    if isinstance(value, Decimal):
        return Rate(value)
    return Rate(value.base, tuple((tier.start, tier.price) for tier in value.tiers))
