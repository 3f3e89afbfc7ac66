"""Fragments: one prompt's text included in another, at a pinned version.

Owns the references and finding them in a file; `resolving` puts the text in their place. Loading a
pinned version is the caller's (`loader`): this package reads no repository.

A fragment is a prompt with exactly one message, whose content is a text. Its text is included
without its final line break, as template text: its variables become variables of the including
prompt, whose own declaration of an input wins over the fragment's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import PromptOpsError
from .check_messages import split_target, templates
from .model import AnyMessage, PromptFile
from .problem import KeyPath, key_text
from .template import includes

Pin: TypeAlias = int | str
"""A version number, or the `sha256:…` behaviour digest of a version."""


class FragmentError(PromptOpsError, ValueError):
    """A fragment cannot be included; the message names it and the reason."""

    code = "fragment"


class UnresolvedFragment(FragmentError):
    """The file still refers to fragments: `resolve_fragments` comes first."""

    code = "unresolved-fragment"


@dataclass(frozen=True, slots=True)
class FragmentRef:
    """`{{> path@pin }}` in the value at `key`. `path` is relative to the project."""

    path: str
    pin: Pin
    key: str

    def __str__(self) -> str:
        return f"{self.path}@{self.pin}"


Loader: TypeAlias = Callable[[str, Pin], PromptFile]
"""Gives the valid file at a project-relative path and pin, as written (its fragments unresolved)."""


def fragments(file: PromptFile) -> tuple[FragmentRef, ...]:
    """Every fragment reference of a file, in order, those of its variants included."""
    found = []
    for path, text in texts(file):
        for include in includes(text, file.template):
            target = split_target(include.target)
            if target is not None:
                found.append(FragmentRef(target[0], target[1], key_text(path)))
    return tuple(found)


def refuse_unresolved(file: PromptFile) -> None:
    """Raise UnresolvedFragment if the file still refers to fragments."""
    for path, text in texts(file):
        for include in includes(text, file.template):
            raise UnresolvedFragment(
                f"{key_text(path)} still includes {include.target!r}: resolve fragments first"
            )


def texts(file: PromptFile) -> Iterator[tuple[KeyPath, str]]:
    """Every template text of a file and its key, those of its variants included."""
    groups: list[tuple[KeyPath, tuple[AnyMessage, ...]]] = [(("messages",), file.messages)]
    for key, variant in file.variants.items():
        if variant.messages is not None:
            groups.append((("variants", key, "messages"), variant.messages))
    for path, messages in groups:
        for template in templates(path, messages):
            yield template.path, template.text
