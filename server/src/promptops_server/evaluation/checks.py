"""The kinds of checks this server knows, and from what a file says to a `Check`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import orjson
from pydantic import ValidationError

from promptops.calls.ask import Ask
from promptops.format.check_evaluators import Evaluator as Said
from promptops.format.problem import KeyPath, Problem, key_text
from promptops.format.source import SourceMap
from promptops.format.values import suggestion
from promptops_server.evaluation import evaluators
from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings
from promptops_server.evaluation.model import Check
from promptops_server.evaluation.plugins import BadPlugin, admitted, loaded, where

GROUP = "promptops.evaluators"


@cache
def all_evaluators() -> Mapping[str, Evaluator[Any]]:
    """Every kind, ours and those of admitted packages, by its name.

    Raises:
        BadPlugin: two have the same name, or an entry point is no evaluator or cannot be loaded.
    """
    found: dict[str, Evaluator[Any]] = {}
    for module in pkgutil.iter_modules(evaluators.__path__, evaluators.__name__ + "."):
        members = vars(importlib.import_module(module.name)).values()
        for member in members:
            if _is_evaluator(member) and member.__module__ == module.name:
                _take(found, member, module.name)
    for point in admitted(GROUP):
        member = loaded(point)
        if not _is_evaluator(member):
            raise BadPlugin(
                f"{where(point)} is no class on promptops_server.evaluation.evaluator.Evaluator, "
                "as an evaluator must be."
            )
        _take(found, member, where(point))
    return found


def _is_evaluator(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, Evaluator) and member is not Evaluator


def _take(found: dict[str, Evaluator[Any]], member: type[Evaluator[Any]], said: str) -> None:
    kind = getattr(member, "kind", None)
    if not isinstance(kind, str) or not kind:
        raise BadPlugin(f"{said}: its evaluator has no kind.")
    if not isinstance(getattr(member, "settings", None), type):
        raise BadPlugin(f"{said}: its evaluator has no settings.")
    if kind in found:
        raise BadPlugin(f"{said}: there is an evaluator {kind!r} already.")
    try:
        found[kind] = member()
    except Exception as error:
        raise BadPlugin(f"{said}: it cannot be made: {type(error).__name__}: {error}.") from error


def evaluator_of(kind: str) -> Evaluator[Any] | None:
    """The evaluator of a kind, None where this server has none."""
    return all_evaluators().get(kind)


def settings_of(check: Check) -> EvaluatorSettings:
    """The settings of a check, read; the same settings are read once.

    Raises:
        pydantic.ValidationError: they are not what its kind takes.
    """
    return _settings(check.kind, orjson.dumps(dict(check.settings), option=orjson.OPT_SORT_KEYS))


@lru_cache(maxsize=1024)
def _settings(kind: str, given: bytes) -> EvaluatorSettings:
    settings: EvaluatorSettings = all_evaluators()[kind].settings.model_validate(
        orjson.loads(given)
    )
    return settings


def asked_by(check: Check) -> tuple[str, Ask] | None:
    """The model a check calls, by name, and such a call; None: it calls none, or cannot be read."""
    evaluator = evaluator_of(check.kind)
    if evaluator is None or not evaluator.waits:
        return None
    try:
        return evaluator.asks(settings_of(check))
    except ValidationError:
        return None


def checks_of(
    said: Iterable[Said], source: SourceMap
) -> tuple[tuple[Check, ...], tuple[Problem, ...]]:
    """The checks that evaluators of a file mean, and what is wrong with those that mean none, by place."""
    checks: list[Check] = []
    problems: list[Problem] = []
    for one in said:
        wrong = _wrong(one, source)
        problems.extend(wrong)
        if not wrong:
            checks.append(Check(one.name, one.kind, one.settings, one.required))
    return tuple(checks), tuple(problems)


def _wrong(said: Said, source: SourceMap) -> list[Problem]:
    known = all_evaluators()
    if said.kind not in known:
        at: KeyPath = (*said.path, said.kind)
        fix = suggestion(said.kind, known) or f"kinds are {', '.join(sorted(known))}"
        message = f"this server has no evaluator {said.kind[:100]!r}"
        return [_problem("unknown-kind", at, message, fix, source)]
    try:
        settings_of(Check(said.name, said.kind, said.settings))
    except ValidationError as error:
        return [
            _problem(
                "bad-settings",
                (*said.path, said.kind, *found["loc"]),
                _said(found),
                "",
                source,
            )
            for found in error.errors(include_url=False)[:10]
        ]
    return []


def said_by(error: ValidationError) -> str:
    """The first thing wrong with settings, with its key."""
    found = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {_said(found)}" if where else _said(found)


def _said(found: Mapping[str, Any]) -> str:
    message = str(found["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def _problem(code: str, path: KeyPath, message: str, fix: str, source: SourceMap) -> Problem:
    line, column = source.at(path, key=path not in source.spans)
    return Problem("error", code, message, key_text(path), line, column, fix)
