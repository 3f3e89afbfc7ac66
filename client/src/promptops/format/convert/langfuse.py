"""Langfuse prompts as a JSON array, as its API gives and takes them.

Read: an array (or one object, or a page with `data`) of prompts of type text or chat; placeholders
are kept; `config` gives model and parameters; labels, version numbers and references to other
prompts are losses by name. Write: one file `langfuse-prompts.json`; what Langfuse has no member for
goes into `config.promptops`. Option: `module`, a folder for all prompts.
"""

from __future__ import annotations

import json
import re
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
    leave,
    path_of,
    prefix_of,
    take_texts,
    text_of,
)
from .templates import Left, Pieces, from_plain, to_ours, to_plain
from .writing import Losses, Turn, governance, one_array, turns_of

NAME = "langfuse"
EXTENSIONS = (".langfuse.json", "langfuse-prompts.json")

KEPT = (
    *("name", "description", "inputs", "testData", "evaluators", "owners", "record"),
    *("responseFormat", "jsonSchema", "tools"),
)
_ROLES = ("system", "user", "assistant", "developer", "tool")
_REFERENCE = re.compile(r"@@@langfusePrompt:[^@]*@@@")
_PARAMETERS = (
    *("temperature", "topP", "top_p", "topK", "top_k", "minP", "min_p", "seed", "n", "stop"),
    *("maxTokens", "max_tokens", "maxCompletionTokens", "max_completion_tokens"),
    *("maxOutputTokens", "max_output_tokens", "stopSequences", "stop_sequences"),
    *("frequencyPenalty", "frequency_penalty", "presencePenalty", "presence_penalty"),
)


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the array. Raises CannotConvert for what is no such array, and BadOption."""
    check_options(options, ("module",))
    prefix, namer = prefix_of(options), Namer()
    value = json_of(text_of(source, "JSON array of Langfuse prompts"), "Langfuse JSON")
    if isinstance(value, dict):
        value = value["data"] if isinstance(value.get("data"), list) else [value]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CannotConvert("it is no Langfuse JSON: an array of prompts is needed")
    if not value:
        raise CannotConvert("the array has no prompt")
    prompts: list[Converted] = []
    losses: list[Loss] = []
    for number, item in enumerate(value):
        where = str(item.get("name") or f"item {number + 1}")
        lost = Losses(where)
        try:
            prompts.append(_read(item, prefix, namer, lost))
        except Left as error:
            losses.append(Loss(where, str(error)))
        else:
            losses += lost.found
    return conclude(prompts, losses, single=len(value) == 1)


def _read(item: dict[str, Any], prefix: str, namer: Namer, losses: Losses) -> Converted:
    title = item.get("name")
    if not isinstance(title, str) or not title.strip():
        raise Left("it has no name")
    notes: list[str] = []
    messages, texts, placeholders = _messages(item, losses)
    members: dict[str, Any] = {"messages": messages}
    _config(item.get("config"), members, losses)
    tags = take_texts(item.get("tags"), "tags", losses)
    if tags:
        members["tags"] = tags
    if item.get("type") not in (None, "text", "chat"):
        losses.add(f"type is not carried: {_brief(item['type'])}")
    for name in item:
        if name not in ("name", "type", "prompt", "config", "tags") and item[name] not in (
            *(None, "", []),
        ):
            losses.add(f"{name} is not carried: {_brief(item[name])}")
    if isinstance(members.get("inputs"), dict):
        declare(members["inputs"], texts, placeholders, notes)
    path = path_of(title.strip("/"))
    if path != title:
        members.setdefault("name", title)
        notes.append(f"named {path!r}, because {title!r} is not a valid name")
    return finish(prefix + path, members, notes, namer)


def _messages(
    item: Mapping[str, Any], losses: Losses
) -> tuple[list[dict[str, Any]], list[Pieces], list[str]]:
    prompt = item.get("prompt")
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list):
        raise Left("prompt is neither a text nor a list of messages")
    messages: list[dict[str, Any]] = []
    texts: list[Pieces] = []
    placeholders: list[str] = []
    for number, message in enumerate(prompt):
        if not isinstance(message, dict):
            raise Left(f"prompt[{number}] is no message")
        if message.get("type") == "placeholder":
            messages.append({"placeholder": message.get("name")})
            leave(message, f"prompt[{number}].", ("type", "name"), losses)
            placeholders.append(str(message.get("name")))
            continue
        content = message.get("content")
        if not isinstance(content, str):
            raise Left(f"prompt[{number}] has no text as content")
        for found in _REFERENCE.findall(content):
            losses.add(f"the reference {found} is not resolved: it stays in the text as it is")
        leave(message, f"prompt[{number}].", ("role", "content", "type"), losses)
        if message.get("type") not in (None, "chatmessage"):
            losses.add(f"prompt[{number}].type is not carried: {_brief(message['type'])}")
        texts.append(from_plain(content))
        messages.append({"role": message.get("role"), "content": to_ours(texts[-1])})
    return messages, texts, placeholders


def _config(config: Any, members: dict[str, Any], losses: Losses) -> None:
    if config is None or config == {}:
        return
    if not isinstance(config, dict):
        losses.add("config is not carried: it is no object")
        return
    parameters: dict[str, Any] = {}
    for name, value in config.items():
        if name == "model" and isinstance(value, str):
            members["model"] = value
        elif name in _PARAMETERS:
            parameters[name] = value
        elif name == "promptops" and isinstance(value, dict):
            for key, item in value.items():
                if key in KEPT:
                    members[key] = item
                elif key == "modelParameters" and isinstance(item, dict):
                    parameters.update(item)
                else:
                    losses.add(f"config.promptops.{key} is not carried")
        else:
            losses.add(f"config.{name} is not carried: {_brief(value)}")
    if parameters:
        members["modelParameters"] = parameters


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One array of all prompts. Raises BadOption."""
    check_options(options, ())
    return one_array("langfuse-prompts.json", prompts, _write)


def _write(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    file = prompt.file
    if len(prompt.name) > 255:
        raise Left("its path is longer than the 255 characters of a Langfuse name")
    turns = turns_of(prompt, losses, roles=_ROLES, placeholders=True)
    losses.uncarried(prompt, (*KEPT, "model", "modelParameters", "tags"), "Langfuse")
    messages: list[dict[str, Any]] = [
        {"role": turn.role, "content": to_plain(turn.pieces)}
        if isinstance(turn, Turn)
        else {"type": "placeholder", "name": turn.name}
        for turn in turns
    ]
    plain = len(messages) == 1 and messages[0].get("role") == "user"
    config: dict[str, Any] = {}
    if file.model is not None:
        config["model"] = file.model
    config.update({k: v for k, v in file.parameters.items() if k in _PARAMETERS})
    kept = governance(prompt, KEPT)
    others = {k: v for k, v in file.parameters.items() if k not in _PARAMETERS}
    if others:
        kept["modelParameters"] = others
    if kept:
        config["promptops"] = kept
    return {
        "name": prompt.name,
        "type": "text" if plain else "chat",
        "prompt": messages[0]["content"] if plain else messages,
        "config": config,
        "labels": [],
        "tags": list(file.tags),
    }


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "…"
