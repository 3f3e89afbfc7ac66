"""Structured output takes only a part of JSON Schema: other keywords are left out, and objects are closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from promptops.calls.ask import Ask
from promptops_server.providers.catalogue.rules.rule import (
    Changed,
    Rule,
    Said,
    Setting,
    Settings,
    shown,
)

_BY_NAME = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
"""Their members are names, not keywords."""
_VALUES = ("enum", "const", "default", "examples", "required")
MAX_DEPTH = 64


def _apply(ask: Ask, settings: Settings) -> Changed:
    if ask.response_format != "json_schema" or not ask.json_schema:
        return Changed(ask)
    if settings.get("only_strict") and ask.json_schema.get("strict") is not True:
        return Changed(ask)
    schema = ask.json_schema.get("schema")
    if not isinstance(schema, Mapping):
        return Changed(ask)
    said: list[Said] = []
    made = _cleaned(
        schema,
        frozenset(settings["keywords"]),
        bool(settings.get("closed")),
        settings.get("allowed") or {},
        "jsonSchema.schema",
        said,
        0,
    )
    if not said:
        return Changed(ask)
    return Changed(replace(ask, json_schema={**ask.json_schema, "schema": made}), said)


def _cleaned(
    schema: Any,
    refused: frozenset[str],
    closed: bool,
    allowed: Mapping[str, Any],
    where: str,
    said: list[Said],
    depth: int,
) -> Any:
    if depth > MAX_DEPTH:
        return schema
    if isinstance(schema, list):
        return [
            _cleaned(item, refused, closed, allowed, f"{where}[{number}]", said, depth + 1)
            for number, item in enumerate(schema)
        ]
    if not isinstance(schema, Mapping):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        at = f"{where}.{key}"
        if key in refused and value not in allowed.get(key, ()):
            said.append(Said(at, f"{key} ({shown(value)}) is left out of the schema"))
        elif key in _VALUES:
            made[key] = value
        elif key in _BY_NAME and isinstance(value, Mapping):
            made[key] = {
                name: _cleaned(item, refused, closed, allowed, f"{at}.{name}", said, depth + 1)
                for name, item in value.items()
            }
        else:
            made[key] = _cleaned(value, refused, closed, allowed, at, said, depth + 1)
    if closed and made.get("type") == "object" and made.get("additionalProperties") is not False:
        made["additionalProperties"] = False
        said.append(Said(where, "additionalProperties: false is added to the schema"))
    return made


RULE = Rule(
    help="Leaves out keywords of JSON Schema that structured output refuses.",
    apply=_apply,
    settings={
        "keywords": Setting("texts", "The refused keywords."),
        "allowed": Setting("mapping", "Values that are taken after all, by keyword.", False),
        "closed": Setting("boolean", "Whether objects need additionalProperties: false.", False),
        "only_strict": Setting("boolean", "Whether it holds only under strict: true.", False),
    },
)
