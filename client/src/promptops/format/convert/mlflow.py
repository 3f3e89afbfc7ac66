"""MLflow prompts as JSON: what `register_prompt` takes, one object or an array of them.

Read: `name`, `template` (a text or messages), `tags`, `response_format` (a JSON schema) and
`model_config`; versions, aliases and commit messages are losses by name. Write: one file
`mlflow-prompts.json`; what MLflow has no member for becomes a tag `promptops.<key>` holding JSON.
Option: `module`, a folder for all prompts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..naming import Namer
from . import CannotConvert, Conversion, Converted, Loss, Outgoing, Source, Written
from .reading import (
    check_options,
    conclude,
    declare,
    finish,
    json_of,
    path_of,
    prefix_of,
    renamed,
    text_of,
)
from .templates import Left, Pieces, from_plain, to_ours, to_plain
from .writing import Losses, Turn, governance, one_array, turns_of

NAME = "mlflow"
EXTENSIONS = (".mlflow.json", "mlflow-prompts.json")

_KEPT = (
    *("name", "description", "inputs", "testData", "evaluators", "owners", "record", "tags"),
    *("tools",),
)
_ROLES = ("system", "user", "assistant", "developer", "tool")
_PARAMETERS = {
    "temperature": "temperature",
    "maxTokens": "max_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "stopSequences": "stop_sequences",
}
_BACK = {theirs: ours for ours, theirs in _PARAMETERS.items()}
_TAG = "promptops."
_SCHEMA_NAME = "response"


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the prompts. Raises CannotConvert for what is no such JSON, and BadOption."""
    check_options(options, ("module",))
    prefix, namer = prefix_of(options), Namer()
    value = json_of(text_of(source, "JSON of MLflow prompts"), "MLflow JSON")
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, dict) and "template" in item for item in items):
        raise CannotConvert("it is no MLflow JSON: objects with name and template are needed")
    prompts: list[Converted] = []
    losses: list[Loss] = []
    for number, item in enumerate(items):
        where = str(item.get("name") or f"item {number + 1}")
        lost = Losses(where)
        try:
            prompts.append(_read(item, prefix, namer, lost))
        except Left as error:
            losses.append(Loss(where, str(error)))
        else:
            losses += lost.found
    return conclude(prompts, losses, single=len(items) == 1)


def _read(item: dict[str, Any], prefix: str, namer: Namer, losses: Losses) -> Converted:
    title = item.get("name")
    if not isinstance(title, str) or not title.strip():
        raise Left("it has no name")
    notes: list[str] = []
    texts: list[Pieces] = []
    members: dict[str, Any] = {"messages": _messages(item["template"], texts, losses)}
    path = _tags(item.get("tags"), members, losses) or title
    _model(item.get("model_config"), members, losses)
    schema = item.get("response_format")
    if isinstance(schema, dict):
        members["responseFormat"] = "json_schema"
        members["jsonSchema"] = {"name": _SCHEMA_NAME, "schema": schema}
    elif schema is not None:
        losses.add("response_format is not carried: it is no JSON schema")
    known = ("name", "template", "tags", "model_config", "response_format")
    for name in item:
        if name not in known and item[name] not in (None, "", [], {}):
            losses.add(f"{name} is not carried")
    placeholders = [m["placeholder"] for m in members["messages"] if "placeholder" in m]
    if isinstance(members.get("inputs"), dict):
        declare(members["inputs"], texts, placeholders, notes)
    made = path_of(path.strip("/"))
    if made != path:
        members.setdefault("name", title)
        notes.append(f"named {made!r}, because {path!r} is not a valid name")
    return finish(prefix + made, members, notes, namer)


def _messages(template: Any, texts: list[Pieces], losses: Losses) -> list[dict[str, Any]]:
    if isinstance(template, str):
        template = [{"role": "user", "content": template}]
    if not isinstance(template, list):
        raise Left("template is neither a text nor a list of messages")
    messages: list[dict[str, Any]] = []
    for number, message in enumerate(template):
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise Left(f"template[{number}] is no message with a text")
        if "{%" in message["content"]:
            raise Left(f"template[{number}] has logic beyond plain variables: {{% … %}}")
        for name in message:
            if name not in ("role", "content"):
                losses.add(f"template[{number}].{name} is not carried")
        texts.append(from_plain(message["content"]))
        messages.append({"role": message.get("role"), "content": to_ours(texts[-1])})
    return messages


def _tags(tags: Any, members: dict[str, Any], losses: Losses) -> str:
    """Carry tags; gives the path a tag of ours names, or ""."""
    path = ""
    if tags is None:
        return path
    if not isinstance(tags, dict):
        losses.add("tags are not carried: they are no object")
        return path
    others: list[str] = []
    for name, value in tags.items():
        key = name.removeprefix(_TAG)
        if name == _TAG + "path" and isinstance(value, str):
            path = value
        elif name.startswith(_TAG) and key in _KEPT and isinstance(value, str):
            try:
                members[key] = json.loads(value)
            except (ValueError, RecursionError):
                losses.add(f"the tag {name} is not carried: it is no JSON")
        elif isinstance(value, str) and value:
            others.append(f"{name}: {value}")
        else:
            others.append(name)
            if value not in (None, ""):
                losses.add(f"the value of the tag {name} is not carried: it is no text")
    if others:
        kept = members.get("tags")
        members["tags"] = [*(kept if isinstance(kept, list) else []), *others]
    return path


def _model(config: Any, members: dict[str, Any], losses: Losses) -> None:
    if config is None:
        return
    if not isinstance(config, dict):
        losses.add("model_config is not carried: it is no object")
        return
    given = {name: value for name, value in config.items() if value is not None}
    model, provider = given.pop("model_name", None), given.pop("provider", None)
    if provider is not None and not isinstance(provider, str):
        losses.add("model_config.provider is not carried: it is no text")
        provider = None
    if model is not None and not isinstance(model, str):
        losses.add("model_config.model_name is not carried: it is no text")
    if isinstance(model, str):
        members["model"] = f"{provider}/{model}" if isinstance(provider, str) else model
    elif provider is not None:
        losses.add("model_config.provider is not carried: there is no model_name")
    more = given.pop("extra_params", None)
    if given:
        renamed(given, _BACK, members, "model_config", losses)
    if isinstance(more, dict) and more:
        renamed(more, {}, members, "model_config.extra_params", losses)
    elif more not in (None, {}):
        losses.add("model_config.extra_params is not carried: it is no object")


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One array of all prompts. Raises BadOption."""
    check_options(options, ())
    return one_array("mlflow-prompts.json", prompts, _write)


def _write(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    file = prompt.file
    turns = [t for t in turns_of(prompt, losses, roles=_ROLES) if isinstance(t, Turn)]
    carried = (*_KEPT, "model", "modelParameters", "responseFormat", "jsonSchema")
    losses.uncarried(prompt, carried, "MLflow")
    messages = [{"role": turn.role, "content": to_plain(turn.pieces)} for turn in turns]
    if any("{%" in message["content"] for message in messages):
        raise Left("its text has {%, which MLflow takes for Jinja2 logic")
    name = prompt.name.replace("/", ".")
    tags = {
        _TAG + key: json.dumps(value, ensure_ascii=False)
        for key, value in governance(prompt, _KEPT).items()
    }
    if name != prompt.name:
        tags[_TAG + "path"] = prompt.name
    plain = len(messages) == 1 and messages[0]["role"] == "user"
    item: dict[str, Any] = {
        "name": name,
        "template": messages[0]["content"] if plain else messages,
        "tags": tags,
    }
    config = _config(prompt, losses)
    if config:
        item["model_config"] = config
    if file.response_format == "json_schema" and file.json_schema is not None:
        for key, value in file.json_schema.items():
            if key != "schema" and not (key == "name" and value == _SCHEMA_NAME):
                losses.add("MLflow keeps the schema alone", "jsonSchema", key)
        item["response_format"] = file.json_schema.get("schema")
        if not isinstance(item["response_format"], dict):
            raise Left("its schema is no object, which MLflow does not take")
    else:
        for key in ("responseFormat", "jsonSchema"):
            if file.data.get(key) is not None:
                losses.add("MLflow keeps a JSON schema only", key)
    return item


def _config(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    config: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    if prompt.file.model is not None:
        config["model_name"] = prompt.file.model
    for name, value in prompt.file.parameters.items():
        if name == "stopSequences" and not isinstance(value, list):
            extra[name] = value
        elif name in _PARAMETERS:
            config[_PARAMETERS[name]] = value
        else:
            extra[name] = value
    if extra:
        config["extra_params"] = extra
    return config
