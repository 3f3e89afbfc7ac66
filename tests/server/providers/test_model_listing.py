"""Lists of models as endpoints write them, and as they should not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.infra.setting_sections import ModelSettings
from promptops_server.providers.kinds.registry import all_providers
from promptops_server.providers.listing import ids_in, listed
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.wire.http import Http
from support.openai_server import OpenAIServer


@pytest.mark.parametrize(
    ("document", "ids"),
    [
        ({"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]}, ("b", "a")),
        ({"data": [{"id": "claude", "type": "model"}], "has_more": False}, ("claude",)),
        ({"models": [{"name": "llama3.2"}]}, ("llama3.2",)),
        ([{"id": "together"}, "plain"], ("together", "plain")),
        ({"data": None}, ()),
        ({"data": [{"id": 7}, {}, None, "", "x" * 201]}, ()),
        ("no list", ()),
    ],
)
def test_ids_are_read_from_each_form(document: Any, ids: tuple[str, ...]) -> None:
    assert ids_in(document) == ids


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["data", "models", "id", "name"]), inner, max_size=4)
    ),
)


@given(_JSON)
def test_whatever_an_endpoint_sends_is_a_list_of_texts(document: Any) -> None:
    found = ids_in(document)
    assert all(isinstance(name, str) and name for name in found)
    assert len(set(found)) == len(found)


def _listed(server: OpenAIServer, secret: str | None) -> tuple[str, ...]:
    target = Target("t", "t", "openai_compatible", "m", base_url=server.url)

    async def ask() -> tuple[str, ...]:
        http = Http(ModelSettings())
        try:
            return await listed(http, all_providers(), lambda _: secret, target)
        finally:
            await http.close()

    return asyncio.run(ask())


def test_an_endpoint_is_asked_with_the_targets_key() -> None:
    with OpenAIServer(models=("one", "two"), api_key="sk-1") as server:
        assert _listed(server, "sk-1") == ("one", "two")
        with pytest.raises(CallError) as told:
            _listed(server, "sk-2")
    assert told.value.fault == "authentication"
