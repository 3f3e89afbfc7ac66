"""`record-defaults.yml`: what all prompts of a project, or of a module, have in common in their records.

Owns the file's name, which of them apply to a prompt, and what such a file may hold: keys of the
record, valid in themselves, but nothing that each version must say for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..problem import KeyPath, Problem
from ..source import Report, SourceMap, decode
from ..yaml_reader import read_yaml
from .catalogue import BY_KEY, similar_key
from .inherit import Layer
from .model import Field
from .shapes import REASON_MIN, is_placeholder, na_reason

DEFAULTS_FILE = "record-defaults.yml"


@dataclass(frozen=True, slots=True)
class Defaults:
    """A defaults file, read. With an error among its problems it gives nothing."""

    path: str
    record: Mapping[str, Any]
    problems: tuple[Problem, ...]
    source: SourceMap = field(compare=False, repr=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the file invalid."""
        return tuple(p for p in self.problems if p.severity == "error")

    def layer(self) -> Layer:
        """The file as a layer of records."""
        kind = "module" if "/" in self.path else "project"
        return Layer(kind, self.path, {} if self.errors else self.record, self.source)


def is_defaults(path: str) -> bool:
    """Whether a file of the repository holds defaults, by its name."""
    return path.rpartition("/")[2] == DEFAULTS_FILE


def defaults_paths(prompt_path: str) -> list[str]:
    """Where defaults of a prompt may lie: the project's first, then each module's from the outside in."""
    folders = prompt_path.split("/")[:-1]
    return ["/".join((*folders[:depth], DEFAULTS_FILE)) for depth in range(len(folders) + 1)]


def read_defaults(path: str, data: bytes | str) -> Defaults:
    """Read and check a defaults file. Never raises for what it holds."""
    _, report = decode(data)
    record: Any = None
    if not report.failed:
        record = read_yaml(report)
    if not report.failed:
        if record is None:
            record = {}
        if isinstance(record, Mapping):
            _check(record, report)
        else:
            report.error(
                "wrong-type",
                (),
                "the file must be a mapping",
                "write keys of the record, one a line",
            )
    kept = record if isinstance(record, Mapping) else {}
    return Defaults(path, kept, report.problems(), report.source)


def _check(record: Mapping[str, Any], report: Report) -> None:
    for key, value in record.items():
        known = BY_KEY.get(key)
        if known is None:
            meant = similar_key(key)
            fix = f"did you mean {meant}?" if meant else "see promptops record fields"
            report.warning("unknown-key", (key,), "the record has no such field", fix, key=True)
        elif value is not None:
            _check_field(known, value, report)


def _check_field(known: Field, value: Any, report: Report) -> None:
    for path in _own(known, value):
        report.error(
            "not-inherited",
            path,
            "every version says this for itself, so it has no default",
            "remove it here and write it in the prompt file's record",
            key=True,
        )
        if path == (known.key,):
            return
    reason = na_reason(value)
    if reason is not None:
        if known.na == "never":
            report.error("not-applicable", (known.key,), "this cannot be n/a", "answer it")
        elif len(reason) < REASON_MIN or is_placeholder(reason):
            report.error(
                "not-applicable",
                (known.key,),
                f"n/a needs a reason of at least {REASON_MIN} characters",
                'write "n/a: " and the reason',
            )
        return
    for fault in known.shape.faults(value, "low"):
        # A default may leave members to modules below and to the prompt.
        if fault.code != "missing":
            report.error(fault.code, (known.key, *fault.path), fault.message, fault.fix)


def _own(known: Field, value: Any) -> Iterator[KeyPath]:
    for name in known.own:
        key, dot, member = name.partition(".")
        if not dot:
            yield (key,)
        elif isinstance(value, Mapping) and value.get(member) is not None:
            yield (key, member)


def layers_of(prompt_path: str, read: Callable[[str], Defaults | None]) -> list[Defaults]:
    """The defaults of a prompt, the project's first; `read` gives a file at a path, or None."""
    return [found for path in defaults_paths(prompt_path) if (found := read(path)) is not None]
