"""Finding a model by the names people and endpoints use, and what its entry says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops_server.providers.catalogue import price_list
from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.catalogue.entry import Contract, Entry
from promptops_server.providers.catalogue.names import names_of, undated
from promptops_server.providers.model import Target

CATALOGUE = Catalogue()


def entry(model_id: str, provider: str | None = None) -> Entry:
    found = CATALOGUE.entry(model_id, provider)
    assert found is not None, model_id
    return found


@pytest.mark.parametrize(
    ("asked", "provider", "known_as", "family", "priced"),
    [
        ("gpt-4o-mini", None, "gpt-4o-mini", "gpt", True),
        ("openai/gpt-4o-mini", None, "gpt-4o-mini", "gpt", True),
        ("OpenAI/GPT-4o-mini", "openrouter", "gpt-4o-mini", "gpt", True),
        ("gpt-4o-mini", "azure", "gpt-4o-mini", "gpt", True),
        ("gpt-4o-mini-2024-07-18", "openai", "gpt-4o-mini-2024-07-18", "gpt", True),
        ("qwen-max", None, "qwen-max", "qwen", False),
        ("qwen-max", "dashscope", "qwen-max", "qwen", False),
        ("qwen/qwen3-32b", "groq", "qwen3-32b", "qwen", True),
        ("Qwen/Qwen3-32B", "vllm", "qwen3-32b", "qwen", False),
        ("llama3.2:3b", "ollama", "llama-3.2-3b-instruct", "llama", False),
        ("llama3.2:latest", "ollama", "llama-3.2-3b-instruct", "llama", False),
        ("llama3.2:3b-instruct-q4_K_M", "ollama", "llama-3.2-3b-instruct", "llama", False),
        ("llama-3.3-70b-versatile", "groq", "llama-3.3-70b-instruct", "llama", True),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "together", "llama-3.3-70b-instruct", "llama", True),
        ("meta.llama3-1-8b-instruct-v1:0", "bedrock", "llama-3.1-8b-instruct", "llama", True),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock", "claude-sonnet-4-5-20250929", "claude", True),
        ("claude-sonnet-4-5@20250929", "vertex", "claude-sonnet-4-5-20250929", "claude", True),
        ("anthropic/claude-sonnet-4.5", "openrouter", "claude-sonnet-4-5", "claude", True),
        ("claude-3-5-haiku-latest", None, "claude-3-5-haiku", "claude", True),
        ("smollm2-135m", "local", "smollm2-135m-instruct", "smollm", False),
    ],
)  # fmt: skip
def test_a_model_is_found_by_the_names_it_goes_by(
    asked: str, provider: str | None, known_as: str, family: str, priced: bool
) -> None:
    found = entry(asked, provider)
    assert (found.id, found.family, found.price is not None) == (known_as, family, priced)
    if priced:
        assert found.price is not None
        assert found.price.date and "genai-prices" in found.price.source


def test_a_family_is_enough_for_an_entry_and_less_is_none() -> None:
    tuned = entry("bank/gemma-2-9b-it-claims", "vllm")
    assert (tuned.family, tuned.context, tuned.price) == ("gemma", None, None)
    assert "gemma-no-system" in {c.id for c in tuned.contracts}
    assert CATALOGUE.entry("bank-7") is None
    assert CATALOGUE.entry("") is None


def test_dated_versions_are_no_alias_and_keep_the_facts() -> None:
    alias, dated = entry("gpt-4o-mini"), entry("gpt-4o-mini-2024-07-18")
    assert (alias.alias, dated.alias) == (True, False)
    assert dated.retired_at == alias.retired_at == "2027-01-14"
    assert entry("mistral-large-latest").alias is True
    assert entry("llama-3.3-70b-versatile", "groq").alias is None


def test_one_own_machines_a_price_is_not_known() -> None:
    for provider in ("vllm", "ollama", "local", "llama_cpp", "openai_compatible", "no-such-host"):
        assert entry("gpt-oss-20b", provider).price is None
    assert entry("openai/gpt-oss-20b", "groq").price is not None


def test_the_digest_is_about_requests_and_results_not_about_prices() -> None:
    found = entry("claude-opus-4-7")
    assert replace(found, price=None, name="x", retired_at="2030-01-01", date="").digest == (
        found.digest
    )
    more = Contract("x", "no_prefill", {}, "why", "source", "2026-11-27")
    changed = replace(found, contracts=(*found.contracts, more))
    assert changed.digest != found.digest
    assert replace(changed, contracts=(*found.contracts, replace(more, source="other"))).digest == (
        changed.digest
    )
    assert replace(found, alias=True).digest != found.digest
    assert found.digest.startswith("sha256:") and len(found.digest) == 71


def test_the_price_lists_version_has_a_day_somebody_looked_up() -> None:
    assert price_list.list_date(), "look it up for the new version of genai-prices"
    assert date.fromisoformat(price_list.list_date())


def test_a_price_that_changes_by_date_is_read_anew() -> None:
    from datetime import UTC, datetime

    early = price_list.find(("o3",), "openai", datetime(2025, 5, 1, tzinfo=UTC))
    late = price_list.find(("o3",), "openai", datetime(2026, 5, 1, tzinfo=UTC))
    assert early is not None and early.price is not None and early.changes
    assert late is not None and late.price is not None
    assert early.price.input.base > late.price.input.base


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_may_be_asked_for(text: str) -> None:
    found = CATALOGUE.entry(text)
    assert found is None or found.digest
    for name in names_of(text):
        short = undated(name)
        assert short is None or len(short) < len(name)


def test_the_list_is_walked_in_pages_and_filtered() -> None:
    everything = CATALOGUE.listings(limit=10_000)
    assert len(everything) > 1500
    assert [line.key for line in everything] == sorted({line.key for line in everything})
    walked, after = [], None
    while page := CATALOGUE.listings(after=after, limit=400):
        walked += page
        after = page[-1].key
    assert walked == everything
    claude = CATALOGUE.listings(family="claude", provider="anthropic", limit=500)
    assert {line.family for line in claude} == {"claude"}
    assert "claude-opus-4-7" in {line.id for line in claude}
    assert CATALOGUE.listings(q="OPUS anthropic 4-7", limit=5)[0].id == "claude-opus-4-7"
    assert CATALOGUE.listings(q="nothing-like-this", limit=5) == []
    for line in everything[::40]:
        assert CATALOGUE.entry(line.id, line.provider or None) is not None


def test_a_deployments_name_is_known_by_its_catalogue_id() -> None:
    target = Target("1", "gpt-eu", "azure_openai", "our-deployment", catalogue_id="gpt-5-mini")
    found = CATALOGUE.of_target(target)
    assert found is not None and found.price is not None
    assert (found.id, found.provider) == ("gpt-5-mini", "azure_openai")
    assert "gpt-strict-schema" in {c.id for c in found.contracts}
    assert CATALOGUE.digest_of(target) == found.digest
    assert CATALOGUE.digest_of(replace(target, catalogue_id=None)) == ""
    assert CATALOGUE.listings(provider="azure_openai", limit=1)


def test_what_is_accepted_is_never_refused_too() -> None:
    for line in CATALOGUE.listings(family="claude", provider="anthropic", limit=500):
        parameters = entry(line.id, "anthropic").parameters
        assert not set(parameters.accepted or ()) & set(parameters.refused)
