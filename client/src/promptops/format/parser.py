"""From the bytes of a prompt file to its value, or to every problem in it.

Owns the order: text, YAML, meaning. Never raises for what a file contains.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import PromptFile
from .problem import Problem
from .source import SourceMap, decode
from .validate import validate
from .yaml_reader import read_yaml


@dataclass(frozen=True, slots=True)
class Parsed:
    """What reading a file gave.

    `file` is None exactly when `problems` holds an error. `text` is the file's text without a byte
    order mark; `source` knows the place of every value in it.
    """

    file: PromptFile | None
    problems: tuple[Problem, ...]
    text: str
    source: SourceMap = field(compare=False, repr=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the file invalid."""
        return tuple(p for p in self.problems if p.severity == "error")


def parse(source: bytes | str) -> Parsed:
    """Read a prompt file: at most 1 MiB of UTF-8, YAML 1.2 core schema, 32 levels deep."""
    text, report = decode(source)
    file = None
    if not report.failed:
        data = read_yaml(report)
        if not report.failed:
            file = validate(data, report)
    return Parsed(file, report.problems(), text, report.source)
