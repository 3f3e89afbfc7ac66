"""GitHub prompt files (`.prompt.yml`), the format ours extends.

Read: a file or a folder of them, kept byte for byte. Write: exactly the keys GitHub publishes
(github/gh-models); every key of ours beyond those is a loss by name. A file without losses is
written as it is, comments included. Option: `module`, a folder for all prompts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..names import EXTENSIONS as PROMPT_EXTENSIONS
from ..naming import Namer
from ..parser import parse
from ..template import includes
from ..yaml_text import CannotWrite, dump
from . import CannotConvert, Conversion, Converted, Loss, Outgoing, Source, Written
from .reading import check_options, conclude, documents, path_of, prefix_of, text_of
from .templates import Left, to_ours
from .writing import Losses, Turn, turns_of

NAME = "github"
EXTENSIONS = PROMPT_EXTENSIONS

_CARRIED = (
    *("name", "description", "model", "modelParameters", "responseFormat", "jsonSchema"),
    *("testData", "evaluators"),
)
_PARAMETERS = ("maxTokens", "temperature", "topP")
_EVALUATOR = ("name", "string", "llm", "uses")


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Take the files as they are. Raises CannotConvert for one that is not valid, and BadOption."""
    check_options(options, ("module",))
    prefix, namer = prefix_of(options), Namer()
    prompts: list[Converted] = []
    losses: list[Loss] = []
    for stem, file in documents(source, EXTENSIONS, "GitHub prompt file"):
        try:
            text = text_of(file, "GitHub prompt file")
            parsed = parse(text)
            if parsed.file is None:
                raise Left(f"it is not valid: {parsed.errors[0]}")
            path = prefix + path_of(stem, parsed.file.name)
        except (Left, CannotConvert) as error:
            losses.append(Loss(stem or "the file", str(error)))
            continue
        taken = namer.take(path)
        notes = [f"named {taken!r}, because {path!r} is taken"] if taken != path else []
        prompts.append(Converted(taken, text, tuple(notes), _extension(file)))
    return conclude(prompts, losses, single=not _is_folder(source))


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One file per prompt. Raises BadOption."""
    check_options(options, ())
    files: list[tuple[str, str]] = []
    losses: list[Loss] = []
    for prompt in prompts:
        lost = Losses(prompt.name)
        try:
            text = _write(prompt, lost)
        except (Left, CannotWrite) as error:
            losses.append(Loss(prompt.name, f"not written: {error}"))
            continue
        losses += lost.found
        files.append((prompt.name + prompt.extension, text))
    return Written(tuple(files), tuple(losses))


def _write(prompt: Outgoing, losses: Losses) -> str:
    file = prompt.file
    for message in file.messages:
        for text in _plain_texts(message.to_json().get("content")):
            if includes(text, file.template):
                raise Left("it includes a fragment, which is not resolved")
    turns = turns_of(prompt, losses)
    losses.uncarried(prompt, _CARRIED, "GitHub")
    members: dict[str, Any] = {k: v for k, v in file.data.items() if k in _CARRIED}
    parameters = {k: v for k, v in file.parameters.items() if k in _PARAMETERS}
    for name in file.parameters:
        if name not in _PARAMETERS:
            losses.add("GitHub does not know this parameter", "modelParameters", name)
    if "modelParameters" in members:
        members["modelParameters"] = parameters
    if isinstance(members.get("jsonSchema"), Mapping):  # GitHub takes the schema as JSON text
        members["jsonSchema"] = json.dumps(file.json_schema, ensure_ascii=False, indent=2)
    if "evaluators" in members:
        members["evaluators"] = [
            _evaluator(number, item, losses) for number, item in enumerate(file.evaluators)
        ]
    members["messages"] = [
        {"role": turn.role, "content": to_ours(turn.pieces)}
        for turn in turns
        if isinstance(turn, Turn)
    ]
    for number, content in enumerate(message["content"] for message in members["messages"]):
        if '{{ "' in content:
            losses.add("quoted braces are ours: GitHub leaves them in the text", "messages", number)
    same = not losses.found and file.data.get("jsonSchema") == members.get("jsonSchema")
    return prompt.text if same else dump(members)


def _evaluator(number: int, item: Mapping[str, Any], losses: Losses) -> dict[str, Any]:
    for name in item:
        if name not in _EVALUATOR:
            losses.add("GitHub has no such evaluator", "evaluators", number, name)
    return {name: value for name, value in item.items() if name in _EVALUATOR}


def _plain_texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else []
    return [part["text"] for part in parts if part.get("type") == "text"]


def _extension(source: Source) -> str:
    if isinstance(source, Path) and source.name.endswith(".prompt.yaml"):
        return ".prompt.yaml"
    return ".prompt.yml"


def _is_folder(source: Source) -> bool:
    return isinstance(source, Path) and source.is_dir()
