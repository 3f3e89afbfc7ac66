"""promptfoo configurations: prompts × providers × tests.

Read: each prompt of the configuration becomes a prompt file with the tests' `vars` as test data and
the string assertions of `defaultTest` as evaluators; the first provider gives model and parameters.
Everything without a counterpart (further providers, other assertions, files, scenarios) is a loss by
name; Nunjucks beyond plain variables is refused. Write: one `<path>.promptfoo.yaml` per prompt.
Option: `module`, a folder for all prompts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..naming import Namer, slug, stand_in
from ..yaml_text import CannotWrite, dump
from . import CannotConvert, Conversion, Converted, Loss, Outgoing, Source, Written
from .reading import (
    as_text,
    check_options,
    conclude,
    documents,
    finish,
    leave,
    path_of,
    prefix_of,
    take_text,
    text_of,
    yaml_of,
)
from .templates import Left, from_jinja, to_jinja, to_ours
from .writing import Losses, Turn, turns_of

NAME = "promptfoo"
EXTENSIONS = (
    *(".promptfoo.yaml", ".promptfoo.yml", ".promptfoo.json"),
    *("promptfooconfig.yaml", "promptfooconfig.yml", "promptfooconfig.json"),
)

_ASSERTIONS = {"contains": "contains", "equals": "equals", "starts-with": "startsWith"}
_BACK = {ours: theirs for theirs, ours in _ASSERTIONS.items()}
_ROLES = ("system", "user", "assistant", "developer", "tool")
_CARRIED = ("name", "description", "model", "modelParameters", "testData", "evaluators")


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the configurations. Raises CannotConvert for what is none, and BadOption."""
    check_options(options, ("module",))
    prefix, namer = prefix_of(options), Namer()
    prompts: list[Converted] = []
    losses: list[Loss] = []
    found = list(documents(source, EXTENSIONS, "promptfoo configuration"))
    for stem, file in found:
        try:
            _read(stem, file, prefix, namer, prompts, losses)
        except (Left, CannotConvert) as error:
            losses.append(Loss(stem or "the configuration", str(error)))
    return conclude(prompts, losses, single=len(found) == 1)


def _read(
    stem: str,
    source: Source,
    prefix: str,
    namer: Namer,
    prompts: list[Converted],
    losses: list[Loss],
) -> None:
    what = "promptfoo configuration"
    config = yaml_of(text_of(source, what), what)
    given = config.get("prompts")
    given = given if isinstance(given, list) else [given] if given else []
    if not given:
        raise CannotConvert("it is no promptfoo configuration: it has no prompts")
    lost = Losses(stem or what)
    shared = _shared(config, lost)
    losses += lost.found
    for number, item in enumerate(given):
        where = f"{stem or what}: prompts[{number}]"
        about = Losses(where)
        try:
            label, messages = _prompt(item, about)
            members = {**shared, "messages": messages}
            if label:
                members["name"] = label
            if stem and len(given) == 1:
                path = path_of(stem)
            else:
                title = label or f"prompt-{number + 1}"
                folder = f"{stem}/" if stem and stem.lower() != "promptfooconfig" else ""
                path = path_of(folder + (slug(title) or stand_in(title)))
            prompts.append(finish(prefix + path, members, (), namer))
        except Left as error:
            losses.append(Loss(where, str(error)))
        losses += about.found


def _prompt(item: Any, lost: Losses) -> tuple[str, list[dict[str, Any]]]:
    label = ""
    raw = item
    if isinstance(item, dict):
        raw = item.get("raw", item.get("id"))
        label = take_text(item.get("label"), "label", lost) or ""
        if "raw" in item and item.get("id") is not None:
            lost.add("id is not carried")
        for name in item:
            if name not in ("id", "label", "raw"):
                lost.add(f"{name} is not carried")
    if not isinstance(raw, str) or not raw.strip():
        raise Left("it is no text")
    if raw.startswith("file://") or "raw" not in (item if isinstance(item, dict) else {"raw": 1}):
        raise Left(f"it is in another file, which is not read: {raw[:100]}")
    chat = _chat(raw)
    if chat is None:
        return label, [{"role": "user", "content": to_ours(from_jinja(raw))}]
    messages = []
    for number, message in enumerate(chat):
        if not isinstance(message.get("content"), str):
            raise Left(f"message {number} has no text as content")
        for name in message:
            if name not in ("role", "content"):
                lost.add(f"message {number}: {name} is not carried")
        content = to_ours(from_jinja(message["content"]))
        messages.append({"role": message.get("role"), "content": content})
    return label, messages


def _chat(raw: str) -> list[dict[str, Any]] | None:
    """The messages of a prompt that is a JSON array of them, else None."""
    if not raw.lstrip().startswith("["):
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not value:
        return None
    return value if all(isinstance(m, dict) and "role" in m for m in value) else None


def _shared(config: Mapping[str, Any], losses: Losses) -> dict[str, Any]:
    """What all prompts of a configuration get: description, model, test data, evaluators."""
    members: dict[str, Any] = {}
    description = take_text(config.get("description"), "description", losses)
    if description is not None:
        members["description"] = description
    _provider(config.get("providers"), members, losses)
    cases = _cases(config.get("tests"), losses)
    if cases is not None:
        members["testData"] = cases
    default = config.get("defaultTest")
    if isinstance(default, dict):
        evaluators = _evaluators(default.get("assert"), losses)
        if evaluators is not None:
            members["evaluators"] = evaluators
        for name in default:
            if name != "assert":
                losses.add(f"defaultTest.{name} is not carried")
    elif default is not None:
        losses.add("defaultTest is not carried: it is in another file")
    for name in config:
        if name not in ("prompts", "description", "providers", "tests", "defaultTest"):
            losses.add(f"{name} is not carried")
    return members


def _provider(given: Any, members: dict[str, Any], losses: Losses) -> None:
    if given is None:
        return
    providers = given if isinstance(given, list) else [given]
    for number, item in enumerate(providers):
        name = item if isinstance(item, str) else item.get("id") if isinstance(item, dict) else None
        if number or not isinstance(name, str) or name.startswith("file://"):
            losses.add(f"providers[{number}] is not carried: {str(name or item)[:100]}")
            continue
        members["model"] = name.replace(":", "/", 1)
        if isinstance(item, dict):
            if isinstance(item.get("config"), dict):
                members["modelParameters"] = item["config"]
            elif item.get("config") is not None:
                losses.add(f"providers[{number}].config is not carried: it is no mapping")
            for key in item:
                if key not in ("id", "config"):
                    losses.add(f"providers[{number}].{key} is not carried")


def _cases(tests: Any, losses: Losses) -> list[dict[str, Any]] | None:
    if tests is None:
        return None
    if not isinstance(tests, list):
        losses.add("tests are not carried: they are in another file")
        return None
    cases = []
    for number, test in enumerate(tests):
        if not isinstance(test, dict) or not isinstance(test.get("vars", {}), dict):
            losses.add(f"tests[{number}] is not carried: it is in another file")
            continue
        case = dict(test.get("vars", {}))
        assertions = test.get("assert")
        if assertions is not None and not isinstance(assertions, list):
            losses.add(f"tests[{number}].assert is not carried: it is no list")
            assertions = ()
        for place, assertion in enumerate(assertions or ()):
            where = f"tests[{number}].assert[{place}]"
            kind = assertion.get("type") if isinstance(assertion, dict) else None
            if kind == "equals" and "expected" not in case:
                case["expected"] = assertion.get("value")
                leave(assertion, f"{where}.", ("type", "value"), losses)
            else:
                losses.add(f"{where}: {str(kind)[:60]} of one test has no counterpart")
        for name in test:
            if name not in ("vars", "assert"):
                losses.add(f"tests[{number}].{name} is not carried")
        cases.append(case)
    return cases


def _evaluators(assertions: Any, losses: Losses) -> list[dict[str, Any]] | None:
    if not isinstance(assertions, list):
        if assertions is not None:
            losses.add("defaultTest.assert is not carried: it is no list")
        return None
    evaluators = []
    for number, item in enumerate(assertions):
        kind = item.get("type") if isinstance(item, dict) else None
        value = as_text(item.get("value")) if isinstance(item, dict) else None
        if not isinstance(kind, str) or kind not in _ASSERTIONS or value is None:
            losses.add(f"defaultTest.assert[{number}]: {str(kind)[:60]} has no counterpart")
            continue
        name = take_text(item.get("metric"), f"defaultTest.assert[{number}].metric", losses)
        evaluators.append(
            {
                "name": name if name is not None else f"{kind} {number + 1}",
                "string": {_ASSERTIONS[kind]: value},
            }
        )
        for key in item:
            if key not in ("type", "value", "metric"):
                losses.add(f"defaultTest.assert[{number}].{key} is not carried")
    return evaluators


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One configuration per prompt. Raises BadOption."""
    check_options(options, ())
    files: list[tuple[str, str]] = []
    losses: list[Loss] = []
    for prompt in prompts:
        lost = Losses(prompt.name)
        try:
            text = dump(_write(prompt, lost))
        except (Left, CannotWrite) as error:
            losses.append(Loss(prompt.name, f"not written: {error}"))
        else:
            files.append((f"{prompt.name}.promptfoo.yaml", text))
            losses += lost.found
    return Written(tuple(files), tuple(losses))


def _write(prompt: Outgoing, losses: Losses) -> dict[str, Any]:
    file = prompt.file
    turns = [t for t in turns_of(prompt, losses, roles=_ROLES) if isinstance(t, Turn)]
    losses.uncarried(prompt, _CARRIED, "promptfoo")
    raw = to_jinja(turns[0].pieces)
    alone = len(turns) == 1 and turns[0].role == "user" and raw.strip() != ""
    if not alone or _chat(raw) is not None or raw.startswith("file://"):
        messages = [{"role": t.role, "content": to_jinja(t.pieces)} for t in turns]
        raw = json.dumps(messages, ensure_ascii=False, indent=2)
        if any('"' in m["content"] and "{{" in m["content"] for m in messages):
            from_jinja(raw)  # promptfoo fills the JSON text: it must still be plain
    config: dict[str, Any] = {"prompts": [{"label": file.name, "raw": raw}]}
    if not file.name:
        del config["prompts"][0]["label"]
    if file.data.get("description") is not None:
        config["description"] = file.description
    if file.model is not None:
        provider = file.model.replace("/", ":", 1)
        if provider.replace(":", "/", 1) != file.model:
            losses.add(f"it is written as the provider {provider}", "model")
        config["providers"] = [
            {"id": provider, "config": dict(file.parameters)} if file.parameters else provider
        ]
        if not file.parameters and file.data.get("modelParameters") is not None:
            losses.add("there are none", "modelParameters")
    elif file.data.get("modelParameters") is not None:
        losses.add("promptfoo keeps them with a provider, and there is no model", "modelParameters")
    if file.data.get("testData") is not None:
        config["tests"] = [{"vars": dict(case)} for case in file.test_data]
    if file.data.get("evaluators") is not None:
        config["defaultTest"] = {"assert": _assertions(file.evaluators, losses)}
    return config


def _assertions(evaluators: Sequence[Mapping[str, Any]], losses: Losses) -> list[dict[str, Any]]:
    written = []
    for number, item in enumerate(evaluators):
        tests = item.get("string")
        others = [name for name in item if name not in ("name", "string")]
        name = item.get("name")
        if not isinstance(tests, Mapping) or not isinstance(name, str | None) or others:
            losses.add("promptfoo has no counterpart for it", "evaluators", number)
        elif len(tests) != 1 or not all(isinstance(v, str) for v in tests.values()):
            losses.add("it is not exactly one text test", "evaluators", number)
        elif next(iter(tests)) not in _BACK:
            losses.add("promptfoo has no such test", "evaluators", number, next(iter(tests)))
        else:
            [(kind, value)] = tests.items()
            assertion = {"type": _BACK[kind], "value": value}
            if name is None:
                losses.add("it has no name, and gets one when it is read", "evaluators", number)
            else:
                assertion["metric"] = name
            written.append(assertion)
    return written
