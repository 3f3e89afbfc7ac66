"""The header of a Prompty file, version 1 or 2, as members of a prompt file.

Owns what each key of the two versions means. The body is `prompty`'s.
"""

from __future__ import annotations

from typing import Any

from .reading import as_text, leave, renamed, take_text, take_texts
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
    shown = take_text(given.pop("displayName", None), "displayName", losses)
    title = take_text(given.pop("name", None), "name", losses)
    if shown or title:
        members["name"] = shown or title
    about = take_text(given.pop("description", None), "description", losses)
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
        if key in given and key not in metadata:
            metadata[key] = given.pop(key)
    tags = metadata.pop("tags", None)
    if tags is not None:
        texts = take_texts(tags, "tags", losses)
        kept = members.get("tags")
        kept = kept if isinstance(kept, list) else []
        members["tags"] = [*kept, *(text for text in texts if text not in kept)]
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
    model = take_text(value.get("id"), "model.id", losses)
    for name in ("azure_deployment", "name", "model"):
        model = model or as_text(configuration.get(name))
    provider = take_text(value.get("provider"), "model.provider", losses)
    if model:
        members["model"] = f"{provider}/{model}" if provider else model
    elif provider:
        losses.add("model.provider is not carried: there is no model.id")
    for name in ("connection", "configuration"):
        if value.get(name) is not None:
            losses.add(f"model.{name} is not carried: where a model runs is not the prompt's")
    if value.get("apiType", value.get("api", "chat")) not in ("chat", None):
        losses.add(f"model.{'apiType' if 'apiType' in value else 'api'} is not carried")
    chosen = "parameters" if value.get("options") is None else "options"
    options = value.get(chosen)
    if options is not None and not isinstance(options, dict):
        losses.add(f"model.{chosen} is not carried: it is no mapping")
    if chosen == "options" and value.get("parameters") is not None:
        losses.add("model.parameters is not carried: there are model.options")
    if isinstance(options, dict):
        more = options.get("additionalProperties")
        flat = {k: v for k, v in options.items() if k != "additionalProperties"}
        flat |= more if isinstance(more, dict) else {}
        if more is not None and not isinstance(more, dict):
            losses.add(f"model.{chosen}.additionalProperties is not carried: it is no mapping")
        renamed(flat, _BACK, members, f"model.{chosen}", losses)
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
        named = {}
        for number, item in enumerate(value):
            name = as_text(item.get("name")) if isinstance(item, dict) else None
            if not name or name in named:
                losses.add(f"inputs[{number}] is not carried: it has no name, or one that is taken")
            else:
                named[name] = item
    elif isinstance(value, dict):
        named = {k: v if isinstance(v, dict) else {"default": v} for k, v in value.items()}
        for name, item in named.items():
            if item.get("name") not in (None, name):
                losses.add(f"inputs.{name}.name is not carried")
    else:
        losses.add("inputs are not carried: they are no list")
        return []
    inputs: dict[str, Any] = {}
    threads, sample = [], {}
    for name, item in named.items():
        kind = item.get("kind", item.get("type", _kind_of(item.get("default"))))
        if kind == "thread":
            threads.append(name)
            leave(item, f"inputs.{name}.", ("name", "kind", "type"), losses)
            continue
        if not isinstance(kind, str) or kind not in KINDS:
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
        _add_case(members, sample)
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
        _add_case(members, value)
    elif value is not None:
        losses.add("sample is not carried: it is in another file")


def _add_case(members: dict[str, Any], case: dict[str, Any]) -> None:
    kept = members.get("testData")
    cases = kept if isinstance(kept, list) else []
    members["testData"] = cases if case in cases else [*cases, case]


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
        leave(value, "tools.", [k for k, v in value.items() if isinstance(v, dict)], losses)
        value = [{**v, "name": k} for k, v in value.items() if isinstance(v, dict)]
    elif value is not None and not isinstance(value, list):
        losses.add("tools are not carried: they are no list")
    tools = []
    for number, item in enumerate(value if isinstance(value, list) else []):
        name = as_text(item.get("name")) if isinstance(item, dict) else None
        where = f"tools[{number}]" + (f" ({name[:100]})" if name else "")
        if not name or item.get("kind", "function") != "function":
            losses.add(f"{where} is not carried: it is no function")
            continue
        try:
            schema = prompty_properties(item.get("parameters") or [])
        except Left as error:
            losses.add(f"{where} is not carried: {error}")
            continue
        tool = {"name": name, "parameters": schema}
        tool |= {k: item[k] for k in ("description", "strict") if item.get(k) is not None}
        tools.append(tool)
        for key in item:
            if key not in ("name", "kind", "description", "strict", "parameters"):
                losses.add(f"{where}: {key} is not carried")
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
        _rest_of_template(value, losses)
        parser = value.get("parser", "prompty")
        parser = parser.get("kind") if isinstance(parser, dict) else parser
        if parser not in ("prompty", None):
            raise Left(f"its parser is {str(parser)[:60]!r}, not prompty")
    else:
        dialect = str(value)
    if not isinstance(dialect, str) or dialect not in READERS or dialect == "handlebars":
        raise Left(f"its template is {str(dialect)[:60]!r}, not jinja2 or mustache")
    return dialect


def _rest_of_template(value: dict[str, Any], losses: Losses) -> None:
    """Name what a template says beyond its dialect and parser."""
    leave(value, "template.", ("format", "type", "parser"), losses)
    if "format" in value and value.get("type") not in (None, value["format"]):
        losses.add("template.type is not carried: there is template.format")
    for place in ("format", "parser"):
        if isinstance(value.get(place), dict):
            leave(value[place], f"template.{place}.", ("kind",), losses)
