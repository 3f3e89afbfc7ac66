"""Check a prompt that is no version yet: the findings of the format, of lint, and of the fragments it includes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.format import key_text, parse
from promptops.format.fragment import Loader
from promptops.format.merge import marker_lines
from promptops.format.parser import Parsed
from promptops.format.source import decode
from promptops.format.yaml_reader import read_yaml
from promptops.lint import check
from promptops_server.registry.checking.place import inside_value, offset_of, path_at
from promptops_server.registry.content import read_content, with_fragments
from promptops_server.registry.working_copies.refusals import marker_problems


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong. `rule` is a rule of lint, `parse/CODE` or `fragment`; `key` the key path of the value.

    `start` and `end` count the characters of the text at `key`; None means all of it. `line` and `column` are of the file.
    """

    severity: str
    rule: str
    message: str
    fix: str
    key: str
    line: int
    column: int
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, its JSON form (None when it is no YAML mapping), whether it could be a version, and what is wrong."""

    text: str
    prompt: Mapping[str, Any] | None
    valid: bool
    faults: Sequence[Fault]


def check_prompt(text: str, loader: Loader) -> Checked:
    """Everything that is wrong with a prompt file. Never raises for what it contains."""
    markers = marker_lines(text)
    if markers:
        found = [
            Fault(p["severity"], p["code"], p["message"], p["fix"], "", p["line"], p["column"])
            for p in marker_problems(markers)
        ]
        return Checked(text, None, False, found)
    parsed = parse(text)
    data = _data(parsed, text)
    keys = {(p.line, p.column, p.message): p.key for p in parsed.problems}
    faults = []
    for finding in check(text).findings:
        place = (finding.line, finding.column, finding.message)
        faults.append(_placed(parsed, data, finding, keys.get(place)))
    valid = parsed.file is not None
    if valid and "{{" in text:
        content = with_fragments(read_content(text.encode(), stored_as="unsaved"), loader)
        valid = content.valid
        faults += [_fragment(p) for p in content.problems if p["code"] == "fragment"]
    return Checked(text, data if isinstance(data, Mapping) else None, valid, tuple(faults))


def _data(parsed: Parsed, text: str) -> Any:
    if parsed.file is not None:
        return parsed.file.data
    _, report = decode(text)
    return None if report.failed else read_yaml(report)


def _placed(parsed: Parsed, data: Any, finding: Any, key: str | None) -> Fault:
    index = offset_of(parsed.source, finding.line, finding.column)
    path = path_at(parsed.source, index)
    if key is None:
        key = key_text(path)
    inside = inside_value(parsed.source, path, data, index) if key == key_text(path) else None
    start, end = inside or (None, None)
    return Fault(
        severity=finding.severity,
        rule=finding.rule,
        message=finding.message,
        fix=finding.fix,
        key=key,
        line=finding.line,
        column=finding.column,
        start=start,
        end=end,
    )


def _fragment(problem: Mapping[str, Any]) -> Fault:
    return Fault(
        problem["severity"],
        "fragment",
        problem["message"],
        problem["fix"],
        problem["key"],
        problem["line"],
        problem["column"],
    )
