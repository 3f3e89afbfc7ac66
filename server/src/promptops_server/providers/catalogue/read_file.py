"""A file of the catalogue as rows, every fault with its line.

Owns the format of `models.yaml`, `contracts.yaml` and an installation's own file, which are one: `models` and
`contracts`, both optional.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from promptops.format.families import FAMILIES
from promptops.format.problem import KeyPath, key_text
from promptops.format.source import Report, decode
from promptops.format.yaml_reader import read_yaml
from promptops_server.providers.catalogue.entry import Condition, Contract
from promptops_server.providers.catalogue.errors import CatalogueError
from promptops_server.providers.catalogue.rules import rules

MODALITIES = ("text", "image", "audio", "video", "file")
_DAY = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_ID = re.compile(r"[a-z0-9][a-z0-9._:/@+-]{0,199}")
_LONGEST = 500
_MODEL_KEYS = (
    *("id", "names", "snapshots", "family", "title", "alias", "context", "max_output"),
    *("modalities", "accepted", "deprecated_at", "retired_at", "price", "source", "date"),
)
_PRICE_KEYS = ("provider", "input", "output", "cached", "cache_written", "source", "date")
_CONTRACT_KEYS = (
    *("id", "rule", "match", "settings", "when", "unless", "why", "source", "date", "off"),
)
_MATCH_KEYS = ("families", "models", "not_models", "providers", "not_providers")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What a file says about one model; `said` are the members given, so that another file may go over them."""

    id: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """Which entries a contract is for: all that is given has to hold."""

    families: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    not_models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    not_providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract and its match; None for one that is switched off."""

    id: str
    match: Match
    contract: Contract | None


@dataclass(frozen=True, slots=True)
class File:
    """The rows of one file, in its order."""

    models: tuple[ModelRow, ...] = ()
    contracts: tuple[ContractRow, ...] = ()


@dataclass(slots=True)
class _Reading:
    report: Report
    seen: set[tuple[str, str]] = field(default_factory=set)

    def error(self, path: KeyPath, message: str, fix: str = "", *, key: bool = False) -> None:
        self.report.error("catalogue", path, message, fix, key=key)


def read_path(path: Path) -> File:
    """The rows of a file on disk. Raises CatalogueError: it cannot be read, or breaks a rule."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError([f"{path}: it cannot be read: {error.strerror or error}"]) from None
    return read_content(content, str(path))


def read_content(content: bytes, name: str) -> File:
    """The rows of a file's content; `name` stands before the line in errors. Raises CatalogueError."""
    _, report = decode(content)
    value = None if report.failed else read_yaml(report)
    reading = _Reading(report)
    found = File()
    if not report.failed and value is not None:
        found = _file(reading, value)
    if report.failed:
        raise CatalogueError(
            [
                f"{name}:{p.line}:{p.column}: {p.message}" + (f" ({p.fix})" if p.fix else "")
                for p in report.problems()
                if p.severity == "error"
            ]
        )
    return found


def _file(reading: _Reading, value: Any) -> File:
    top = _mapping(reading, (), value, ("models", "contracts"))
    models = [
        row
        for number, item in enumerate(_list(reading, ("models",), top.get("models")))
        if (row := _model(reading, ("models", number), item)) is not None
    ]
    contracts = [
        found
        for number, item in enumerate(_list(reading, ("contracts",), top.get("contracts")))
        if (found := _contract(reading, ("contracts", number), item)) is not None
    ]
    return File(tuple(models), tuple(contracts))


def _model(reading: _Reading, path: KeyPath, value: Any) -> ModelRow | None:
    given = _mapping(reading, path, value, _MODEL_KEYS)
    name = _id(reading, path, given, "models")
    said: dict[str, Any] = {}
    for key, item in given.items():
        at = (*path, key)
        if key in ("names", "snapshots", "accepted"):
            said[key] = tuple(text.lower() for text in _texts(reading, at, item))
        elif key == "modalities":
            said[key] = _texts(reading, at, item, among=MODALITIES)
        elif key == "family":
            said[key] = _text(reading, at, item, among=FAMILIES)
        elif key in ("title", "source"):
            said[key] = _text(reading, at, item)
        elif key == "alias":
            said[key] = _boolean(reading, at, item)
        elif key in ("context", "max_output"):
            said[key] = _count(reading, at, item)
        elif key in ("deprecated_at", "retired_at", "date"):
            said[key] = _day(reading, at, item)
        elif key == "price":
            said[key] = _price(reading, at, item)
    _papers(reading, path, given)
    return ModelRow(name, said) if name else None


def _price(reading: _Reading, path: KeyPath, value: Any) -> dict[str, Any]:
    given = _mapping(reading, path, value, _PRICE_KEYS)
    made: dict[str, Any] = {}
    for key, item in given.items():
        at = (*path, key)
        if key in ("provider", "source"):
            made[key] = _text(reading, at, item)
        elif key == "date":
            made[key] = _day(reading, at, item)
        elif isinstance(item, bool) or not isinstance(item, int | float) or item < 0:
            reading.error(
                at,
                f"{key_text(at)} is {_short(item)}, not dollars for a million tokens",
                "write a number such as 2.5",
            )
        else:
            made[key] = Decimal(str(item))
    for key in ("input", "output"):
        if key not in given:
            reading.error(path, f"{key_text(path)} has no {key}", "a price needs input and output")
    _papers(reading, path, given)
    return made


def _contract(reading: _Reading, path: KeyPath, value: Any) -> ContractRow | None:
    given = _mapping(reading, path, value, _CONTRACT_KEYS)
    name = _id(reading, path, given, "contracts")
    if given.get("off") is True:
        return ContractRow(name, Match(), None) if name else None
    if "off" in given:
        _boolean(reading, (*path, "off"), given["off"])
    kind = _text(reading, (*path, "rule"), given.get("rule"), among=tuple(rules()))
    settings = _settings(reading, (*path, "settings"), kind, given.get("settings"))
    match = _match(reading, (*path, "match"), given.get("match"))
    when = _condition(reading, (*path, "when"), given.get("when"))
    unless = _condition(reading, (*path, "unless"), given.get("unless"))
    why = _text(reading, (*path, "why"), given["why"]) if "why" in given else ""
    _papers(reading, path, given)
    source = str(given.get("source") or "")
    date = str(given.get("date") or "")
    if not name:
        return None
    return ContractRow(name, match, Contract(name, kind, settings, why, source, date, when, unless))


def _settings(reading: _Reading, path: KeyPath, kind: str, value: Any) -> dict[str, Any]:
    rule = rules().get(kind)
    if rule is None:
        return {}
    given = _mapping(reading, path, value, tuple(rule.settings))
    for name, setting in rule.settings.items():
        if name not in given:
            if setting.required:
                reading.error(path, f"the rule {kind} needs settings.{name}: {setting.help}")
            continue
        at, item = (*path, name), given[name]
        if setting.kind == "text":
            _text(reading, at, item)
        elif setting.kind == "texts":
            _texts(reading, at, item)
        elif setting.kind == "boolean":
            _boolean(reading, at, item)
        elif setting.kind == "mapping" and not isinstance(item, dict):
            reading.error(at, f"{key_text(at)} is {_short(item)}, not a mapping")
    if kind in ("refuse_parameters", "schema_keywords") and isinstance(given.get("allowed"), dict):
        for name, item in given["allowed"].items():
            _list(reading, (*path, "allowed", name), item)
    return given


def _match(reading: _Reading, path: KeyPath, value: Any) -> Match:
    given = _mapping(reading, path, value, _MATCH_KEYS)
    if not given:
        reading.error(path, f"{key_text(path)} is empty", "say families, models or providers")
    texts = {
        key: tuple(
            text.lower()
            for text in _texts(
                reading, (*path, key), item, among=FAMILIES if key == "families" else ()
            )
        )
        for key, item in given.items()
    }
    return Match(**texts)


def _condition(reading: _Reading, path: KeyPath, value: Any) -> Condition | None:
    if value is None:
        return None
    given = _mapping(reading, path, value, ("parameter", "is", "is_not"))
    name = _text(reading, (*path, "parameter"), given.get("parameter"))
    if "is" in given and "is_not" in given:
        reading.error(path, f"{key_text(path)} has both is and is_not", "keep one of them")
    for key in ("is", "is_not"):
        if key in given:
            return Condition(name, tuple(_list(reading, (*path, key), given[key])), key == "is_not")
    return Condition(name)


def _papers(reading: _Reading, path: KeyPath, given: Mapping[str, Any]) -> None:
    """Nothing is claimed without saying where and when it was read."""
    for key in ("source", "date"):
        if key not in given:
            reading.error(path, f"{key_text(path)} has no {key}", "say where and when it was read")
    if "date" in given:
        _day(reading, (*path, "date"), given["date"])
    if "source" in given:
        _text(reading, (*path, "source"), given["source"])


def _id(reading: _Reading, path: KeyPath, given: Mapping[str, Any], kind: str) -> str:
    at = (*path, "id")
    name = given.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        reading.error(
            at,
            f"{key_text(at)} is {_short(name)}",
            "an id has letters in lower case, digits, ._:/-",
        )
        return ""
    if (kind, name) in reading.seen:
        reading.error(at, f"the id {name} is given twice in {kind}", "keep one of them")
    reading.seen.add((kind, name))
    return name


def _mapping(reading: _Reading, path: KeyPath, value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        reading.error(path, f"{key_text(path) or 'the file'} is {_short(value)}, not a mapping")
        return {}
    for key in value:
        if key not in keys:
            known = ", ".join(keys) or "none"
            reading.error(
                (*path, key), f"{key[:60]!r} is not known here", f"known: {known}", key=True
            )
    return {key: item for key, item in value.items() if key in keys}


def _list(reading: _Reading, path: KeyPath, value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        reading.error(path, f"{key_text(path)} is {_short(value)}, not a list")
        return []
    return value


def _texts(
    reading: _Reading, path: KeyPath, value: Any, among: tuple[str, ...] = ()
) -> tuple[str, ...]:
    return tuple(
        _text(reading, (*path, number), item, among)
        for number, item in enumerate(_list(reading, path, value))
    )


def _text(reading: _Reading, path: KeyPath, value: Any, among: tuple[str, ...] = ()) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        said = "missing" if value is None else f"{_short(value)}, not a text of 1 to {_LONGEST}"
        reading.error(path, f"{key_text(path)} is {said}")
        return ""
    if among and value not in among:
        reading.error(path, f"{key_text(path)} is {_short(value)}", f"known: {', '.join(among)}")
        return ""
    return value


def _day(reading: _Reading, path: KeyPath, value: Any) -> str:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        reading.error(path, f"{key_text(path)} is {_short(value)}, not a day", "write 2026-11-27")
        return ""
    return value


def _boolean(reading: _Reading, path: KeyPath, value: Any) -> bool:
    if not isinstance(value, bool):
        reading.error(path, f"{key_text(path)} is {_short(value)}", "write true or false")
        return False
    return value


def _count(reading: _Reading, path: KeyPath, value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        reading.error(path, f"{key_text(path)} is {_short(value)}, not a number of tokens")
        return None
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
