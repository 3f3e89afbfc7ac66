"""Putting the text of fragments in the place of their references, recursively."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from .check_messages import include_fault, split_target
from .digests import behaviour_digest
from .fragment import FragmentError, Loader, Pin, texts
from .model import AnyMessage, ContentPart, Input, Message, Placeholder, PromptFile
from .template import includes

MAX_FRAGMENT_DEPTH = 5
MAX_EXPANDED_CHARACTERS = 1024 * 1024
"""Of all messages of a prompt together, fragments resolved."""


def resolve_fragments(file: PromptFile, loader: Loader) -> PromptFile:
    """The file with the text of its fragments in place, recursively, at most 5 deep.

    Raises FragmentError: for a cycle, a fragment that is not one text, another template kind, a
    digest that does not fit, a variable nobody declares, or too much text. What the loader raises
    passes through.
    """
    return _Resolver(loader).resolve(file, ())


class _Resolver:
    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        # By depth too: what fits at depth 2 may be too deep at 4. Without this, fragments that
        # include each other many times over would be loaded an exponential number of times.
        self._resolved: dict[tuple[str, Pin, int], PromptFile] = {}

    def resolve(self, file: PromptFile, trail: tuple[tuple[str, Pin], ...]) -> PromptFile:
        if not any(includes(text, file.template) for _, text in texts(file)):
            return file
        included: dict[str, Input] = {}
        budget = [MAX_EXPANDED_CHARACTERS]

        def expand(text: str) -> str:
            return self._expand(text, file.template, trail, included, budget)

        resolved = dataclasses.replace(
            file,
            messages=_map_messages(file.messages, expand),
            variants={
                key: dataclasses.replace(v, messages=_map_messages(v.messages, expand))
                if v.messages is not None
                else v
                for key, v in file.variants.items()
            },
        )
        return dataclasses.replace(resolved, inputs=_merge_inputs(resolved, included))

    def _expand(
        self,
        text: str,
        template: str,
        trail: tuple[tuple[str, Pin], ...],
        included: dict[str, Input],
        budget: list[int],
    ) -> str:
        pieces: list[str] = []
        done = 0
        for include in includes(text, template):
            fragment = self._load(include.target, template, trail)
            pieces += (text[done : include.start], _text_of(fragment, include.target))
            done = include.end
            for name, given in fragment.inputs.items():
                if given.declared or name not in included:
                    included[name] = given
            budget[0] -= len(pieces[-1])
            if budget[0] < 0:
                raise FragmentError(
                    f"the fragments make the prompt longer than {MAX_EXPANDED_CHARACTERS:,} characters"
                )
        return "".join([*pieces, text[done:]]) if pieces else text

    def _load(self, target: str, template: str, trail: tuple[tuple[str, Pin], ...]) -> PromptFile:
        reference = split_target(target)
        if reference is None:
            raise FragmentError(include_fault(target))
        if reference in trail:
            circle = " → ".join(f"{path}@{pin}" for path, pin in (*trail, reference))
            raise FragmentError(f"fragments include each other in a circle: {circle}")
        if len(trail) >= MAX_FRAGMENT_DEPTH:
            raise FragmentError(
                f"{target} is included more than {MAX_FRAGMENT_DEPTH} fragments deep"
            )
        known = self._resolved.get((*reference, len(trail)))
        if known is not None and known.template == template:
            return known
        raw = self._loader(*reference)
        if raw.template != template:
            raise FragmentError(
                f"{target} is a {raw.template} template and cannot be included in a {template} one"
            )
        resolved = self.resolve(raw, (*trail, reference))
        pin = reference[1]
        if isinstance(pin, str):
            actual = behaviour_digest(resolved)
            if actual != pin:
                raise FragmentError(f"{target} has the digest {actual}: not the content asked for")
        self._resolved[(*reference, len(trail))] = resolved
        return resolved


def _text_of(fragment: PromptFile, target: str) -> str:
    if len(fragment.messages) != 1:
        raise FragmentError(
            f"{target} has {len(fragment.messages)} messages: a fragment has exactly one"
        )
    message = fragment.messages[0]
    if not isinstance(message, Message) or not isinstance(message.content, str):
        raise FragmentError(f"{target} is not a fragment: its one message must be a text")
    return message.content.removesuffix("\n")


def _map_messages(
    messages: tuple[AnyMessage, ...], change: Callable[[str], str]
) -> tuple[AnyMessage, ...]:
    changed: list[AnyMessage] = []
    for message in messages:
        if isinstance(message, Placeholder):
            changed.append(message)
        elif isinstance(message.content, str):
            changed.append(dataclasses.replace(message, content=change(message.content)))
        elif message.content is not None:
            parts = tuple(_map_part(part, change) for part in message.content)
            changed.append(dataclasses.replace(message, content=parts))
        else:
            changed.append(message)
    return tuple(changed)


def _map_part(part: ContentPart, change: Callable[[str], str]) -> ContentPart:
    body: Any = part.value.get(part.type)
    if isinstance(body, str):
        body = change(body)
    elif isinstance(body, dict):
        body = {k: change(v) if isinstance(v, str) else v for k, v in body.items()}
    return ContentPart(part.type, {**part.value, part.type: body})


def _merge_inputs(file: PromptFile, included: dict[str, Input]) -> dict[str, Input]:
    """The inputs of a resolved file. A fragment's variables are declared by it or by the file."""
    inputs = dict(file.inputs)
    for name, given in included.items():
        if name in inputs:
            continue
        if file.inputs_declared and not given.declared:
            raise FragmentError(
                f"a fragment uses the variable {name!r}, which neither it nor the prompt declares: "
                f"add {name} to inputs"
            )
        inputs[name] = given
    return inputs
