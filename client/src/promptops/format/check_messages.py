"""Checks of messages: roles, content parts, placeholders, and the braces in their text.

Owns what a message may look like, in the prompt itself and in its variants. Which variables a file
declares is compared in `check_inputs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .model import ROLES, AnyMessage, ContentPart, Message, Placeholder
from .problem import KeyPath, key_text
from .source import Report
from .template import VARIABLE_NAME, Include, Odd, Variable, compile_template, includes
from .values import (
    read_choice,
    read_list,
    read_mapping,
    read_text,
    warn_unknown,
    wrong_type,
)

EXTRA_KEYS = ("name", "tool_call_id", "tool_calls", "cache_control")
"""Members of a message, besides role and content, that models receive."""

_PART_KEYS = {
    "text": ("type", "text", "cache_control"),
    "image_url": ("type", "image_url", "cache_control"),
    "file": ("type", "file", "cache_control"),
}
_IMAGE_KEYS = ("url", "detail")
_FILE_KEYS = ("url", "file_id", "file_data", "filename", "format")
_FRAGMENT_TARGET = re.compile(
    r"(?P<path>[A-Za-z0-9][A-Za-z0-9._/-]*)@(?:(?P<version>[1-9][0-9]{0,8})|(?P<digest>sha256:[0-9a-f]{64}))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Template:
    """One text of the file that is filled at render time, and where it stands."""

    path: KeyPath
    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """A variable's first use: in which text, and there as the nth (from 0) occurrence of a snippet."""

    path: KeyPath
    snippet: tuple[str, int] | None = None
    placeholder: bool = False


def read_messages(report: Report, path: KeyPath, value: Any) -> tuple[AnyMessage, ...]:
    """The messages at `path`; every fault is reported."""
    items = read_list(report, path, value)
    if items is None:
        return ()
    if not items:
        report.error(
            "no-messages", path, f"{key_text(path)} is empty: a prompt has at least one message"
        )
    messages = (_read_message(report, (*path, number), item) for number, item in enumerate(items))
    return tuple(message for message in messages if message is not None)


def _read_message(report: Report, path: KeyPath, value: Any) -> AnyMessage | None:
    if not isinstance(value, dict):
        wrong_type(report, path, "a mapping with role and content", value)
        return None
    if "placeholder" in value:
        return _read_placeholder(report, path, value)
    warn_unknown(report, path, value, ("role", "content", *EXTRA_KEYS))
    role = None
    if "role" in value:
        role = read_choice(report, (*path, "role"), value["role"], ROLES)
    else:
        fix = f"add role: one of {', '.join(ROLES)}"
        report.error("missing-key", path, f"{key_text(path)} has no role", fix)
    extra = {name: value[name] for name in EXTRA_KEYS if value.get(name) is not None}
    _check_extra(report, path, extra, role)
    content: str | tuple[ContentPart, ...] | None = None
    if value.get("content") is None and "tool_calls" in extra:
        pass
    elif "content" not in value:
        report.error("missing-key", path, f"{key_text(path)} has no content", "add content: text")
    else:
        content = _read_content(report, (*path, "content"), value["content"])
    return Message(role or "", content, extra)


def _read_placeholder(report: Report, path: KeyPath, value: dict[str, Any]) -> Placeholder | None:
    name = read_text(report, (*path, "placeholder"), value["placeholder"])
    if "role" in value or "content" in value:
        message = f"{key_text(path)} is a placeholder and has no role or content of its own"
        report.error("placeholder-with-content", path, message, "make it two list items")
    warn_unknown(report, path, value, ("placeholder", "role", "content"))
    if name is None:
        return None
    if VARIABLE_NAME.fullmatch(name) is None:
        report.error("bad-variable-name", (*path, "placeholder"), _name_rule(name))
        return None
    return Placeholder(name)


def _name_rule(name: str) -> str:
    return (
        f"{name[:100]!r} is not a name for a variable: letters, digits and underscores, "
        "starting with a letter or underscore, with single dots or dashes inside"
    )


def check_variable_name(report: Report, path: KeyPath, name: str) -> None:
    """Report a name that no template could refer to."""
    if VARIABLE_NAME.fullmatch(name) is None:
        report.error("bad-variable-name", path, _name_rule(name), key=True)


def _check_extra(report: Report, path: KeyPath, extra: dict[str, Any], role: str | None) -> None:
    for name in ("name", "tool_call_id"):
        if name in extra:
            text = read_text(report, (*path, name), extra[name])
            if text is not None:
                extra[name] = text
    if "tool_calls" in extra:
        calls = read_list(report, (*path, "tool_calls"), extra["tool_calls"])
        if calls is not None and role not in (None, "assistant"):
            message = f"{key_text(path)} has tool_calls, which only an assistant message may have"
            report.error("misplaced-key", (*path, "tool_calls"), message, key=True)


def _read_content(
    report: Report, path: KeyPath, value: Any
) -> str | tuple[ContentPart, ...] | None:
    if isinstance(value, list):
        if not value:
            report.error(
                "blank", path, f"{key_text(path)} is an empty list", "add a part or a text"
            )
        parts = (_read_part(report, (*path, number), item) for number, item in enumerate(value))
        return tuple(part for part in parts if part is not None)
    if isinstance(value, dict):
        fix = "a text that starts with '{' needs quotes or a literal block (content: |)"
        message = f"{key_text(path)} must be a text or a list of parts, not a mapping"
        report.error("wrong-type", path, message, fix)
        return None
    if value is None:
        report.error("blank", path, f"{key_text(path)} is empty", "write the message's text")
        return None
    text = read_text(report, path, value)
    if text is not None and not text.strip():
        report.error("blank", path, f"{key_text(path)} is blank", "write the message's text")
    return text


def _read_part(report: Report, path: KeyPath, value: Any) -> ContentPart | None:
    part = read_mapping(report, path, value)
    if part is None:
        return None
    if "type" not in part:
        report.error(
            "missing-key",
            path,
            f"{key_text(path)} has no type",
            "add type: text, image_url or file",
        )
        return None
    kind = read_choice(report, (*path, "type"), part["type"], _PART_KEYS)
    if kind is None:
        return None
    warn_unknown(report, path, part, _PART_KEYS[kind])
    if part.get(kind) is None:
        report.error("missing-key", path, f"{key_text(path)} has no {kind}", f"add {kind}: …")
        return None
    kept = {name: part[name] for name in _PART_KEYS[kind] if name in part}
    body, at = part[kind], (*path, kind)
    if kind == "text":
        text = read_text(report, at, body)
        if text is not None and not text:
            report.error("blank", at, f"{key_text(at)} is empty", "write the text or drop the part")
        kept["text"] = text
    elif isinstance(body, dict):
        known = _IMAGE_KEYS if kind == "image_url" else _FILE_KEYS
        warn_unknown(report, at, body, known)
        needed = ("url",) if kind == "image_url" else ("url", "file_id", "file_data")
        if not any(isinstance(body.get(name), str) and body[name] for name in needed):
            report.error(
                "missing-key", at, f"{key_text(at)} needs one of {', '.join(needed)}, as text"
            )
        for name in known:
            if name in body and read_text(report, (*at, name), body[name]) is None:
                return None
    elif isinstance(body, str):
        kept[kind] = {"url": body}
    else:
        wrong_type(report, at, "a URL or a mapping", body)
    return ContentPart(kind, kept)


def templates(path: KeyPath, messages: tuple[AnyMessage, ...]) -> Iterator[Template]:
    """Every text of the messages at `path` in which variables are replaced."""
    for number, message in enumerate(messages):
        if not isinstance(message, Message) or message.content is None:
            continue
        at: KeyPath = (*path, number, "content")
        if isinstance(message.content, str):
            yield Template(at, message.content)
            continue
        for index, part in enumerate(message.content):
            body = part.value.get(part.type)
            if isinstance(body, str):
                yield Template((*at, index, part.type), body)
            elif isinstance(body, dict):
                for name, text in body.items():
                    if isinstance(text, str):
                        yield Template((*at, index, part.type, name), text)


def check_plain(report: Report, template: Template, uses: dict[str, Use]) -> None:
    """Report odd braces and bad fragment references of a plain text; note the variables it uses."""
    text, path = template.text, template.path
    counts: dict[str, int] = {}
    for segment in compile_template(text):
        if not isinstance(segment, Variable | Include | Odd):
            continue
        snippet = text[segment.start : segment.end]
        nth = counts.get(snippet, 0)
        counts[snippet] = nth + 1
        if isinstance(segment, Variable):
            if segment.name not in uses:
                uses[segment.name] = Use(path, (snippet, nth))
        elif isinstance(segment, Include):
            _check_include(report, path, segment, (snippet, nth))
        elif not report.is_full("warning"):
            report.warning(
                "literal-braces",
                path,
                f"{snippet[:60]!r} is not a variable and stays in the text as it is",
                'to say that this is meant, write {{ "' + snippet[:60] + '" }}',
                snippet=(snippet, nth),
            )


def check_jinja2_includes(report: Report, template: Template) -> None:
    """Report bad fragment references of a Jinja2 text."""
    for include in includes(template.text, "jinja2"):
        snippet = template.text[include.start : include.end]
        _check_include(report, template.path, include, (snippet, 0))


def _check_include(
    report: Report, path: KeyPath, include: Include, snippet: tuple[str, int]
) -> None:
    reason = include_fault(include.target)
    if reason:
        fix = "write {{> module/name@3 }} or {{> module/name@sha256:… }}"
        report.error("bad-fragment", path, reason, fix, snippet=snippet)


def include_fault(target: str) -> str:
    """What is wrong with a fragment reference, or ""."""
    if split_target(target) is not None:
        return ""
    if "@" not in target:
        return f"the fragment reference {target[:100]!r} names no version"
    return f"{target[:100]!r} is not a fragment reference"


def split_target(target: str) -> tuple[str, int | str] | None:
    """Path and pin (version, or `sha256:…` digest) of a fragment reference, or None if it is none."""
    found = _FRAGMENT_TARGET.fullmatch(target)
    if found is None or "//" in found["path"] or found["path"].endswith("/"):
        return None
    return found["path"], int(found["version"]) if found["version"] else found["digest"]
