"""The header of a Prompty file, version 1 or 2, as members of a prompt file.

Owns what each key of the two versions means. The body is `prompty`'s.
"""

from __future__ import annotations

from typing import Any

from .reading import as_text, texts_in
from .schema_text import prompty_properties
from .templates import READERS, Left
from .writing import Losses

KEPT = ("testData", "evaluators", "owners", "record", "tags")
"""Members of ours that `metadata.promptops` keeps."""

KINDS = {
    "string": "string",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "list": "array",
    "object": "object",
}
PARAMETERS = {"maxTokens": "maxOutputTokens"}
_BACK = {theirs: ours for ours, theirs in PARAMETERS.items()}
_SCHEMA_NAME = "output"


def read_header(
    head: dict[str, Any], losses: Losses, notes: list[str]
) -> tuple[dict[str, Any], list[str], str]:
    """Members of the prompt file, the inputs that are threads, and the template's dialect."""
    given = {key: value for key, value in head.items() if value is not None}
    members: dict[str, Any] = {}
    title = as_text(given.pop("displayName", None)) or as_text(given.get("name"))
    given.pop("name", None)
    if title:
        members["name"] = title
    about = as_text(given.pop("description", None))
    if about is not None:
        members["description"] = about
    _metadata(given, members, losses)
    _model(given.pop("model", None), members, losses, notes)
    threads = _inputs(given.pop("inputs", None), members, losses)
    _sample(given.pop("sample", None), members, losses)
    _outputs(given.pop("outputs", None), members, losses)
    _tools(given.pop("tools", None), members, losses)
    dialect = _dialect(given.pop("template", None), losses)
    for name in given:
        if name != "$schema":
            losses.add(f"{name} is not carried")
    return members, threads, dialect


def _metadata(given: dict[str, Any], members: dict[str, Any], losses: Losses) -> None:
    metadata = given.pop("metadata", {})
    if not isinstance(metadata, dict):
        losses.add("metadata is not carried: it is no mapping")
        metadata = {}
    ours = metadata.get("promptops")
    if isinstance(ours, dict):
        members.update({key: value for key, value in ours.items() if key in KEPT})
        for key in ours:
            if key not in KEPT:
                losses.add(f"metadata.promptops.{key} is not carried")
    elif ours is not None:
        losses.add("metadata.promptops is not carried: it is no mapping")
    metadata = {key: value for key, value in metadata.items() if key != "promptops"}
    for key in ("authors", "tags", "version"):  # version 1 has them at the top
        if key in given:
            metadata.setdefault(key, given.pop(key))
    tags = metadata.pop("tags", None)
    if tags is not None:
        members["tags"] = texts_in(tags)
    metadata = {key: value for key, value in metadata.items() if value is not None}
    if metadata:
        record = members.get("record")
        members["record"] = {**(record if isinstance(record, dict) else {}), "prompty": metadata}


def _model(value: Any, members: dict[str, Any], losses: Losses, notes: list[str]) -> None:
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, dict):
        if value is not None:
            losses.add("model is not carried: it is no mapping")
        return
    configuration = value.get("configuration")
    configuration = configuration if isinstance(configuration, dict) else {}
    connection = value.get("connection")
    for place in (configuration, connection if isinstance(connection, dict) else {}):
        for name in place:
            if name.replace("_", "").lower() in ("apikey", "key", "token", "secret"):
                notes.append(f"the secret {name} of the connection was removed")
    model = value.get("id") or configuration.get("azure_deployment") or configuration.get("name")
    model = as_text(model) or as_text(configuration.get("model"))
    provider = as_text(value.get("provider"))
    if model:
        members["model"] = f"{provider}/{model}" if provider else model
    elif provider:
        losses.add("model.provider is not carried: there is no model.id")
    for name in ("connection", "configuration"):
        if value.get(name) is not None:
            losses.add(f"model.{name} is not carried: where a model runs is not the prompt's")
    if value.get("apiType", value.get("api", "chat")) not in ("chat", None):
        losses.add(f"model.{'apiType' if 'apiType' in value else 'api'} is not carried")
    options = value.get("options", value.get("parameters"))
    if isinstance(options, dict):
        more = options.get("additionalProperties")
        flat = {k: v for k, v in options.items() if k != "additionalProperties"}
        flat |= more if isinstance(more, dict) else {}
        members["modelParameters"] = {_BACK.get(k, k): v for k, v in flat.items() if v is not None}
        _response_format(members, losses)
    known = ("id", "provider", "connection", "configuration", "apiType", "api")
    for name in value:
        if name not in (*known, "options", "parameters") and value[name] is not None:
            losses.add(f"model.{name} is not carried")


def _response_format(members: dict[str, Any], losses: Losses) -> None:
    """Version 1 has it among the parameters."""
    given = members["modelParameters"].pop("response_format", None)
    if given == {"type": "json_object"}:
        members["responseFormat"] = "json_object"
    elif given is not None:
        losses.add("model.parameters.response_format is not carried")


def _inputs(value: Any, members: dict[str, Any], losses: Losses) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        named = {i["name"]: i for i in value if isinstance(i, dict) and as_text(i.get("name"))}
        if len(named) != len(value):
            losses.add("an input without a name, or named twice, is not carried")
    elif isinstance(value, dict):
        named = {k: v if isinstance(v, dict) else {"default": v} for k, v in value.items()}
    else:
        losses.add("inputs are not carried: they are no list")
        return []
    inputs: dict[str, Any] = {}
    threads, sample = [], {}
    for name, item in named.items():
        kind = item.get("kind", item.get("type", _kind_of(item.get("default"))))
        if kind == "thread":
            threads.append(name)
            continue
        if kind not in KINDS:
            raise Left(f"the input {name!r} has the kind {str(kind)[:60]!r}, which has no place")
        inputs[name] = {"type": KINDS[kind]}
        for key in ("description", "required", "default"):
            if item.get(key) is not None:
                inputs[name][key] = item[key]
        for key in ("sample", "example"):
            if item.get(key) is not None:
                sample[name] = item[key]
        for key in item:
            if key not in (
                *("name", "kind", "type", "description", "required", "default", "sample"),
                "example",
            ):
                losses.add(f"inputs.{name}.{key} is not carried")
    if inputs or threads:
        members["inputs"] = inputs | {name: {"type": "array"} for name in threads}
    if sample:
        members.setdefault("testData", [sample])
    return threads


def _kind_of(default: Any) -> str:
    if isinstance(default, bool):
        return "boolean"
    if isinstance(default, int):
        return "integer"
    if isinstance(default, float):
        return "float"
    return (
        "array"
        if isinstance(default, list)
        else "object"
        if default.__class__ is dict
        else "string"
    )


def _sample(value: Any, members: dict[str, Any], losses: Losses) -> None:
    if isinstance(value, dict):
        members["testData"] = [value]
    elif value is not None:
        losses.add("sample is not carried: it is in another file")


def _outputs(value: Any, members: dict[str, Any], losses: Losses) -> None:
    if value in (None, [], {}):
        return
    try:
        schema = prompty_properties(value)
    except Left as error:
        losses.add(f"outputs are not carried: {error}")
        return
    members["responseFormat"] = "json_schema"
    members["jsonSchema"] = {"name": _SCHEMA_NAME, "schema": schema}


def _tools(value: Any, members: dict[str, Any], losses: Losses) -> None:
    if isinstance(value, dict):
        value = [{"name": k, **(v if isinstance(v, dict) else {})} for k, v in value.items()]
    tools = []
    for number, item in enumerate(value if isinstance(value, list) else []):
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(item, dict) or item.get("kind", "function") != "function":
            losses.add(f"the tool {name or number} is not carried: it is no function")
            continue
        try:
            schema = prompty_properties(item.get("parameters") or [])
        except Left as error:
            losses.add(f"the tool {name or number} is not carried: {error}")
            continue
        tool = {"name": name, "parameters": schema}
        tool |= {k: item[k] for k in ("description", "strict") if item.get(k) is not None}
        tools.append(tool)
        for key in item:
            if key not in ("name", "kind", "description", "strict", "parameters"):
                losses.add(f"the tool {name}: {key} is not carried")
    if tools:
        members["tools"] = tools


def _dialect(value: Any, losses: Losses) -> str:
    if value is None:
        return "jinja2"
    if isinstance(value, str):
        dialect: Any = value
    elif isinstance(value, dict):
        dialect = value.get("format", value.get("type", "jinja2"))
        if isinstance(dialect, dict):
            dialect = dialect.get("kind", "jinja2")
        parser = value.get("parser", "prompty")
        parser = parser.get("kind") if isinstance(parser, dict) else parser
        if parser not in ("prompty", None):
            raise Left(f"its parser is {str(parser)[:60]!r}, not prompty")
    else:
        dialect = str(value)
    if dialect not in READERS or dialect == "handlebars":
        raise Left(f"its template is {str(dialect)[:60]!r}, not jinja2 or mustache")
    return str(dialect)
