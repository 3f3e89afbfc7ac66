"""The header of a Dotprompt file as members of a prompt file, and back.

Owns what each key means. The text is `dotprompt`'s.
"""

from __future__ import annotations

import re
from typing import Any

from ..model import INPUT_TYPES
from . import Outgoing
from .reading import renamed, take_text
from .schema_text import is_json_schema, picoschema
from .templates import Left, Var, from_handlebars
from .writing import Losses, governance

_KEPT = ("name", "testData", "evaluators", "tags", "owners", "record", "tools")
_CARRIED = (
    *(*_KEPT, "description", "model", "modelParameters", "inputs", "responseFormat"),
    "jsonSchema",
)
_PARAMETERS = {"maxTokens": "maxOutputTokens"}
_BACK = {theirs: ours for ours, theirs in _PARAMETERS.items()}
_SCHEMA_NAME = "output"


def read_header(head: dict[str, Any], losses: Losses) -> tuple[dict[str, Any], str]:
    """Members of the prompt file, and the variant's name."""
    given = {key: value for key, value in head.items() if value is not None}
    members: dict[str, Any] = {}
    variant = take_text(given.pop("variant", None), "variant", losses) or ""
    for name in ("name", "description", "model"):
        text = take_text(given.pop(name, None), name, losses)
        if text is not None and (text.strip() or name == "description"):
            members[name] = text
    config = given.pop("config", None)
    if isinstance(config, dict):
        renamed(config, _BACK, members, "config", losses)
    elif config is not None:
        losses.add("config is not carried: it is no mapping")
    _inputs(given.pop("input", None), members, losses)
    _output(given.pop("output", None), members, losses)
    tools = given.pop("tools", None)
    if tools is not None:
        losses.add(f"tools are not carried: they are defined elsewhere: {str(tools)[:100]}")
    metadata = given.pop("metadata", None)
    ours = given.pop("promptops", None)
    if ours is not None and not isinstance(ours, dict):
        losses.add("promptops is not carried: it is no mapping")
    for key, value in ours.items() if isinstance(ours, dict) else ():
        given[f"promptops.{key}"] = value
    for key in list(given):
        kept = key.removeprefix("promptops.")
        if key != kept and kept in _KEPT:
            members[kept] = given.pop(key)
    if metadata is not None:
        record = members.get("record")
        members["record"] = {**(record if isinstance(record, dict) else {}), "dotprompt": metadata}
    for key in given:
        losses.add(f"{key} is not carried")
    return members, variant


def _inputs(value: Any, members: dict[str, Any], losses: Losses) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        losses.add("input is not carried: it is no mapping")
        return
    schema, defaults = value.get("schema"), value.get("default")
    inputs: dict[str, Any] = {}
    if schema is not None:
        read = picoschema(schema)
        if not isinstance(read.get("properties", {}), dict) or read.get("type") != "object":
            raise Left("its input schema is no object")
        required = read.get("required") or []
        for name, item in read.get("properties", {}).items():
            inputs[name] = _input(name, item, losses)
            inputs[name]["required"] = name in required
        if read.get("additionalProperties"):
            losses.add("input.schema: further inputs are not allowed here")
    for name, default in (defaults if isinstance(defaults, dict) else {}).items():
        made = inputs.setdefault(name, {"type": _type_of(default)})
        if default is not None:
            made["default"] = default
            made["required"] = False
    if inputs:
        members["inputs"] = inputs
    for key in value:
        if key not in ("schema", "default") or (
            key == "default" and not isinstance(defaults, dict)
        ):
            losses.add(f"input.{key} is not carried")


def _input(name: str, item: Any, losses: Losses) -> dict[str, Any]:
    item = item if isinstance(item, dict) else {}
    kind = item.get("type")
    if kind not in INPUT_TYPES:
        losses.add(f"input.schema.{name}: its type became string")
        kind = "string"
    made: dict[str, Any] = {"type": kind}
    if item.get("description"):
        made["description"] = item["description"]
    plain: dict[str, tuple[Any, ...]] = {
        "items": ({}, None),
        "additionalProperties": ({}, None),
        "properties": ({}, None),
    }
    for key, inner in item.items():
        if key not in ("type", "description") and inner not in plain.get(key, ()):
            losses.add(f"input.schema.{name}: {key} is not carried")
    return made


def _type_of(default: Any) -> str:
    if isinstance(default, bool):
        return "boolean"
    if isinstance(default, int | float):
        return "number"
    if isinstance(default, list):
        return "array"
    return "object" if isinstance(default, dict) else "string"


def _output(value: Any, members: dict[str, Any], losses: Losses) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        losses.add("output is not carried: it is no mapping")
        return
    if value.get("format") in ("json", "text"):
        members["responseFormat"] = {"json": "json_object", "text": "text"}[value["format"]]
    elif value.get("format") is not None:
        losses.add(f"output.format is not carried: {str(value['format'])[:60]}")
    if value.get("schema") is not None:
        try:
            schema = picoschema(value["schema"])
        except Left as error:
            losses.add(f"output.schema is not carried: {error}")
        else:
            members["responseFormat"] = "json_schema"
            members["jsonSchema"] = {"name": _SCHEMA_NAME, "schema": schema}
    for key in value:
        if key not in ("format", "schema"):
            losses.add(f"output.{key} is not carried")


def header(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    """The members between the `---` lines. Names every loss."""
    file = prompt.file
    losses.uncarried(prompt, _CARRIED, "Dotprompt")
    head: dict[str, Any] = {"name": prompt.name.rpartition("/")[2].partition(".")[0]}
    variant = prompt.name.rpartition("/")[2].partition(".")[2]
    if variant:
        head["variant"] = variant
    if file.data.get("description") is not None:
        head["description"] = file.description
    if file.model is not None:
        head["model"] = file.model
    if file.data.get("modelParameters") is not None:
        head["config"] = {}
        for name, value in file.parameters.items():
            if name in _BACK:
                losses.add("it comes back under another name", "modelParameters", name)
            if name not in _BACK or _BACK[name] not in file.parameters:
                head["config"][_PARAMETERS.get(name, name)] = value
    inputs = _written_inputs(prompt, losses)
    if inputs:
        head["input"] = inputs
    elif file.data.get("inputs") is not None:
        losses.add("there are none", "inputs")
    output = _written_output(prompt, losses)
    if output:
        head["output"] = output
    kept = governance(prompt, _KEPT)
    return head | {f"promptops.{key}": value for key, value in kept.items()}


def _written_inputs(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    file = prompt.file
    schema: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    if not file.inputs_declared:
        return {}
    for name, item in file.inputs.items():
        try:
            usable = from_handlebars("{{" + name + "}}") == (Var(name),)
        except Left:
            usable = name == "history"
        if not usable:
            raise Left(f"the input {name!r} has no form in Handlebars")
        for key in ("trust", "pii"):
            if getattr(item, key) not in ("", False, ()):
                losses.add("Dotprompt has no place for it", "inputs", name, key)
        about = item.description
        if about != about.strip() or (about and re.search(r"[()\n]", about)):
            losses.add("Picoschema cannot say it", "inputs", name, "description")
            about = ""
        key = name + ("" if item.required else "?")
        if item.type in ("array", "object"):
            said = f"{item.type}, {about}" if about else item.type
            schema[f"{key}({said})"] = "any" if item.type == "array" else {"(*)": "any"}
        else:
            schema[key] = f"{item.type}, {about}" if about else item.type
        if item.has_default and item.required:
            losses.add("it is required, so its default is never used", "inputs", name, "default")
        elif item.has_default:
            defaults[name] = item.default
    if is_json_schema(schema):
        raise Left("its inputs would read as a JSON schema there")
    return {"schema": schema, **({"default": defaults} if defaults else {})} if schema else {}


def _written_output(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    file = prompt.file
    if file.response_format in ("text", "json_object") and file.json_schema is None:
        return {"format": "json" if file.response_format == "json_object" else "text"}
    if file.response_format == "json_schema" and file.json_schema is not None:
        schema = file.json_schema.get("schema")
        for key, value in file.json_schema.items():
            if key != "schema" and not (key == "name" and value == _SCHEMA_NAME):
                losses.add("Dotprompt keeps the schema alone", "jsonSchema", key)
        if isinstance(schema, dict) and is_json_schema(schema):
            return {"format": "json", "schema": schema}
    for key in ("responseFormat", "jsonSchema"):
        if file.data.get(key) is not None:
            losses.add("Dotprompt's output cannot say it", key)
    return {}
