"""The header of a Prompty file of version 2, from a prompt file.

Owns what version 2 has a key for; everything else is named as a loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Placeholder
from . import Outgoing
from .prompty_header import KEPT, PARAMETERS, read_header
from .schema_text import prompty_properties
from .templates import Left, Var, from_ours
from .writing import Losses, governance

_KINDS = {"number": "float"}
_CARRIED = (
    *("name", "description", "model", "modelParameters", "inputs", "tools", "tags", "owners"),
    *("record", "testData", "evaluators", "responseFormat", "jsonSchema"),
)


def header(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    """The members between the `---` lines. Names every loss."""
    file = prompt.file
    losses.uncarried(prompt, _CARRIED, "Prompty")
    head: dict[str, Any] = {"name": prompt.name.rpartition("/")[2]}
    if file.name:
        head["displayName"] = file.name
    if file.data.get("description") is not None:
        head["description"] = file.description
    kept = governance(prompt, [key for key in KEPT if key != "tags"])
    metadata: dict[str, Any] = {}
    if file.data.get("tags") is not None:
        metadata["tags"] = list(file.tags)
    if kept:
        metadata["promptops"] = kept
    if metadata:
        head["metadata"] = metadata
    model: dict[str, Any] = {}
    if file.model is not None:
        model["id"] = file.model
    options = _options(file.parameters, losses)
    if file.data.get("modelParameters") is not None:
        model["options"] = options
    if model:
        head["model"] = model
    inputs = _inputs(prompt, losses)
    if inputs:
        head["inputs"] = inputs
    elif file.data.get("inputs") is not None:
        losses.add("there are none", "inputs")
    head |= _reversible(prompt, losses)
    head["template"] = {"format": {"kind": "jinja2"}, "parser": {"kind": "prompty"}}
    return head


def _options(parameters: Mapping[str, Any], losses: Losses) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parameters.items():
        if name in PARAMETERS.values() or name in ("additionalProperties", "response_format"):
            losses.add("it comes back under another name", "modelParameters", name)
            if name not in PARAMETERS.values():
                continue
        options.setdefault(PARAMETERS.get(name, name), value)
    if "maxTokens" in parameters:
        options[PARAMETERS["maxTokens"]] = parameters["maxTokens"]
    return options


def _inputs(prompt: Outgoing, losses: Losses) -> list[dict[str, Any]]:
    file = prompt.file
    threads = [m.name for m in file.messages if isinstance(m, Placeholder)]
    if not file.inputs_declared and not threads:
        return []
    written: list[dict[str, Any]] = []
    for name, item in file.inputs.items():
        if name in threads:
            for key, said in (
                ("description", item.description),
                ("default", item.has_default),
                ("required", not item.required),
            ):
                if said:
                    losses.add("a thread has none", "inputs", name, key)
            written.append({"name": name, "kind": "thread"})
        else:
            try:
                usable = from_ours("{{ " + name + " }}", "jinja2") == (Var(name),)
            except Left:
                usable = False
            if not usable:
                raise Left(f"the input {name!r} has no form in Jinja2")
            made: dict[str, Any] = {"name": name, "kind": _KINDS.get(item.type, item.type)}
            if item.description:
                made["description"] = item.description
            made["required"] = item.required
            if item.has_default:
                made["default"] = item.default
            written.append(made)
        for key in ("trust", "pii"):
            if getattr(item, key) not in ("", False, ()):
                losses.add("Prompty has no place for it", "inputs", name, key)
    return written


def _reversible(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    """Outputs and tools, where Prompty's notation gives back exactly what the file says."""
    file = prompt.file
    head: dict[str, Any] = {}
    if file.response_format == "json_schema" and file.json_schema is not None:
        outputs = _properties(file.json_schema.get("schema"))
        back, _, _ = read_header({"outputs": outputs}, Losses(""), [])
        if outputs and back.get("jsonSchema") == dict(file.json_schema):
            head["outputs"] = outputs
    if "outputs" not in head:
        for key in ("responseFormat", "jsonSchema"):
            if file.data.get(key) is not None:
                losses.add("Prompty's outputs cannot say it", key)
    tools = []
    for number, tool in enumerate(file.tools):
        listed = _properties(tool.parameters)
        if listed is None or prompty_properties(listed) != dict(tool.parameters):
            losses.add("Prompty's parameters cannot say its schema", "tools", number)
            continue
        made: dict[str, Any] = {"name": tool.name, "kind": "function"}
        if tool.description:
            made["description"] = tool.description
        if tool.strict is not None:
            made["strict"] = tool.strict
        tools.append({**made, "parameters": listed})
    if tools:
        head["tools"] = tools
    elif file.data.get("tools") is not None:
        losses.add("there are none that Prompty has a place for", "tools")
    return head


def _properties(schema: Any) -> list[dict[str, Any]] | None:
    """The properties of a flat object schema as Prompty lists them; None for any other schema."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
        return None
    required = schema.get("required") or []
    listed = []
    for name, item in schema["properties"].items():
        if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
            return None
        made: dict[str, Any] = {"name": name, "kind": _KINDS.get(item["type"], item["type"])}
        for ours, theirs in (("description", "description"), ("enum", "enumValues")):
            if ours in item:
                made[theirs] = item[ours]
        if "default" in item:
            made["default"] = item["default"]
        if name in required:
            made["required"] = True
        listed.append(made)
    try:
        return listed if prompty_properties(listed) == dict(schema) else None
    except Left:
        return None
