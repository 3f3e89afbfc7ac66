"""Short notations of schemas: Prompty's lists of properties and Dotprompt's Picoschema.

Owns their reading into JSON Schema. What a notation holds that JSON Schema has no word for is
refused, so nothing is dropped on the way.
"""

from __future__ import annotations

import re
from typing import Any

from .templates import Left

_KINDS = {
    "string": "string",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}
_PICO_KEY = re.compile(
    r"(?P<name>[^?(\s]+)(?P<optional>\?)?(?:\((?P<kind>array|object|enum)(?:,\s*(?P<about>.*))?\))?",
    re.DOTALL,
)
_PICO_TYPES = ("string", "number", "integer", "boolean", "null", "any")


def prompty_properties(value: Any) -> dict[str, Any]:
    """Prompty's properties (a list, or a mapping by name) as an object schema. Raises Left."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(item, dict) or item.get("name") not in (None, key):
                raise Left(f"the property {key[:60]!r} is no property")
        value = [{**item, "name": key} for key, item in value.items()]
    if not isinstance(value, list):
        raise Left("its properties are no list")
    properties: dict[str, Any] = {}
    required = []
    for item in value:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise Left("a property has no name")
        properties[item["name"]] = _property(item)
        if item.get("required"):
            required.append(item["name"])
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _property(item: dict[str, Any]) -> dict[str, Any]:
    kind = item.get("kind", item.get("type", "string"))
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Left(f"a property has the kind {str(kind)[:60]!r}, which has no counterpart")
    schema: dict[str, Any] = {"type": _KINDS[kind]}
    for theirs, ours in (("description", "description"), ("enumValues", "enum")):
        if item.get(theirs) is not None:
            schema[ours] = item[theirs]
    if "default" in item:
        schema["default"] = item["default"]
    if isinstance(item.get("items"), dict):
        schema["items"] = _property(item["items"])
    if item.get("properties") is not None:
        schema |= prompty_properties(item["properties"])
    known = ("name", "kind", "type", "description", "enumValues", "default", "items")
    for name in item:
        if name not in (*known, "properties", "required"):
            raise Left(f"a property has {name!r}, which has no counterpart")
    return schema


def picoschema(value: Any) -> dict[str, Any]:
    """Picoschema (or JSON Schema, which may stand in its place) as JSON Schema. Raises Left."""
    if isinstance(value, str):
        kind, comma, about = value.partition(",")
        if kind.strip() not in _PICO_TYPES:
            raise Left(f"the schema {kind.strip()[:60]!r} is registered elsewhere")
        schema: dict[str, Any] = {} if kind.strip() == "any" else {"type": kind.strip()}
        return {**schema, "description": about.strip()} if comma else schema
    if not isinstance(value, dict):
        raise Left("a schema is neither a text nor a mapping")
    if is_json_schema(value):
        return value
    properties: dict[str, Any] = {}
    required: list[str] = []
    more: Any = False
    for key, item in value.items():
        if key == "(*)":
            more = picoschema(item)
            continue
        found = _PICO_KEY.fullmatch(key)
        if found is None:
            raise Left(f"the schema has the key {key[:60]!r}, which is no Picoschema")
        properties[found["name"]] = _pico_property(found, item)
        if not found["optional"]:
            required.append(found["name"])
    schema = {"type": "object", "properties": properties, "additionalProperties": more}
    return {**schema, "required": required} if required else schema


def is_json_schema(value: Any) -> bool:
    """Whether a mapping that may be Picoschema is JSON Schema."""
    return (
        isinstance(value, dict)
        and value.get("type") in ("object", "array", "string", "number", "integer", "boolean")
        and not isinstance(value.get("properties"), str)
    ) or (isinstance(value, dict) and isinstance(value.get("properties"), dict))


def _pico_property(found: re.Match[str], item: Any) -> dict[str, Any]:
    schema: dict[str, Any]
    if found["kind"] == "array":
        schema = {"type": "array", "items": picoschema(item)}
    elif found["kind"] == "enum":
        schema = {"enum": item}
    else:
        schema = dict(picoschema(item))
    if found["about"]:
        schema["description"] = found["about"]
    return schema
