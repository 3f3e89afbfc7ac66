"""The suite file, `*.suite.yml`: cases a prompt is tested with, and what is asked of every answer.

Owns the shape of a suite, the keys of its cases and its digest. It is read by the same reader as a
prompt file: same limits, no aliases, problems with their places. A prompt file's own `testData` is
read as a suite by `test_data`; evaluators are checked in `check_evaluators`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .canonical import digest_of
from .check_evaluators import Evaluator, check_label, read_evaluators
from .problem import KeyPath, Problem, key_text
from .source import Report, SourceMap, decode
from .values import kind_of, read_list, read_mapping, read_text, read_texts, warn_unknown
from .yaml_reader import read_yaml

SUITE_ENDINGS = (".suite.yml", ".suite.yaml")
MAX_CASES = 5_000
_KEYS = ("name", "description", "cases", "evaluators")
_CASE_KEYS = ("name", "inputs", "expected", "evaluators", "tags")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class SuiteCase:
    """One set of inputs. `key` is its name, else made from its inputs: other cases do not change it.

    `expected` is None where the file does not say. `values` are further ones that texts of evaluators
    may name. `path` is the place in the file.
    """

    key: str
    name: str
    inputs: Mapping[str, Any]
    expected: Any = None
    evaluators: tuple[Evaluator, ...] = ()
    tags: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    path: KeyPath = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """As the digest covers it."""
        said: dict[str, Any] = {"key": self.key, "inputs": dict(self.inputs)}
        if self.expected is not None:
            said["expected"] = self.expected
        if self.values:
            said["values"] = dict(self.values)
        if self.evaluators:
            said["evaluators"] = _evaluators_json(self.evaluators)
        return said


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """A valid suite. `name` and `description` are for people; a suite is known by its path."""

    cases: tuple[SuiteCase, ...]
    evaluators: tuple[Evaluator, ...] = ()
    name: str = ""
    description: str = ""

    @property
    def digest(self) -> str:
        """`sha256:` over canonical JSON of cases and evaluators, whatever their order.

        Not in it: names for people, descriptions, tags.
        """
        return digest_of(
            {
                "cases": [c.to_json() for c in sorted(self.cases, key=lambda c: c.key)],
                "evaluators": _evaluators_json(self.evaluators),
            }
        )


@dataclass(frozen=True, slots=True)
class ParsedSuite:
    """What reading a suite gave. `suite` is None exactly when `problems` holds an error."""

    suite: SuiteFile | None
    problems: tuple[Problem, ...]
    text: str
    source: SourceMap = field(compare=False, repr=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the suite invalid."""
        return tuple(p for p in self.problems if p.severity == "error")


def is_suite(path: str) -> bool:
    """Whether a file holds a suite, by its name."""
    return suite_path_of(path) != ""


def suite_path_of(path: str) -> str:
    """The path of a suite file without its ending, or "" for any other file."""
    for ending in SUITE_ENDINGS:
        if path.endswith(ending):
            return path.removesuffix(ending)
    return ""


def parse_suite(source: bytes | str) -> ParsedSuite:
    """Read a suite file: at most 1 MiB of UTF-8. Never raises for what it holds."""
    text, report = decode(source)
    suite = None
    if not report.failed:
        data = read_yaml(report)
        if not report.failed:
            suite = _suite(report, data)
    return ParsedSuite(suite, report.problems(), text, report.source)


def _suite(report: Report, data: Any) -> SuiteFile | None:
    if not isinstance(data, dict):
        fix = "a suite file has at least cases: with the inputs of one case"
        report.error("empty-file", (), f"the file must be a mapping, not {kind_of(data)}", fix)
        return None
    warn_unknown(report, (), data, _KEYS)
    given = {key: value for key, value in data.items() if value is not None}
    texts = {
        key: read_text(report, (key,), given[key]) or ""
        for key in ("name", "description")
        if key in given
    }
    cases = _cases(report, given.get("cases"))
    evaluators: tuple[Evaluator, ...] = ()
    if "evaluators" in given:
        evaluators = read_evaluators(report, ("evaluators",), given["evaluators"], strict=True)
    shared = {evaluator.name for evaluator in evaluators}
    for case in cases:
        for own in case.evaluators:
            if own.name in shared:
                report.error(
                    "duplicate-name",
                    own.path,
                    f"the evaluator {own.name!r} is also one of the whole suite",
                    "give it a name of its own: results are told apart by it",
                )
    if not evaluators and not any(case.evaluators for case in cases):
        report.warning(
            "no-evaluators",
            (),
            "the suite asks nothing of the answers: every one of them passes",
            "add evaluators:",
        )
    return None if report.failed else SuiteFile(cases, evaluators, **texts)


def _cases(report: Report, value: Any) -> tuple[SuiteCase, ...]:
    items = read_list(report, ("cases",), value) if value is not None else []
    if items is None:
        return ()
    if not items:
        report.error("missing-key", (), "the suite has no cases", "add cases: with inputs: of one")
    if len(items) > MAX_CASES:
        message = f"the suite has {len(items):,} cases: at most {MAX_CASES:,} are allowed"
        report.error("too-many-cases", ("cases",), message, "make several files of it")
        return ()
    keys = CaseKeys(report)
    found = []
    for number, item in enumerate(items):
        path: KeyPath = ("cases", number)
        body = read_mapping(report, path, item)
        if body is not None:
            found.append(_case(report, path, body, keys))
    return tuple(found)


def _case(report: Report, path: KeyPath, body: Mapping[str, Any], keys: CaseKeys) -> SuiteCase:
    warn_unknown(report, path, body, _CASE_KEYS)
    given = {key: value for key, value in body.items() if value is not None}
    inputs: Mapping[str, Any] = {}
    if "inputs" in given:
        inputs = read_mapping(report, (*path, "inputs"), given["inputs"]) or {}
        inputs = {name: item for name, item in inputs.items() if item is not None}
    name = read_text(report, (*path, "name"), given["name"]) if "name" in given else None
    if name is not None:
        check_label(report, (*path, "name"), name)
    evaluators: tuple[Evaluator, ...] = ()
    if "evaluators" in given:
        at = (*path, "evaluators")
        evaluators = read_evaluators(report, at, given["evaluators"], strict=True)
    tags = read_texts(report, (*path, "tags"), given["tags"]) if "tags" in given else ()
    key = keys.take(path, name, inputs)
    return SuiteCase(
        key,
        name or shown(inputs),
        inputs,
        given.get("expected"),
        evaluators,
        tags,
        path=path,
    )


class CaseKeys:
    """Gives each case of a file its key, and reports two of one name."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._taken: dict[str, KeyPath] = {}

    def take(self, path: KeyPath, name: str | None, inputs: Mapping[str, Any]) -> str:
        """The key of the case at `path`: its name, else a digest of its inputs."""
        if name is not None:
            before = self._taken.setdefault(name, path)
            if before != path:
                self._report.error(
                    "duplicate-name",
                    (*path, "name"),
                    f"{key_text(before)} is named {name[:80]!r} too",
                    "give each case its own name, or none",
                )
            return name
        key = base = "inputs:" + digest_of(inputs).partition(":")[2][:16]
        number = 1
        while key in self._taken:
            number += 1
            key = f"{base}~{number}"
        if number > 1:
            self._report.warning(
                "same-inputs",
                path,
                f"{key_text(path)} has the same inputs as {key_text(self._taken[base])}",
                "give them names, so that their results stay apart",
            )
        self._taken[key] = path
        return key


def shown(inputs: Mapping[str, Any]) -> str:
    """A case without a name as people see it: the beginning of its inputs, on one line."""
    text = ", ".join(f"{name}={_short(value)}" for name, value in inputs.items())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _short(value: Any) -> str:
    return " ".join(str(value)[: 2 * _SHOWN].split())


def _evaluators_json(evaluators: tuple[Evaluator, ...]) -> list[dict[str, Any]]:
    return [e.to_json() for e in sorted(evaluators, key=lambda e: e.name)]
