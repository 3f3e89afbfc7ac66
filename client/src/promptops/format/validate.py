"""What a prompt file must be: every key of it checked for type and meaning.

Owns the order of the checks; each area has a file of its own
(`check_…`). Works on plain values with places; `parse` provides them. What an organisation demands
beyond that (records, house rules) is checked by lint and by the gate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .check_evaluators import read_evaluators
from .check_inputs import find_uses, match_inputs, read_inputs
from .check_messages import read_messages, templates
from .check_parameters import read_parameters
from .check_schema import read_response, read_tools
from .families import FAMILIES, family_of
from .model import KEYS, TEMPLATES, AnyMessage, PromptFile, Variant
from .problem import KeyPath, key_text
from .source import Report
from .template import includes
from .values import (
    read_choice,
    read_list,
    read_mapping,
    read_text,
    read_texts,
    suggestion,
    warn_unknown,
    wrong_type,
)

_VARIANT_KEYS = ("model", "modelParameters", "parameters", "messages")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*", re.ASCII)


def validate(data: Any, report: Report) -> PromptFile | None:
    """The prompt file that `data` is, or None if the report has failed."""
    if not isinstance(data, dict):
        if data is None:
            fix = "a prompt file has at least messages: with one role and content"
            report.error("empty-file", (), "the file is empty", fix)
        else:
            wrong_type(report, (), "a mapping of keys such as messages", data)
        return None
    given = {key: value for key, value in data.items() if value is not None}
    _warn_top_level(report, data)

    template = "plain"
    if "template" in given:
        template = read_choice(report, ("template",), given["template"], TEMPLATES) or template
    messages: tuple[AnyMessage, ...] = ()
    if "messages" in given:
        messages = read_messages(report, ("messages",), given["messages"])
    else:
        fix = "add messages: with one role and content"
        report.error("missing-key", (), "the file has no messages", fix)
    variants, groups = _read_variants(report, given.get("variants"))
    groups.insert(0, (("messages",), messages))

    declared = read_inputs(report, given["inputs"]) if "inputs" in given else None
    uses = find_uses(report, groups, template)
    whole = uses is not None and not any(
        includes(text.text, template) for at, group in groups for text in templates(at, group)
    )
    inputs = match_inputs(report, declared, uses or {}, complete=whole)

    parameters: dict[str, Any] = {}
    if "modelParameters" in given:
        parameters = read_parameters(report, ("modelParameters",), given["modelParameters"])
    response_format, json_schema = read_response(report, data)
    file = PromptFile(
        messages=messages,
        name=_text(report, given, "name"),
        description=_text(report, given, "description"),
        model=_text(report, given, "model") or None,
        parameters=parameters,
        response_format=response_format,
        json_schema=json_schema,
        test_data=_read_test_data(report, given.get("testData")),
        evaluators=_read_evaluators(report, given.get("evaluators")),
        inputs=inputs,
        inputs_declared=declared is not None,
        variants=variants,
        tools=read_tools(report, given["tools"]) if "tools" in given else (),
        record=_mapping(report, given, "record") or {},
        retrieval=_mapping(report, given, "retrieval"),
        tags=read_texts(report, ("tags",), given["tags"]) if "tags" in given else (),
        owners=read_texts(report, ("owners",), given["owners"]) if "owners" in given else (),
        template=template,
        unknown={key: value for key, value in data.items() if key not in KEYS},
        data=data,
    )
    return None if report.failed else file


def _warn_top_level(report: Report, data: Mapping[str, Any]) -> None:
    warn_unknown(report, (), data, KEYS)
    for key in ("model", "name"):
        if isinstance(data.get(key), str) and not data[key].strip():
            report.error("blank", (key,), f"{key} is blank", f"write it or remove {key}")


def _text(report: Report, data: Mapping[str, Any], key: str) -> str:
    return (read_text(report, (key,), data[key]) or "") if key in data else ""


def _mapping(report: Report, data: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    return read_mapping(report, (key,), data[key]) if key in data else None


def _read_variants(
    report: Report, value: Any
) -> tuple[dict[str, Variant], list[tuple[KeyPath, tuple[AnyMessage, ...]]]]:
    """The variants, and their messages with their places."""
    variants: dict[str, Variant] = {}
    groups: list[tuple[KeyPath, tuple[AnyMessage, ...]]] = []
    if value is None:
        return variants, groups
    seen: dict[str, str] = {}
    for key, item in (read_mapping(report, ("variants",), value) or {}).items():
        path: KeyPath = ("variants", key)
        _check_variant_key(report, path, key)
        twin = seen.setdefault(key.lower(), key)
        if twin != key:
            message = f"the variants {twin!r} and {key!r} differ only by case"
            report.error("case-twins", path, message, "keep one of them", key=True)
        body = read_mapping(report, path, item)
        if body is None:
            continue
        warn_unknown(report, path, body, _VARIANT_KEYS)
        variant = _read_variant(report, path, key, body)
        if variant.messages is not None:
            groups.append(((*path, "messages"), variant.messages))
        variants[key] = variant
    return variants, groups


def _read_variant(report: Report, path: KeyPath, key: str, body: Mapping[str, Any]) -> Variant:
    model = messages = parameters = None
    if body.get("model") is not None:
        model = read_text(report, (*path, "model"), body["model"])
        if model is not None and not model.strip():
            report.error("blank", (*path, "model"), f"{key_text((*path, 'model'))} is blank")
    names = [name for name in ("modelParameters", "parameters") if body.get(name) is not None]
    if len(names) == 2:
        report.error(
            "two-parameters",
            path,
            f"{key_text(path)} has both modelParameters and parameters",
            "keep modelParameters",
        )
    for name in names[:1]:
        parameters = read_parameters(report, (*path, name), body[name], removable=True)
    if body.get("messages") is not None:
        messages = read_messages(report, (*path, "messages"), body["messages"])
    return Variant(key, model, parameters, messages)


def _check_variant_key(report: Report, path: KeyPath, key: str) -> None:
    if not _MODEL_ID.fullmatch(key):
        report.error(
            "bad-name", path, f"{key[:80]!r} is neither a model family nor a model id", key=True
        )
    elif family_of(key) is None and "/" not in key and not any(c.isdigit() for c in key):
        fix = suggestion(key, FAMILIES) or f"families are {', '.join(FAMILIES)}"
        report.warning(
            "unknown-family", path, f"{key!r} is not a model family we know", fix, key=True
        )


def _read_test_data(report: Report, value: Any) -> tuple[Mapping[str, Any], ...]:
    if value is None:
        return ()
    cases = []
    for number, item in enumerate(read_list(report, ("testData",), value) or ()):
        case = read_mapping(report, ("testData", number), item)
        if case is not None:
            cases.append(case)
    return tuple(cases)


def _read_evaluators(report: Report, value: Any) -> tuple[Mapping[str, Any], ...]:
    if value is None:
        return ()
    read_evaluators(report, ("evaluators",), value, strict=False, numbered=True)
    return (
        tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
    )
