"""What both protocols start from: one call, rendered and with its settings chosen.

Owns the value `Ask`, making one from an artifact, which model id is called, and the spelling of
parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promptops.errors import CannotExpress

if TYPE_CHECKING:
    from promptops.format import Renderer

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class NoModel(CannotExpress):
    """No model to call is known. `why` says so without the way to name one, which differs by where it is asked."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(f"{why}; {advice}")
        self.why = why


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


def ask_of(
    artifact: Mapping[str, Any],
    renderer: Renderer,
    messages: Sequence[Mapping[str, Any]],
    model: str | None,
) -> Ask:
    """The call with these rendered messages. `model` is the id or family asked for.

    Raises `CannotExpress` when no model to call is known.
    """
    configured, parameters = renderer.settings(model)
    name = f"{artifact['project']}/{artifact['path']}"
    return Ask(
        name=name,
        model=model_to_call(name, model, configured),
        messages=messages,
        parameters=copied(parameters),
        tools=copied(artifact.get("tools") or []),
        response_format=artifact.get("responseFormat"),
        json_schema=copied(artifact.get("jsonSchema")) or None,
    )


def copied(value: Any) -> Any:
    """A copy of decoded JSON; cheaper than `copy.deepcopy`, since JSON has no cycles."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def model_to_call(name: str, asked: str | None, configured: str | None) -> str:
    """The model id: the one asked for, or the configured one when only a family was named or
    nothing.

    Raises `NoModel` when that leaves no id, or an id of another family than the one named.
    """
    from promptops.format import FAMILIES, family_of

    if asked is not None and asked.lower() not in FAMILIES:
        return asked
    if configured is None:
        raise NoModel(f"{name} names no model to call", "pass model= with the id of one")
    if asked is not None and family_of(configured) != asked.lower():
        raise NoModel(
            f"{name} is configured for {configured}, which is not of the family {asked}",
            "pass model= with the id of the model to call",
        )
    return configured


def snake_case(name: str) -> str:
    """`topP` as providers spell it: `top_p`."""
    return _HUMP.sub("_", name).lower()
