"""Checks of JSON schemas: the response's, and those of tools.

Owns `responseFormat`, `jsonSchema` and `tools`. jsonschema is loaded only when a file has a schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .canonical import MAX_SAFE_INTEGER
from .model import RESPONSE_FORMATS, Tool
from .problem import KeyPath, key_text
from .source import MAX_DEPTH, Report
from .values import (
    read_choice,
    read_flag,
    read_list,
    read_mapping,
    read_text,
    warn_unknown,
    wrong_type,
)

_TOOL_KEYS = ("name", "description", "parameters", "schema", "strict")
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def read_response(
    report: Report, data: Mapping[str, Any]
) -> tuple[str | None, dict[str, Any] | None]:
    """`responseFormat` and the parsed `jsonSchema`."""
    kind = None
    if data.get("responseFormat") is not None:
        kind = read_choice(report, ("responseFormat",), data["responseFormat"], RESPONSE_FORMATS)
    raw = data.get("jsonSchema")
    if raw is None:
        if kind == "json_schema":
            report.error(
                "missing-key",
                ("responseFormat",),
                "responseFormat is json_schema, but there is no jsonSchema",
                "add jsonSchema with name and schema",
            )
        return kind, None
    schema = _read_schema_text(report, raw) if isinstance(raw, str) else raw
    if schema is None:
        return kind, None
    if not isinstance(schema, dict):
        wrong_type(report, ("jsonSchema",), "a JSON object, as text or mapping", schema)
        return kind, None
    if kind == "json_schema":
        _check_named_schema(report, schema)
    else:
        report.warning(
            "unused-schema",
            ("jsonSchema",),
            "jsonSchema has no effect unless responseFormat is json_schema",
            "add responseFormat: json_schema",
            key=True,
        )
    return kind, schema


def _check_named_schema(report: Report, schema: dict[str, Any]) -> None:
    path = ("jsonSchema",)
    for name in ("name", "schema"):
        if name not in schema:
            message = f"jsonSchema has no {name}"
            fix = 'it looks like {"name": "…", "schema": {"type": "object", …}}'
            report.error("missing-key", path, message, fix)
    title = schema.get("name")
    if "name" in schema and (not isinstance(title, str) or not _TOOL_NAME.fullmatch(title)):
        report.error(
            "bad-name",
            (*path, "name"),
            "jsonSchema.name must be 1 to 64 letters, digits, underscores or dashes",
        )
    if "strict" in schema and not isinstance(schema["strict"], bool | None):
        wrong_type(report, (*path, "strict"), "true or false", schema["strict"])
    if "schema" in schema:
        check_json_schema(report, (*path, "schema"), schema["schema"])


def _read_schema_text(report: Report, text: str) -> Any:
    path = ("jsonSchema",)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = (
            f"jsonSchema is not JSON: {error.msg} (its line {error.lineno}, column {error.colno})"
        )
        report.error("bad-json", path, message)
        return None
    except (ValueError, RecursionError) as error:
        report.error("bad-json", path, f"jsonSchema is not JSON: {str(error)[:200]}")
        return None
    fault = _json_fault(value)
    if fault:
        report.error("bad-json", path, f"jsonSchema {fault}")
        return None
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _json_fault(value: Any, depth: int = 0) -> str:
    """Why a value read by `json` cannot be kept exactly by every reader, or ""."""
    if depth > MAX_DEPTH:
        return f"is nested more than {MAX_DEPTH} levels deep"
    if isinstance(value, str):
        return "" if _encodable(value) else "contains half of a surrogate pair"
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        return "contains a number too large for other readers of JSON"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "contains a number too large for other readers of JSON"
    if isinstance(value, dict):
        if not all(map(_encodable, value)):
            return "contains half of a surrogate pair"
        children = list(value.values())
    else:
        children = value if isinstance(value, list) else []
    return next((fault for child in children if (fault := _json_fault(child, depth + 1))), "")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_json_schema(report: Report, path: KeyPath, schema: Any) -> None:
    """Report a schema that is not valid by the JSON Schema draft it names (else draft 2020-12)."""
    if not isinstance(schema, dict | bool):
        wrong_type(report, path, "a JSON schema (a mapping)", schema)
        return
    if not schema or schema is True:
        return
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for

    declared = schema.get("$schema", "")
    if not isinstance(declared, str):
        wrong_type(report, (*path, "$schema"), "a text", declared)
        return
    validator = validator_for(schema, default=Draft202012Validator)
    worst = best_match(validator(validator.META_SCHEMA).iter_errors(schema))
    if worst is not None:
        at = (*path, *worst.absolute_path)
        message = f"{key_text(at)} is not valid in a JSON schema: {worst.message[:300]}"
        report.error("bad-schema", at, message)


def read_tools(report: Report, value: Any) -> tuple[Tool, ...]:
    """The tools a model may call; names are unique."""
    tools: list[Tool] = []
    seen: set[str] = set()
    for number, item in enumerate(read_list(report, ("tools",), value) or ()):
        path: KeyPath = ("tools", number)
        tool = _read_tool(report, path, item)
        if tool is None:
            continue
        if tool.name in seen:
            report.error("duplicate-tool", path, f"there are two tools named {tool.name!r}")
        seen.add(tool.name)
        tools.append(tool)
    return tuple(tools)


def _read_tool(report: Report, path: KeyPath, value: Any) -> Tool | None:
    body = read_mapping(report, path, value)
    if body is None:
        return None
    if isinstance(body.get("function"), dict) and body.get("type", "function") == "function":
        # The shape in which OpenAI's interface takes tools; people paste it.
        path, body = (*path, "function"), body["function"]
    warn_unknown(report, path, body, _TOOL_KEYS)
    if body.get("name") is None:
        report.error("missing-key", path, f"{key_text(path)} has no name")
        return None
    name = read_text(report, (*path, "name"), body["name"])
    if name is None:
        return None
    if not _TOOL_NAME.fullmatch(name):
        report.error(
            "bad-name",
            (*path, "name"),
            f"the tool name {name[:80]!r} must be 1 to 64 letters, digits, underscores or dashes",
        )
    description: str | None = ""
    if body.get("description") is not None:
        description = read_text(report, (*path, "description"), body["description"])
    given = [key for key in ("parameters", "schema") if body.get(key) is not None]
    if len(given) == 2:
        message = f"{key_text(path)} has both parameters and schema"
        report.error("two-schemas", path, message, "keep parameters")
    schema: dict[str, Any] = {}
    if given:
        at = (*path, given[0])
        schema = read_mapping(report, at, body[given[0]]) or {}
        check_json_schema(report, at, schema)
    strict = None
    if body.get("strict") is not None:
        strict = read_flag(report, (*path, "strict"), body["strict"])
    return Tool(name, description or "", schema, strict)
