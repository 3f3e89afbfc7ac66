"""A prompt file's own `testData` and `evaluators`, read as a suite; and any suite held against a prompt.

Owns which keys of a `testData` entry are what: an input of the prompt is an input, `expected` is what
is expected unless it is an input, and what a text of an evaluator names is a value for it. Anything
else is an error of the suite, though none of the prompt file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from .check_evaluators import read_evaluators
from .check_inputs import TYPE_WORDS, is_of_type
from .model import Input, PromptFile
from .parser import Parsed
from .problem import KeyPath, Problem, key_text
from .source import Report
from .suite import CaseKeys, ParsedSuite, SuiteCase, SuiteFile, shown
from .template import variables
from .values import kind_of, suggestion

EXPECTED = "expected"
"""The key of a case that belongs to its evaluators, whether they name it or not."""


def prompt_suite(parsed: Parsed, file: PromptFile | None = None) -> ParsedSuite:
    """The suite of a valid prompt file; without `testData` it has no cases.

    Args:
        file: the same with its fragments resolved, so that all inputs are known. Without it, keys of
            a file that includes fragments are taken as inputs.
    """
    own = parsed.file
    if own is None:
        raise ValueError("a prompt file with errors has no suite")
    inputs = (file or own).inputs
    complete = file is not None or own.inputs_declared or not _includes(own)
    report = Report(parsed.source)
    evaluators = read_evaluators(
        report, ("evaluators",), list(own.evaluators), strict=True, numbered=True
    )
    named = names_used(own.evaluators)
    keys = CaseKeys(report)
    cases = []
    for number, entry in enumerate(own.test_data):
        path: KeyPath = ("testData", number)
        case = _case(path, entry, inputs, named, keys, complete=complete)
        cases.append(_fitted(report, case, path, inputs, complete=complete))
    suite = SuiteFile(tuple(cases), evaluators, own.name, own.description)
    return ParsedSuite(
        None if report.failed else suite, report.problems(), parsed.text, parsed.source
    )


def fit_suite(
    parsed: ParsedSuite, inputs: Mapping[str, Input], *, complete: bool = True
) -> ParsedSuite:
    """A suite held against the inputs of a prompt: each case must be something it can be rendered with.

    A plain `42` for a text input becomes the text as written. With `complete` false, inputs that are
    not in `inputs` may exist.
    """
    if parsed.suite is None:
        return parsed
    report = Report(parsed.source)
    cases = tuple(
        _fitted(report, case, (*case.path, "inputs"), inputs, complete=complete)
        for case in parsed.suite.cases
    )
    problems: tuple[Problem, ...] = (*parsed.problems, *report.problems())
    suite = None if report.failed else dataclasses.replace(parsed.suite, cases=cases)
    return dataclasses.replace(
        parsed, suite=suite, problems=tuple(sorted(problems, key=lambda p: (p.line, p.column)))
    )


def names_used(value: Any) -> frozenset[str]:
    """The variables in every text of a value."""
    return frozenset(_names(value))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from variables(value)
    elif isinstance(value, Mapping):
        yield from _names(tuple(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _names(item)


def _case(
    path: KeyPath,
    entry: Mapping[str, Any],
    inputs: Mapping[str, Input],
    named: frozenset[str],
    keys: CaseKeys,
    *,
    complete: bool,
) -> SuiteCase:
    given = {name: item for name, item in entry.items() if item is not None}
    values: dict[str, Any] = {}
    taken: dict[str, Any] = {}
    for name, item in given.items():
        if name in inputs or not (name == EXPECTED or name in named):
            taken[name] = item
        elif name != EXPECTED:
            values[name] = item
    expected = None if EXPECTED in inputs else given.get(EXPECTED)
    return SuiteCase(
        keys.take(path, None, taken), shown(taken), taken, expected, values=values, path=path
    )


def _fitted(
    report: Report, case: SuiteCase, at: KeyPath, inputs: Mapping[str, Input], *, complete: bool
) -> SuiteCase:
    """The case with inputs of the right types; reports what the prompt cannot be rendered with."""
    taken = dict(case.inputs)
    for name, value in case.inputs.items():
        path = (*at, name)
        known = inputs.get(name)
        if known is None:
            if complete:
                report.error(
                    "unknown-input",
                    path,
                    f"{name[:100]!r} is not an input of the prompt",
                    suggestion(name, inputs) or "remove it, or use it in a message",
                    key=True,
                )
            continue
        span = report.source.spans.get(path)
        if known.type == "string" and span is not None and span.raw is not None:
            taken[name] = span.raw
        elif not is_of_type(value, known.type):
            report.error(
                "wrong-type",
                path,
                f"{key_text(path)} must be {TYPE_WORDS[known.type]}, not {kind_of(value)}",
            )
    for name, known in inputs.items():
        if known.required and name not in taken:
            report.error(
                "missing-input",
                case.path,
                f"{key_text(case.path)} lacks the required input {name!r}",
                f"add {name}: …, or give the input a default",
            )
    return dataclasses.replace(case, inputs=taken)


def _includes(file: PromptFile) -> bool:
    from .fragment import fragments

    return bool(fragments(file))
