"""What holds for every provider there is, whoever wrote it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from promptops_server.providers.kind import Provider
from promptops_server.providers.kinds.registry import all_providers
from promptops_server.providers.model import Credential, Target
from promptops_server.providers.preview import HIDDEN, preview, shown_headers
from promptops_server.providers.request import request_of
from server.providers.calling import an_ask

SECRET = "secret-7d1f"
EVERY = pytest.mark.parametrize("provider", all_providers().values(), ids=lambda p: p.name)
SET_UP: dict[str, dict[str, Any]] = {
    "bedrock": {"region": "eu-west-1"},
    "vertex": {"region": "europe-west1"},
    "local": {"options": {"file": "/models/some-model.gguf"}},
}
"""What some providers must be told; a new one that is content with a base URL needs no line."""


def target_of(provider: Provider, **more: Any) -> Target:
    """A target as somebody would set it up: with a base URL where the provider has none, and required options."""
    members: dict[str, Any] = {
        "id": "t-1",
        "name": "a target",
        "provider": provider.name,
        "model": "some-model",
        "base_url": provider.base_url or "https://models.example.com/v1",
        "options": {option.name: "x" for option in provider.options if option.required},
        "credential": Credential("env", "SOME_API_KEY"),
        **SET_UP.get(provider.name, {}),
        **more,
    }
    return Target(**members)


@EVERY
@pytest.mark.parametrize("stream", [False, True])
def test_builds_a_request_whose_secret_is_marked(provider: Provider, stream: bool) -> None:
    target = target_of(provider)
    built = request_of(provider, target, an_ask(), SECRET, stream=stream)
    outgoing = built.outgoing
    assert urlsplit(outgoing.url).scheme in ("http", "https")
    assert urlsplit(outgoing.url).hostname
    assert outgoing.method == "POST"
    assert json.loads(outgoing.body) == built.body
    assert SECRET not in outgoing.url
    assert SECRET.encode() not in outgoing.body
    shown = shown_headers(outgoing)
    assert SECRET not in str(shown)
    assert shown.keys() == outgoing.headers.keys()


@EVERY
def test_names_the_model_in_body_or_address(provider: Provider) -> None:
    built = request_of(provider, target_of(provider), an_ask(), SECRET, stream=False)
    assert built.body.get("model") == "some-model" or "some-model" in built.outgoing.url


@EVERY
def test_can_be_looked_at_without_any_secret(provider: Provider) -> None:
    shown = preview(provider, target_of(provider), an_ask())
    assert shown["method"] == "POST"
    assert shown["body"]["messages"]
    if provider.needs_credential:
        assert HIDDEN in shown["headers"].values()
    without = preview(provider, target_of(provider, credential=Credential()), an_ask())
    assert without["url"] == shown["url"]


@EVERY
def test_one_target_leaves_nothing_behind_for_another(provider: Provider) -> None:
    first = preview(provider, target_of(provider), an_ask(), stream=True)
    preview(provider, target_of(provider, model="other", id="t-2"), an_ask("something else"))
    assert preview(provider, target_of(provider), an_ask(), stream=True) == first


@EVERY
def test_says_what_it_is(provider: Provider) -> None:
    assert provider.title
    assert (type(provider).__doc__ or "").strip()
    for option in provider.options:
        assert option.name.isidentifier()
        assert option.help
        assert not (option.required and option.default)
    names = [option.name for option in provider.options]
    assert len(names) == len(set(names))


@EVERY
def test_lists_models_at_its_own_place_if_at_all(provider: Provider) -> None:
    target = target_of(provider)
    listing = provider.listing_url(target)
    if listing is not None:
        chat = provider.url_of(target, stream=False)
        assert urlsplit(listing).netloc == urlsplit(chat).netloc
