"""Checks of inputs: their declarations, and that text and declarations agree.

Owns the rule for undeclared variables: without `inputs` every variable in the text is a required
string; with `inputs` a variable that is not listed is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .check_messages import (
    Template,
    Use,
    check_jinja2_includes,
    check_plain,
    check_variable_name,
    templates,
)
from .jinja2_text import MAX_JINJA2, MissingFeature, TemplateFault, undeclared
from .model import INPUT_TYPES, TRUST, AnyMessage, Input, Placeholder
from .problem import KeyPath, key_text
from .source import Report
from .template import includes
from .values import (
    kind_of,
    read_choice,
    read_flag,
    read_mapping,
    read_text,
    read_texts,
    suggestion,
    warn_unknown,
)

_INPUT_KEYS = ("type", "description", "required", "default", "trust", "pii")
TYPE_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def read_inputs(report: Report, value: Any) -> dict[str, Input]:
    """The declared inputs by name."""
    declared = read_mapping(report, ("inputs",), value) or {}
    inputs = {}
    for name, item in declared.items():
        path: KeyPath = ("inputs", name)
        check_variable_name(report, path, name)
        inputs[name] = _read_input(report, path, name, item)
    return inputs


def _read_input(report: Report, path: KeyPath, name: str, value: Any) -> Input:
    if value is None:
        return Input(name)
    if not isinstance(value, dict):
        fix = f"write {name}: {{type: string}}"
        message = f"{key_text(path)} must be a mapping, not {kind_of(value)}"
        report.error("wrong-type", path, message, fix)
        return Input(name)
    warn_unknown(report, path, value, _INPUT_KEYS)
    given = {key: item for key, item in value.items() if item is not None}
    kind = "string"
    if "type" in given:
        kind = read_choice(report, (*path, "type"), given["type"], INPUT_TYPES) or kind
    description = trust = ""
    if "description" in given:
        description = read_text(report, (*path, "description"), given["description"]) or ""
    if "trust" in given:
        trust = read_choice(report, (*path, "trust"), given["trust"], TRUST) or ""
    has_default = "default" in given
    default = given.get("default")
    if has_default:
        default = _read_default(report, (*path, "default"), default, kind)
    required = not has_default
    if "required" in given:
        required = bool(read_flag(report, (*path, "required"), given["required"]))
        if required and has_default:
            message = f"{key_text(path)} is required, so its default is never used"
            report.warning("unused-default", (*path, "default"), message, key=True)
    pii: bool | str | tuple[str, ...] = False
    if "pii" in given:
        pii = _read_pii(report, (*path, "pii"), given["pii"])
    return Input(name, kind, description, required, default, has_default, trust, pii)


def _read_default(report: Report, path: KeyPath, value: Any, kind: str) -> Any:
    if kind == "string":
        return read_text(report, path, value)
    if not is_of_type(value, kind):
        report.error(
            "wrong-type",
            path,
            f"{key_text(path)} must be {TYPE_WORDS[kind]} ({kind}), not {kind_of(value)}",
        )
    return value


def _read_pii(report: Report, path: KeyPath, value: Any) -> bool | str | tuple[str, ...]:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return read_texts(report, path, value)
    message = f"{key_text(path)} must be true, false or the kinds of personal data"
    report.error("wrong-type", path, f"{message}, not {kind_of(value)}")
    return False


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a value fits an input type. Booleans are no numbers; numbers are finite."""
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        finite = not isinstance(value, float) or (value == value and abs(value) != float("inf"))
        return isinstance(value, int | float) and not isinstance(value, bool) and finite
    if kind == "array":
        return isinstance(value, list | tuple)
    return isinstance(value, Mapping)


def find_uses(
    report: Report,
    groups: Iterable[tuple[KeyPath, tuple[AnyMessage, ...]]],
    template: str,
) -> dict[str, Use] | None:
    """The variables and placeholders of all messages, by name, with their first place.

    Reports faulty braces on the way. None when the variables cannot be known: Jinja2 text that is
    faulty, or jinja2 is not installed.
    """
    uses: dict[str, Use] = {}
    missing = faulty = False
    length = 0
    for path, messages in groups:
        for number, message in enumerate(messages):
            if isinstance(message, Placeholder):
                at = (*path, number, "placeholder")
                uses.setdefault(message.name, Use(at, placeholder=True))
        for text in templates(path, messages):
            if template == "plain":
                check_plain(report, text, uses)
                continue
            length += len(text.text)
            if length > MAX_JINJA2:
                faulty = True
                report.error(
                    "jinja2-too-long",
                    text.path,
                    f"the Jinja2 texts of this file have more than {MAX_JINJA2:,} characters",
                    "split the prompt, or use template: plain",
                )
                break
            check_jinja2_includes(report, text)
            try:
                _check_jinja2(text, uses)
            except MissingFeature:
                missing = True
            except TemplateFault as fault:
                faulty = True
                _report_jinja2(report, text, fault)
    if missing:
        report.warning(
            "jinja2-not-checked",
            ("template",),
            "jinja2 is not installed here: the text was not checked",
            "install jinja2",
        )
    return None if missing or faulty else uses


def _check_jinja2(template: Template, uses: dict[str, Use]) -> None:
    for name in undeclared(_without_includes(template.text)):
        uses.setdefault(name, Use(template.path, (name, 0)))


def _report_jinja2(report: Report, template: Template, fault: TemplateFault) -> None:
    lines = template.text.split("\n")
    line = lines[min(fault.line, len(lines)) - 1].strip()
    report.error(
        "jinja2-syntax",
        template.path,
        f"{key_text(template.path)} is not a Jinja2 template: {fault} (its line {fault.line})",
        snippet=(line, 0),
    )


def _without_includes(text: str) -> str:
    """The text with blanks where fragment references stand: Jinja2 does not know them."""
    for include in includes(text, "jinja2"):
        blank = re.sub(r"[^\n]", " ", text[include.start : include.end])
        text = text[: include.start] + blank + text[include.end :]
    return text


def match_inputs(
    report: Report, declared: dict[str, Input] | None, uses: dict[str, Use], *, complete: bool
) -> dict[str, Input]:
    """The effective inputs: those declared, or those found in the text.

    `complete` is False when text is still missing (fragments, or Jinja2 that was not read): then
    nothing can be called unused.
    """
    if declared is None:
        return {name: implicit_input(name, use.placeholder) for name, use in uses.items()}
    for name, use in uses.items():
        if name not in declared:
            report.error(
                "undeclared-variable",
                use.path,
                f"{name!r} is used here but not listed under inputs",
                suggestion(name, declared) or f"add {name} to inputs, or remove inputs",
                snippet=use.snippet,
            )
        elif use.placeholder and declared[name].type != "array":
            report.error(
                "wrong-type",
                ("inputs", name),
                f"inputs.{name} takes messages for a placeholder: its type must be array",
                "write type: array",
            )
    for name in declared:
        if complete and name not in uses:
            report.warning(
                "unused-input",
                ("inputs", name),
                f"the input {name!r} is not used in any message",
                suggestion(name, [use for use in uses if use not in declared]),
                key=True,
            )
    return declared


def implicit_input(name: str, placeholder: bool) -> Input:
    """The input a file without `inputs` has for a variable or placeholder in its text."""
    return Input(name, "array" if placeholder else "string", declared=False)
