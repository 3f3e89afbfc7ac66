"""What a call would send, without sending it and without secrets."""

from __future__ import annotations

from typing import Any

from promptops.calls.ask import Ask
from promptops_server.providers.kind import Outgoing, Provider
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.request import Adapt, nothing_known, request_of

HIDDEN = "********"


def preview(
    provider: Provider,
    target: Target,
    ask: Ask,
    *,
    stream: bool = False,
    adapt: Adapt = nothing_known,
) -> dict[str, Any]:
    """Method, url, headers, body and notes of the request. Asks for no secret, so that nobody needs one to look.

    Raises:
        CallError: `cannot_express`: the prompt uses what the protocol cannot say.
    """
    built = request_of(provider, target, ask, None, stream=stream, adapt=adapt)
    headers = shown_headers(built.outgoing)
    if provider.needs_credential or target.credential.kind != "none":
        for name in _headers_with_a_secret(provider, target):
            headers.setdefault(name, HIDDEN)
    return {
        "method": built.outgoing.method,
        "url": built.outgoing.url,
        "headers": headers,
        "body": built.body,
        "notes": list(built.notes),
    }


def shown_headers(outgoing: Outgoing) -> dict[str, str]:
    """The headers as people may see and store them."""
    return {
        name: HIDDEN if name.lower() in outgoing.secret_headers else value
        for name, value in outgoing.headers.items()
    }


def _headers_with_a_secret(provider: Provider, target: Target) -> list[str]:
    """The names of the headers that a secret adds."""
    try:
        return list(provider.headers_of(target, HIDDEN))
    except (CallError, ValueError):
        return ["authorization"]  # its secret is a document, which a row of asterisks is not
