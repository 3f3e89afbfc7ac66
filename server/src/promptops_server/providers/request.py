"""The exact request of a call: adapted to the model, in the protocol's words, to the provider's address.

`calls` sends it, `preview` shows it, so that what people look at is what goes out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from promptops.calls.ask import Ask
from promptops.errors import CannotExpress
from promptops_server.providers.kind import SECRET_HEADERS, Outgoing, Provider
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.wire.protocol import WireProtocol, protocol_of


class Adapted(Protocol):
    """A prompt changed for a model, with a note of every change (`catalogue.adapt`)."""

    @property
    def ask(self) -> Ask: ...

    @property
    def notes(self) -> Sequence[Any]: ...


Adapt = Callable[[Ask, Target], Adapted]
"""Applies what is known of the target's model."""


@dataclass(frozen=True, slots=True)
class AsItIs:
    """An `Adapted` of a prompt nothing is changed in."""

    ask: Ask
    notes: Sequence[Any] = ()


def nothing_known(ask: Ask, target: Target) -> Adapted:
    """An `Adapt` without a catalogue."""
    return AsItIs(ask)


@dataclass(frozen=True, slots=True)
class Built:
    """A request that can be sent, its body before it was bytes, what was changed for the model, the answer's protocol."""

    outgoing: Outgoing
    body: dict[str, Any]
    notes: Sequence[Any]
    protocol: WireProtocol


def request_of(
    provider: Provider,
    target: Target,
    ask: Ask,
    secret: str | None,
    *,
    stream: bool,
    adapt: Adapt = nothing_known,
) -> Built:
    """The request for this prompt.

    Raises:
        CallError: `cannot_express`: the prompt uses what the protocol cannot say; `no_credentials`: the secret cannot
            stand in a header.
    """
    protocol = protocol_of(provider.protocol)
    # Which spelling of a parameter a model takes follows from what it is, not from what a deployment is called.
    known_as = target.catalogue_id or target.model
    if ask.model != known_as:
        ask = dataclasses.replace(ask, model=known_as)
    adapted = adapt(ask, target)
    try:
        body = protocol.body_of(adapted.ask, stream=stream)
        body["model"] = target.model
        body = provider.body_of(target, body, stream=stream)
        raw = orjson.dumps(body)
    except (CannotExpress, TypeError) as error:
        raise CallError("cannot_express", f"{error}") from None
    headers = {"content-type": "application/json", **provider.headers_of(target, secret)}
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise CallError(
                "no_credentials",
                f"The header {name} would hold characters that no header has: "
                "set the target's credential and options again.",
            )
    outgoing = Outgoing(
        provider.url_of(target, stream=stream),
        headers,
        raw,
        secret_headers=_secret_headers(headers, secret),
    )
    return Built(provider.signed(target, secret, outgoing), body, adapted.notes, protocol)


def _secret_headers(headers: dict[str, str], secret: str | None) -> frozenset[str]:
    """Those that are secret whoever sets them, and every one that holds the secret itself."""
    if not secret:
        return SECRET_HEADERS
    return SECRET_HEADERS.union(name.lower() for name in headers if secret in headers[name])
