"""Checks of evaluators: their frame, their kind, and lightly the settings of the kinds we know.

In a prompt file only what GitHub's own tool stumbles over is an error: the file can be released, and
a run names the rest. In a suite file, which is for running alone, everything is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .check_inputs import is_of_type
from .evaluator_kinds import KINDS, USES, USES_INSTEAD, Shape
from .problem import KeyPath, key_text
from .source import Report
from .values import (
    kind_of,
    read_list,
    read_mapping,
    read_text,
    suggestion,
    warn_unknown,
)

_FRAME = ("name", "required")
MAX_NAME = 200
"""Characters of the name of an evaluator or case."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """One evaluator of a file: `settings` is what stands under the key `kind`.

    A file's `uses` is already the kind it stands for. `path` is its place in the file.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    required: bool = True
    path: KeyPath = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """As the digest of a suite covers it."""
        said: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.settings:
            said["settings"] = dict(self.settings)
        if not self.required:
            said["required"] = False
        return said


def read_evaluators(
    report: Report, path: KeyPath, value: Any, *, strict: bool, numbered: bool = False
) -> tuple[Evaluator, ...]:
    """The evaluators of a list that can be run; `strict` makes an error of each that cannot.

    Names are unique: a second one of a name is an error, or with `numbered` gets a number.
    """
    found: list[Evaluator] = []
    names: set[str] = set()
    for number, item in enumerate(read_list(report, path, value) or ()):
        at: KeyPath = (*path, number)
        body = read_mapping(report, at, item)
        if body is None:
            continue
        evaluator = _read(report, at, body, names, strict=strict, numbered=numbered)
        if evaluator is not None:
            names.add(evaluator.name)
            found.append(evaluator)
    return tuple(found)


def _read(
    report: Report,
    path: KeyPath,
    body: Mapping[str, Any],
    names: set[str],
    *,
    strict: bool,
    numbered: bool,
) -> Evaluator | None:
    fault: Callable[..., None] = report.error if strict else report.warning
    kinds = [key for key in body if key not in _FRAME and body[key] is not None]
    known = [key for key in kinds if key in KINDS]
    name = _name(report, path, body, kinds, names, strict=strict and not numbered)
    required = body.get("required")
    if not isinstance(required, bool | None):
        at = (*path, "required")
        fault("wrong-type", at, f"{key_text(at)} must be true or false, not {kind_of(required)}")
    required = required is not False
    if len(known) > 1:
        fault(
            "two-kinds",
            (*path, known[1]),
            f"{key_text(path)} is both {known[0]} and {known[1]}",
            "write two evaluators",
            key=True,
        )
        if strict:
            return None
    if not known:
        _no_kind(report, path, kinds, fault, strict=strict)
        others = [key for key in kinds if isinstance(body[key], Mapping)]
        return Evaluator(name, others[0], body[others[0]], required, path) if others else None
    kind = known[0]
    if not strict or len(kinds) == 1:
        extra = [key for key in kinds if key not in KINDS]
    else:
        extra = [key for key in kinds if key != kind]
    for key in extra:
        report.warning(
            "unknown-key",
            (*path, key),
            f"the key {key[:100]!r} in {key_text(path)} is not known: it is kept and has no effect",
            suggestion(key, (*_FRAME, *KINDS)),
            key=True,
        )
    if kind == "uses":
        return _uses(report, path, body["uses"], name, required, fault)
    settings = body[kind]
    if not isinstance(settings, dict):
        # These two are GitHub's: its own tool cannot read such a file.
        wrong = report.error if kind in ("string", "llm") else fault
        at = (*path, kind)
        wrong("wrong-type", at, f"{key_text(at)} must be a mapping, not {kind_of(settings)}")
        return None
    given = {key: item for key, item in settings.items() if item is not None}
    _settings(report, (*path, kind), kind, given, fault)
    texts = {
        key: _as_written(report, (*path, kind, key), item)
        for key, item in given.items()
        if KINDS[kind].settings.get(key) == "text"
    }
    return Evaluator(name, kind, {**given, **texts}, required, path)


def _name(
    report: Report,
    path: KeyPath,
    body: Mapping[str, Any],
    kinds: list[str],
    names: set[str],
    *,
    strict: bool,
) -> str:
    given = None
    if body.get("name") is None:
        # GitHub's own tool runs such a file, so it is no error; results are harder to tell apart.
        report.warning("missing-key", path, f"{key_text(path)} has no name", "add name: text")
    else:
        given = read_text(report, (*path, "name"), body["name"])
        if given is not None and strict:
            check_label(report, (*path, "name"), given)
            if given in names:
                fix = "give each its own name: results are told apart by it"
                report.error(
                    "duplicate-name", (*path, "name"), f"there are two evaluators {given!r}", fix
                )
    base = " ".join((given or (kinds[0] if kinds else "evaluator")).split())[:MAX_NAME]
    name, number = base, 2
    while name in names:
        name, number = f"{base[: MAX_NAME - 8]} {number}", number + 1
    return name


def check_label(report: Report, path: KeyPath, name: str) -> None:
    """Report a name that people could not tell from another in a list."""
    if not name.strip():
        report.error("blank", path, f"{key_text(path)} is blank")
    elif len(name) > MAX_NAME or name != " ".join(name.split()):
        fix = f"write at most {MAX_NAME} characters, with single spaces"
        report.error("bad-name", path, f"{key_text(path)} is too long, or spaced oddly", fix)


def _no_kind(
    report: Report, path: KeyPath, kinds: list[str], fault: Callable[..., None], *, strict: bool
) -> None:
    listed = f"kinds are {', '.join(KINDS)}"
    if not kinds:
        fault("missing-key", path, f"{key_text(path)} says nothing to check", listed)
    elif len(kinds) > 1 and strict:
        fault("unknown-kind", path, f"{key_text(path)} has no kind we know", listed)
    else:
        fix = suggestion(kinds[0], KINDS) or f"{listed}; a package on the server may add others"
        message = f"{kinds[0][:100]!r} is not a kind of evaluator we know"
        report.warning("unknown-kind", (*path, kinds[0]), message, fix, key=True)


def _uses(
    report: Report,
    path: KeyPath,
    value: Any,
    name: str,
    required: bool,
    fault: Callable[..., None],
) -> Evaluator | None:
    at = (*path, "uses")
    text = read_text(report, at, value)
    if text is None:
        return None
    if text in USES:
        return Evaluator(name, USES[text], {}, required, path)
    fix = USES_INSTEAD.get(text) or suggestion(text, (*USES, *USES_INSTEAD))
    fault(
        "unknown-evaluator",
        at,
        f"the named evaluator {text[:100]!r} is not run here",
        fix or f"named ones are {', '.join(USES)}",
    )
    return Evaluator(name, "uses", {"uses": text}, required, path)


def _settings(
    report: Report,
    path: KeyPath,
    kind: str,
    given: Mapping[str, Any],
    fault: Callable[..., None],
) -> None:
    known = KINDS[kind]
    warn_unknown(report, path, given, known.settings)
    for key, shape in known.settings.items():
        if key not in given:
            if key in known.required:
                fix = f"add {key}: …"
                fault("missing-key", path, f"{key_text(path)} has no {key}", fix)
        elif shape == "text" and kind == "string":
            read_text(report, (*path, key), given[key])
        elif not _fits(report, (*path, key), given[key], shape):
            at = (*path, key)
            message = f"{key_text(at)} must be {_WORDS[shape]}, not {kind_of(given[key])}"
            fault("wrong-type", at, message)
    if known.one_of and not any(key in given for key in known.one_of):
        said = f"{key_text(path)} says nothing to check"
        if kind == "llm":
            said = f"{key_text(path)} names no model to judge with"
        fault("missing-key", path, said, f"add one of {', '.join(known.one_of)}")


_WORDS: Mapping[Shape, str] = {
    "text": "a text",
    "texts": "a text or a list of texts",
    "number": "a number",
    "count": "a whole number from 0",
    "flag": "true or false",
    "mapping": "a mapping",
    "list": "a list",
    "any": "a value",
}


def _fits(report: Report, path: KeyPath, value: Any, shape: Shape) -> bool:
    if shape == "text":
        return isinstance(_as_written(report, path, value), str)
    if shape == "texts":
        return isinstance(value, str) or (
            isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)
        )
    if shape == "count":
        return is_of_type(value, "integer") and value >= 0
    if shape == "any":
        return True
    types = {"number": "number", "flag": "boolean", "mapping": "object", "list": "array"}
    return is_of_type(value, types[shape])


def _as_written(report: Report, path: KeyPath, value: Any) -> Any:
    """A plain `42` or `no` where a text belongs is the text as written."""
    span = report.source.spans.get(path)
    if isinstance(value, bool | int | float) and span is not None and span.raw is not None:
        return span.raw
    return value
