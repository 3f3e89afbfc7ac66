"""Asks an endpoint which models it has, for checks: what is there tells why one is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptops_server.providers.calls import provider_of
from promptops_server.providers.kind import Outgoing, Provider
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.wire.decoded import decoded
from promptops_server.providers.wire.http import Http
from promptops_server.providers.wire.protocol import protocol_of

SECONDS = 15.0
_MOST = 5_000
_LONGEST = 200


async def listed(
    http: Http,
    providers: Mapping[str, Provider],
    secret_of: Callable[[Target], str | None],
    target: Target,
) -> tuple[str, ...]:
    """The ids of the models an endpoint lists, in its order; empty where it has no list.

    Raises:
        CallError: it gave none.
    """
    provider = provider_of(providers, target)
    target = await provider.prepare(target)
    url = provider.listing_url(target)
    if url is None:
        return ()
    secret = await provider.authorise(target, secret_of(target), http)
    headers = provider.headers_of(target, secret)
    outgoing = provider.signed(target, secret, Outgoing(url, headers, b"", method="GET"))
    async with http.sent(outgoing, SECONDS) as incoming:
        body = await incoming.body()
        if incoming.status >= 400:
            fault_of = protocol_of(provider.protocol).fault_of
            raise fault_of(incoming.status, incoming.headers, body)
    try:
        return ids_in(decoded(body))
    except ValueError:
        raise CallError("bad_answer", "The endpoint's list of models is no JSON.") from None


def ids_in(document: Any) -> tuple[str, ...]:
    """The ids in a list of models: an object with `data` (both protocols) or `models`, or the array itself."""
    if isinstance(document, dict):
        document = document.get("data", document.get("models"))
    if not isinstance(document, list):
        return ()
    found = (
        item.get("id") or item.get("name") if isinstance(item, dict) else item
        for item in document[:_MOST]
    )
    return tuple(
        dict.fromkeys(name for name in found if isinstance(name, str) and 0 < len(name) <= _LONGEST)
    )
