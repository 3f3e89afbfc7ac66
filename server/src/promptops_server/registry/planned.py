"""Fragments in a change of many prompts: a pinned version may be one that this very change makes.

Owns resolving after numbering and before writing. Reads versions that exist through `versions.fragment_loader`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from promptops.format import PromptFile
from promptops.format.fragment import Loader, Pin
from promptops_server.registry.content import Content, forget_text, with_fragments
from promptops_server.registry.steps import Numbering


def resolve_planned(
    numbering: Numbering,
    contents: Mapping[str, Content],
    stored: Loader,
    files: Loader,
    again: Callable[[str], Content] | None = None,
) -> dict[str, Content]:
    """All contents, those with fragments resolved or found invalid, by blob id.

    Args:
        stored: loads a fragment from the versions that exist; raises FragmentError.
        files: loads a planned version's file by path and number; asked only for versions of `numbering`.
        again: reads a content, by blob id, whose text was forgotten; it is forgotten again.
    """
    resolved = dict(contents)
    planned = {(v.path, v.number): v.blob for v in numbering.versions}
    by_behaviour: dict[tuple[str, str], int] = {}

    def note(path: str, number: int, content: Content) -> None:
        if content.behaviour is not None:
            by_behaviour[path, content.behaviour] = number

    def load(path: str, pin: Pin) -> PromptFile:
        number = pin if isinstance(pin, int) else by_behaviour.get((path, pin))
        if number is not None and (path, number) in planned:
            return files(path, number)
        return stored(path, pin)

    for version in numbering.versions:
        note(version.path, version.number, resolved[version.blob])
    for version in numbering.versions:
        content = resolved[version.blob]
        if content.pending:
            if again is not None:
                content = forget_text(with_fragments(again(version.blob), load))
            else:
                content = with_fragments(content, load)
            resolved[version.blob] = content
            note(version.path, version.number, content)
    return resolved
