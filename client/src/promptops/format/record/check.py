"""Whether a prompt's record is complete, and if not, everything it lacks. Pure; never raises.

An incomplete record makes no file invalid: the parser keeps whatever `record` holds. Who asks for a
complete record, and when, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from ..model import PromptFile
from ..problem import KeyPath, key_text
from ..source import SourceMap
from .catalogue import BY_KEY, FIELDS, similar_key
from .consistency import contradictions
from .defaults import Defaults
from .inherit import Layer, Resolved, resolve, said_elsewhere
from .model import Condition, Field, Finding, Tier, at_least
from .shapes import REASON_MIN, is_placeholder, na_reason
from .situation import conditions_of, facts_of
from .tier import TierResult, tier_of

MAX_FINDINGS = 200
"""Told of one record; contradictions are counted apart."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A record judged. `judged_at` is the tier its fields were asked for, None while it is unknown."""

    file: PromptFile
    resolved: Resolved
    tier: TierResult
    judged_at: Tier | None
    conditions: frozenset[Condition]
    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing or wrong, and the tier is known."""
        return self.judged_at is not None and not any(
            finding.severity == "error" for finding in self.findings
        )

    @property
    def count(self) -> int:
        """How many things are missing or wrong."""
        return sum(finding.severity == "error" for finding in self.findings)


def examine(
    file: PromptFile,
    source: SourceMap | None = None,
    defaults: Sequence[Defaults] = (),
    *,
    tier: Tier | None = None,
    whole: bool = True,
) -> Examined:
    """Judge the record of a prompt file under its defaults, the project's first.

    Args:
        file: the prompt; with its fragments resolved, if it has any, or `whole` is False.
        source: where the values of the file stand.
        defaults: the defaults files that apply.
        tier: what to judge it at, instead of the tier it has.
        whole: whether the file's inputs are all there are.
    """
    layers = [found.layer() for found in defaults]
    layers.append(Layer("file", "", said_elsewhere(file)))
    layers.append(Layer("record", "", file.record, source, ("record",)))
    resolved = resolve(layers)
    rated = tier_of(facts_of(resolved.record, file))
    at = tier or rated.tier
    conditions = conditions_of(resolved.record, file)
    places = _Places(resolved, layers[-1])
    found = list(
        islice(
            chain(
                _unreadable(defaults),
                _fields(resolved.record, at, conditions, places),
                _unknown_keys(file, places),
            ),
            MAX_FINDINGS,
        )
    )
    told = {finding.key for finding in found}
    for said in islice(contradictions(resolved.record, file, at, whole=whole), MAX_FINDINGS):
        if key_text(said.path) not in told or said.path == ("variables",):
            id = BY_KEY[str(said.path[0])].id
            found.append(places.finding(id, said.path, "inconsistent", said.message, said.fix))
    return Examined(file, resolved, rated, at, conditions, tuple(found))


class _Places:
    """Where findings are: in the prompt file, in a defaults file, or where the record would be."""

    def __init__(self, resolved: Resolved, own: Layer) -> None:
        self._resolved = resolved
        self._own = own

    def finding(self, id: str, path: KeyPath, code: str, message: str, fix: str) -> Finding:
        layer = self._resolved.origin(path)
        if layer is None or layer.source is None:
            layer = self._own
        line = column = 0
        if layer.source is not None:
            line, column = layer.source.at((*layer.root, *path))
        return Finding(
            id, key_text(path), code, message, fix, file=layer.file, line=line, column=column
        )

    def warning(self, path: KeyPath, code: str, message: str, fix: str) -> Finding:
        line = column = 0
        if self._own.source is not None:
            line, column = self._own.source.at((*self._own.root, *path), key=True)
        return Finding("", key_text(path), code, message, fix, "warning", "", line, column)


def _unreadable(defaults: Sequence[Defaults]) -> Iterator[Finding]:
    for found in defaults:
        for problem in found.errors[:1]:
            key = f"{problem.key}: " if problem.key else ""
            yield Finding(
                *("", problem.key, "unreadable-defaults"),
                f"the defaults are not valid and count for nothing: {key}{problem.message}",
                problem.fix or "repair the file",
                file=found.path,
                line=problem.line,
                column=problem.column,
            )


def _unknown_keys(file: PromptFile, places: _Places) -> Iterator[Finding]:
    for key in file.record:
        if key not in BY_KEY:
            meant = similar_key(key)
            fix = f"did you mean {meant}?" if meant else "see promptops record fields"
            yield places.warning((key,), "unknown-key", "the record has no such field", fix)


def _fields(
    record: Mapping[str, Any],
    tier: Tier | None,
    conditions: frozenset[Condition],
    places: _Places,
) -> Iterator[Finding]:
    for known in FIELDS:
        yield from _field(known, record.get(known.key), tier, conditions, places)


def _field(
    known: Field,
    value: Any,
    tier: Tier | None,
    conditions: frozenset[Condition],
    places: _Places,
) -> Iterator[Finding]:
    required = at_least(tier, known.need.tier) and (
        not known.need.condition or known.need.condition in conditions
    )
    path: KeyPath = (known.key,)
    if value is None:
        if required:
            yield places.finding(
                *(known.id, path, "missing", f"is missing; it is required {known.need}"),
                f"answer: {known.question}",
            )
        return
    reason = na_reason(value)
    if reason is not None:
        yield from _not_applicable(known, reason, tier, places)
        return
    for fault in known.shape.faults(value, tier or "low"):
        if fault.code == "missing" and not required:
            continue
        yield places.finding(known.id, (*path, *fault.path), fault.code, fault.message, fault.fix)


def _not_applicable(
    known: Field, reason: str, tier: Tier | None, places: _Places
) -> Iterator[Finding]:
    path: KeyPath = (known.key,)
    if known.na == "never":
        message, fix = "this cannot be n/a", f"answer: {known.question}"
    elif known.na == "below_high" and tier == "high":
        message, fix = "this cannot be n/a at tier high", f"answer: {known.question}"
    elif len(reason) < REASON_MIN or is_placeholder(reason):
        message = f"n/a needs a reason of at least {REASON_MIN} characters"
        fix = 'write "n/a: " and why it does not apply, for the reviewer to accept'
    else:
        return
    yield places.finding(known.id, path, "not-applicable", message, fix)
