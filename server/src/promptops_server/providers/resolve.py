"""What would be sent to a model for a prompt, before anything is: the body, what was changed, tokens and cost.

Pure but for the catalogue. Owns which wire form a model has where no target says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from promptops.calls.anthropic import for_anthropic
from promptops.calls.ask import Ask
from promptops.calls.openai import for_openai
from promptops.errors import CannotExpress
from promptops_server.providers.catalogue.adapt import Note, adapt
from promptops_server.providers.catalogue.entry import Entry
from promptops_server.providers.pricing import most_it_can_cost
from promptops_server.providers.tokens import Tokens, count

_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_ANTHROPIC = frozenset(("anthropic", "anthropic_compatible", "bedrock", "vertex"))


@dataclass(frozen=True, slots=True)
class Resolved:
    """A request before it is sent.

    Args:
        request: the body that goes on the wire; None where the protocol cannot say what the prompt asks for.
        refused: the sentence that says so.
        most: the most one call can cost, in millionths of a US dollar; None where that is not known.
    """

    request: Mapping[str, Any] | None
    refused: str
    notes: tuple[Note, ...]
    tokens: Tokens
    most: int | None
    entry: Entry | None

    def members(self) -> dict[str, Any]:
        """As `render` answers them."""
        entry = self.entry
        price = entry.price if entry else None
        return {
            "request": self.request,
            "request_refused": self.refused or None,
            "notes": [asdict(note) for note in self.notes],
            "tokens": asdict(self.tokens),
            "cost_estimate": {
                "at_most": self.most,
                "price_source": price.source if price else None,
                "price_date": price.date or None if price else None,
            },
        }


Body = Callable[[Ask], Mapping[str, Any]]
"""The body of an adapted request. Raises CannotExpress."""


def resolve(ask: Ask, entry: Entry | None, body: Body | None = None) -> Resolved:
    """A request as it would be sent.

    Args:
        entry: of the catalogue; None: nothing is known, and nothing is changed.
        body: writes the wire's form, where a target says which; else the family does.
    """
    adapted = adapt(ask, entry)
    write = body or body_for(entry)
    request: Mapping[str, Any] | None = None
    refused = ""
    try:
        request = write(adapted.ask)
    except CannotExpress as error:
        refused = str(error)
    name = entry.id if entry else ask.model
    tokens = count(adapted.ask, name, entry.provider if entry else None)
    most = most_it_can_cost(entry, tokens.count, _limit(request)) if request is not None else None
    return Resolved(request, refused, adapted.notes, tokens, most, entry)


def body_for(entry: Entry | None) -> Body:
    """The wire form of a model without a target: Anthropic's for Claude from its own houses, else OpenAI's."""
    claude = entry is not None and entry.family == "claude" and entry.provider in _ANTHROPIC
    return anthropic_body if claude else openai_body


def openai_body(ask: Ask) -> dict[str, Any]:
    """Chat completions. Raises CannotExpress."""
    return _flat(for_openai(ask, {}))


def anthropic_body(ask: Ask) -> dict[str, Any]:
    """Anthropic's messages. Raises CannotExpress."""
    return _flat(for_anthropic(ask, None, {}))


def _flat(call: dict[str, Any]) -> dict[str, Any]:
    call.pop("extra_headers", None)  # no part of the body
    extra = call.pop("extra_body", {})
    return {**extra, **call}


def _limit(request: Mapping[str, Any]) -> int | None:
    for name in _LIMITS:
        value = request.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None
