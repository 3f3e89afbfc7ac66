"""The rule `unclosed-fence-or-tag`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from promptops.format import Message
from promptops.format.check_messages import Template

from ..page import Group, Hit, Page
from ..rule import rule

_FENCE = re.compile(r"^[ \t]*(?P<fence>(?P<mark>`{3,})[^`\r\n]*|(?P<waves>~{3,})[^\r\n]*)$", re.M)
_CODE = re.compile(r"`[^`\n]*`")
_BEHIND_VARIABLE = re.compile(r"\}\}[ \t]*\Z")
_VARIABLE = re.compile(r"\s*\{\{")
_TAG = re.compile(
    r"<(?P<close>/)?(?P<name>[A-Za-z][A-Za-z0-9_.:-]*)(?P<rest>(?:\s[^<>\n]*)?)>", re.ASCII
)
_OPEN_ENDED = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "option",
        "p",
        "param",
        "source",
        "td",
        "th",
        "tr",
        "track",
        "wbr",
    ]
)
"""HTML elements that need no closing tag."""


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    closes: bool
    sets_apart: bool
    text: Template
    start: int
    end: int


@rule(
    "unclosed-fence-or-tag",
    severity="warning",
    summary="A code fence or a delimiting tag is opened and never closed, or closed and never opened.",
)
def unclosed_fence_or_tag(page: Page) -> Iterator[Hit]:
    """Without its end, a model takes all that follows for the quoted text, or none of it.

    Fences (three or more backticks or tildes) are matched within a message, tags across the messages
    that are sent together. A tag counts as a delimiter when it stands alone on its line or touches a
    variable, and the prompt closes some tag or puts a variable right behind this one; a `<name>` in
    prose is none. Not checked: a final assistant message, which the model is to continue, HTML
    elements that need no end, and texts that include fragments.

    Bad:

        messages:
          - role: user
            content: |
              <claim>
              {{ claim }}
              Which team is this for?

    Good:

        messages:
          - role: user
            content: |
              <claim>
              {{ claim }}
              </claim>
              Which team is this for?
    """
    if page.has_unread_text():
        return
    for group in page.groups():
        yield from _fences(page, group)
        yield from _tags(page, group)


def _checked(page: Page, group: Group) -> Iterator[list[Template]]:
    """The texts of each message; those of a final assistant message are left out."""
    last = len(group.messages) - 1
    for number, texts in enumerate(group.texts()):
        message = group.messages[number]
        if number == last and isinstance(message, Message) and message.role == "assistant":
            continue
        yield texts


def _fences(page: Page, group: Group) -> Iterator[Hit]:
    for texts in _checked(page, group):
        if page.file.template == "jinja2" and any("{%" in text.text for text in texts):
            continue  # which lines there are is decided when rendering
        opened: list[tuple[Template, re.Match[str]]] = []
        for text in texts:
            for found in _FENCE.finditer(text.text):
                mark = found["mark"] or found["waves"]
                if opened and found["fence"].strip() == mark:
                    above = opened[-1][1]["mark"] or opened[-1][1]["waves"]
                    if mark.startswith(above):
                        opened.pop()
                    continue  # a shorter or other fence is part of the quoted text
                opened.append((text, found))
        for text, found in opened:
            message = f"the fence {found['fence'].rstrip()[:40]!r} is never closed"
            mark = found["mark"] or found["waves"]
            end = found.start("fence") + len(found["fence"].rstrip())
            fix = f"add a line {mark} where the quoted text ends"
            yield page.in_text(text, found.start("fence"), end, message, fix)


def _tags(page: Page, group: Group) -> Iterator[Hit]:
    tags = [tag for texts in _checked(page, group) for text in texts for tag in _read(text)]
    closes_some = any(tag.closes for tag in tags)
    opened: dict[str, list[_Tag]] = {}
    orphans = []
    for tag in tags:
        if not tag.closes:
            opened.setdefault(tag.name, []).append(tag)
        elif opened.get(tag.name):
            # An end belongs to the delimiter, not to a mention of the tag between the two.
            waiting = opened[tag.name]
            apart = [number for number, other in enumerate(waiting) if other.sets_apart]
            waiting.pop(apart[-1] if apart else -1)
        elif tag.sets_apart:
            orphans.append(tag)
    branches = page.file.template == "jinja2" and any("{%" in t.text.text for t in tags)
    closed = {tag.name for tag in tags if tag.closes}
    known = {tag.name for tag in tags if not tag.closes}
    for waiting in opened.values():
        for tag in waiting:
            if not tag.sets_apart or (branches and tag.name in closed):
                continue
            if closes_some or _before_variable(tag):
                message = f"the tag <{tag.name}> is never closed"
                fix = f"add </{tag.name}> where the quoted text ends"
                yield page.in_text(tag.text, tag.start, tag.end, message, fix)
    for tag in orphans:
        if not (branches and tag.name in known):
            message = f"the tag </{tag.name}> closes nothing"
            fix = f"add <{tag.name}> where the quoted text begins, or remove it"
            yield page.in_text(tag.text, tag.start, tag.end, message, fix)


def _read(text: Template) -> Iterator[_Tag]:
    """The tags of a text outside code."""
    visible = _CODE.sub(lambda code: " " * len(code.group()), _without_fenced(text.text))
    offset = 0
    for line in visible.split("\n"):
        first, last = len(line) - len(line.lstrip()), len(line.rstrip())
        for found in _TAG.finditer(line):
            start, end = found.span()
            if found["name"].lower() in _OPEN_ENDED or found["rest"].endswith("/"):
                continue
            apart = start == first and end == last
            if found["close"]:
                apart = apart or _BEHIND_VARIABLE.search(line, max(0, start - 8), start) is not None
            else:
                apart = apart or (end < last and _VARIABLE.match(line, end) is not None)
            place = (offset + start, offset + end)
            yield _Tag(found["name"], bool(found["close"]), apart, text, *place)
        offset += len(line) + 1


def _before_variable(tag: _Tag) -> bool:
    return _VARIABLE.match(tag.text.text, tag.end) is not None


def _without_fenced(text: str) -> str:
    """The text with blanks where fenced code stands."""
    lines = text.splitlines(keepends=True)
    fence = ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line.rstrip("\r\n"))
        mark = (found["mark"] or found["waves"]) if found else ""
        if fence:
            closes = found is not None and found["fence"].strip() == mark
            if closes and mark.startswith(fence):
                fence = ""
            lines[number] = re.sub(r"[^\r\n]", " ", line)
        elif mark:
            fence = mark
    return "".join(lines)
