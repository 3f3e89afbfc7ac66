"""What both protocols start from: one call, rendered and with its settings chosen.

Owns the value `Ask`, which model id is called, and the spelling of parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.errors import CannotExpress

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Ask:
    """One call of a model, before it is put into a provider's terms.

    `name` is the address, for sentences. `messages` are rendered, `parameters` as the file
    spells them.
    """

    name: str
    model: str
    messages: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any]
    tools: Sequence[Mapping[str, Any]]
    response_format: str | None
    json_schema: Mapping[str, Any] | None

    def refuse(self, what: str, protocol: str, instead: str) -> CannotExpress:
        """The error that names what this protocol cannot say and what to do about it."""
        return CannotExpress(f"{self.name}: {what} cannot be said to {protocol}; {instead}")


def model_to_call(name: str, asked: str | None, configured: str | None) -> str:
    """The model id: the one asked for, or the configured one when only a family was named or
    nothing.

    Raises `CannotExpress` when that leaves no id, or an id of another family than the one named.
    """
    from promptops.format import FAMILIES, family_of

    if asked is not None and asked.lower() not in FAMILIES:
        return asked
    if configured is None:
        raise CannotExpress(f"{name} names no model to call; pass model= with the id of one")
    if asked is not None and family_of(configured) != asked.lower():
        raise CannotExpress(
            f"{name} is configured for {configured}, which is not of the family {asked}; "
            "pass model= with the id of the model to call"
        )
    return configured


def snake_case(name: str) -> str:
    """`topP` as providers spell it: `top_p`."""
    return _HUMP.sub("_", name).lower()
