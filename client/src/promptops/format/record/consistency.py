"""Checks between fields of a record, and between the record and its prompt file. Pure.

Each check says nothing while a value it needs is missing or of the wrong type: that is told elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..model import PromptFile
from ..problem import KeyPath
from .model import TIERS, Tier, at_least
from .shapes import as_list, na_reason

_FLOATING = frozenset(
    ("latest", "stable", "default", "auto", "current", "preview", "newest", "main", "*", "any")
)
# A date or a numbered revision: gpt-4o-2024-08-06, claude-…-20250929, gpt-4-0613, gemini-…-002, name@rev, name:tag.
_PINNED = re.compile(
    r"[-@:.](?:\d{4}-?\d{2}-?\d{2}|\d{4}|\d{3}|v\d+(?:\.\d+)*)$|[@:][\w.+-]*\d[\w.+-]*$"
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements that do not go together; told at the path of the one to change."""

    path: KeyPath
    message: str
    fix: str


def contradictions(
    record: Mapping[str, Any], file: PromptFile, tier: Tier | None, *, whole: bool
) -> Iterator[Contradiction]:
    """All of them. `whole` says that the file's inputs are those of its fragments too."""
    yield from _people(record)
    yield from _roles(record)
    yield from _groups(record)
    yield from _thresholds(record)
    yield from _residual(record, tier)
    yield from _variables(record, file, whole)
    yield from _tools(record, file)
    yield from _model(record, file)
    if at_least(tier, "medium"):
        yield from _pins(record, file)


def is_pinned(version: str) -> bool:
    """Whether a model id or version names one state of a model for good."""
    last = re.split(r"[-@:/]", version.strip().lower())[-1]
    return last not in _FLOATING and _PINNED.search(version.strip()) is not None


def _people(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    owner, backup = record.get("owner"), record.get("backup")
    if isinstance(owner, str) and isinstance(backup, str) and _folded(owner) == _folded(backup):
        yield Contradiction(
            ("backup",), f"{backup[:80]} is the owner too", "name another person as backup"
        )


def _roles(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    if record.get("decision_role") != "automate":
        return
    reliance = _mapping(record.get("reliance")).get("score")
    if type(reliance) is int and reliance != 3:
        yield Contradiction(
            ("reliance", "score"),
            f"a prompt that automates decisions is relied on at 3, not {reliance}",
            "set reliance.score to 3, or another decision_role",
        )
    oversight = record.get("oversight")
    if not isinstance(oversight, Mapping) or na_reason(oversight) is not None:
        return
    if not as_list(oversight.get("triggers")):
        yield Contradiction(
            ("oversight", "triggers"),
            "a prompt that automates decisions needs what makes people step in",
            "list at least one trigger",
        )


def _groups(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    groups, entries = record.get("affected_groups"), record.get("harms_benefits")
    if na_reason(groups) is not None or na_reason(entries) is not None or entries is None:
        return
    covered = {_folded(_mapping(e).get("group")) for e in as_list(entries) or ()}
    for group in as_list(groups) or ():
        if isinstance(group, str) and _folded(group) not in covered:
            yield Contradiction(
                ("harms_benefits",),
                f"the affected group {group[:80]!r} has no harm and benefit",
                "add an entry for this group",
            )


def _thresholds(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    listed = record.get("monitoring")
    for index, entry in enumerate(listed if isinstance(listed, list | tuple) else ()):
        said = _mapping(entry)
        amber, red = _number(said.get("amber")), _number(said.get("red"))
        if amber is None or red is None:
            continue
        below = said.get("trips") == "below"
        if amber <= red if below else amber >= red:
            yield Contradiction(
                ("monitoring", index, "amber"),
                f"amber ({amber}) does not trip before red ({red})",
                "set amber above red" if below else "set amber below red, or write trips: below",
            )


def _residual(record: Mapping[str, Any], tier: Tier | None) -> Iterator[Contradiction]:
    residual = record.get("residual_tier")
    if tier is None or residual not in TIERS:
        return
    if TIERS.index(residual) > TIERS.index(tier):
        yield Contradiction(
            ("residual_tier",),
            f"controls cannot raise the tier from {tier} to {residual}",
            f"set residual_tier to {tier} at most",
        )
    controls = record.get("controls")
    if TIERS.index(residual) < TIERS.index(tier) and (
        not as_list(controls) or na_reason(controls) is not None
    ):
        yield Contradiction(
            ("residual_tier",),
            f"nothing lowers the tier from {tier} to {residual}",
            "list the credited controls, or set residual_tier to the inherent tier",
        )


def _variables(record: Mapping[str, Any], file: PromptFile, whole: bool) -> Iterator[Contradiction]:
    listed = record.get("variables")
    if not isinstance(listed, list | tuple):
        return
    names = [_mapping(v).get("name") for v in listed]
    listed_names = {name for name in names if isinstance(name, str)}
    for known in file.inputs:
        if known not in listed_names:
            yield Contradiction(
                ("variables",), f"the template's variable {known!r} is not listed", "add it"
            )
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if whole and name not in file.inputs:
            yield Contradiction(
                ("variables", index, "name"),
                f"the template has no variable {name[:80]!r}",
                "remove it, or spell it as in the template",
            )
        elif name in seen:
            yield Contradiction(
                ("variables", index, "name"), f"{name[:80]!r} is listed twice", "keep one"
            )
        seen.add(name)


def _tools(record: Mapping[str, Any], file: PromptFile) -> Iterator[Contradiction]:
    effects = record.get("tool_effects")
    if not isinstance(effects, Mapping):
        return
    names = dict.fromkeys(tool.name for tool in file.tools)
    for name in names:
        if effects.get(name) is None:
            yield Contradiction(
                ("tool_effects",), f"the tool {name!r} has no effect", "say what it can do"
            )
    for name in effects:
        if name not in names:
            yield Contradiction(
                ("tool_effects", name),
                f"the file has no tool {str(name)[:80]!r}",
                "remove it, or spell it as in `tools`",
            )


def _model(record: Mapping[str, Any], file: PromptFile) -> Iterator[Contradiction]:
    said = _mapping(record.get("model"))
    name, provider = said.get("name"), said.get("provider")
    if not file.model or not isinstance(name, str):
        return
    own_provider, slash, own_name = file.model.partition("/")
    own = own_name if slash else file.model
    if name not in (own, file.model):
        yield Contradiction(
            ("model", "name"),
            f"the file's model is {file.model}, not {name[:80]}",
            "leave model.name out: it is taken from the file",
        )
    elif slash and isinstance(provider, str) and provider.lower() != own_provider.lower():
        yield Contradiction(
            ("model", "provider"),
            f"the file's model is of {own_provider}, not of {provider[:80]}",
            "leave model.provider out: it is taken from the file",
        )


def _pins(record: Mapping[str, Any], file: PromptFile) -> Iterator[Contradiction]:
    said = _mapping(record.get("model"))
    name: Any = file.model or said.get("name")
    if isinstance(name, str) and not _is_fixed(said.get("version"), name):
        yield Contradiction(
            ("model", "version"),
            f"{name[:80]} is not pinned to one version",
            "write model.version (no alias such as latest), or a model id with its date",
        )
    versions = _mapping(said.get("variant_versions"))
    for key, variant in file.variants.items():
        if variant.model and not _is_fixed(versions.get(key), variant.model):
            yield Contradiction(
                ("model", "variant_versions"),
                f"{variant.model[:80]} of the variant {key} is not pinned to one version",
                f"write model.variant_versions.{key}, or a model id with its date",
            )


def _is_fixed(version: Any, name: str) -> bool:
    if version is None or version == "":
        return is_pinned(name)
    words = re.split(r"[-@:/\s]", str(version).strip().lower())
    return not any(word in _FLOATING for word in words)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _folded(value: Any) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _number(value: Any) -> int | float | None:
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value
