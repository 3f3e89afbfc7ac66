"""A file as rules see it: its value, its text, its messages, and a place for everything found.

Owns turning a key path, a piece of a text or an offset into line and column. Reads no disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promptops.format import Parsed, PromptFile
from promptops.format.check_messages import Template, templates
from promptops.format.model import AnyMessage
from promptops.format.problem import KeyPath
from promptops.format.template import includes

from .project import Project
from .suppression import Suppression


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found, and where."""

    line: int
    column: int
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that are sent together: the prompt's own, or those of one variant."""

    path: KeyPath
    messages: tuple[AnyMessage, ...]

    def templates(self) -> Iterator[Template]:
        """Everything in which variables are replaced, addresses of images and files included."""
        return templates(self.path, self.messages)

    def texts(self) -> list[list[Template]]:
        """The texts of each message, by its number."""
        found: list[list[Template]] = [[] for _ in self.messages]
        for template in self.templates():
            number = template.path[len(self.path)]
            if isinstance(number, int) and template.path[-1] in ("content", "text"):
                found[number].append(template)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """One file under lint. `project` is None when nothing is known of the prompts around it."""

    parsed: Parsed
    project: Project | None = None
    suppressions: tuple[Suppression, ...] = ()

    @property
    def file(self) -> PromptFile:
        """The valid file. Only for rules that read the file."""
        file = self.parsed.file
        assert file is not None, "a rule that reads the text has no file"
        return file

    @property
    def text(self) -> str:
        """The file's text."""
        return self.parsed.text

    def groups(self) -> Iterator[Group]:
        """The prompt's messages, then those of each variant that has its own."""
        yield Group(("messages",), self.file.messages)
        for key, variant in self.file.variants.items():
            if variant.messages is not None:
                yield Group(("variants", key, "messages"), variant.messages)

    def has_unread_text(self) -> bool:
        """Whether text is missing (fragments; Jinja2 where it is not installed).

        What is absent from the file may then be in that text: nothing can be called absent.
        """
        if any(problem.code == "jinja2-not-checked" for problem in self.parsed.problems):
            return True
        return any(
            includes(text.text, self.file.template)
            for group in self.groups()
            for text in group.templates()
        )

    def at(self, path: KeyPath, message: str, fix: str, *, key: bool = False) -> Hit:
        """A hit at the value (or its key) at `path`, or at its nearest parent in the file."""
        return Hit(*self.parsed.source.at(path, key=key), message, fix)

    def in_text(self, template: Template, start: int, end: int, message: str, fix: str) -> Hit:
        """A hit at the characters from `start` to `end` of a text of the file."""
        snippet = template.text[start:end]
        nth, at = 0, template.text.find(snippet)
        while 0 <= at < start:
            nth, at = nth + 1, template.text.find(snippet, at + 1)
        return Hit(*self.parsed.source.inside(template.path, snippet, nth), message, fix)

    def at_offset(self, index: int, message: str, fix: str) -> Hit:
        """A hit at an offset in the file's text."""
        return Hit(*self.parsed.source.position(index), message, fix)
