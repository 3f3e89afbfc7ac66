"""How large a change between two versions is, worked out from both. Pure.

Significant is a change of what the product's list names: model or version, instructions, tools, variables, data sources,
output schema, audience, jurisdiction, a safeguard removed, a lower tier. Other answers of the record, or parameters,
make a major change; what is left (name, description, tags, examples, tests, an answer given for the first time) a minor
one. An author may say more, never less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..digests import messages_json, variants_json
from ..model import PromptFile
from .check import Examined
from .model import TIERS
from .operation_fields import CHANGES, OVERSIGHT
from .shapes import as_list

_NEVER_A_CHANGE = frozenset(("change", "intent", "fairness_notes"))
"""Said anew for each version, or wording; what they describe is compared itself."""
_ELSEWHERE = frozenset(("model", "variables", "tool_effects"))


@dataclass(frozen=True, slots=True)
class ChangeClass:
    """The least class of a change and what makes it so, the gravest reasons first; none for a minor one."""

    name: str
    reasons: tuple[str, ...]

    def counts_as(self, said: str | None) -> str:
        """The class that counts when the author said another: the graver of the two."""
        stated = said if said in CHANGES else CHANGES[0]
        return max(self.name, stated, key=CHANGES.index)

    def to_json(self) -> dict[str, Any]:
        """The class as the API tells it."""
        return {"class": self.name, "reasons": list(self.reasons)}


def change_class(old: Examined, new: Examined) -> ChangeClass:
    """The class of the change from one version to the next, both judged under their own defaults."""
    grave = (*_files(old.file, new.file), *_records(old, new))
    if grave:
        return ChangeClass("significant", grave)
    some = tuple(_lesser(old, new))
    return ChangeClass("major", some) if some else ChangeClass("minor", ())


def _files(old: PromptFile, new: PromptFile) -> Iterator[str]:
    if _models(old) != _models(new):
        yield "another model"
    if _instructions(old) != _instructions(new):
        yield "other instructions"
    if [tool.to_json() for tool in old.tools] != [tool.to_json() for tool in new.tools]:
        yield "other tools"
    if _variables(old) != _variables(new):
        yield "other variables"
    if old.retrieval != new.retrieval:
        yield "other data sources"
    if (old.response_format, old.json_schema) != (new.response_format, new.json_schema):
        yield "another output schema"


def _models(file: PromptFile) -> Any:
    return file.model, {key: variant.model for key, variant in file.variants.items()}


def _instructions(file: PromptFile) -> Any:
    variants = {key: said.get("messages") for key, said in variants_json(file).items()}
    return file.template, messages_json(file.messages), variants


def _variables(file: PromptFile) -> Any:
    return {
        name: (given.type, given.required, given.default, given.trust, given.pii)
        for name, given in file.inputs.items()
    }


def _records(old: Examined, new: Examined) -> Iterator[str]:
    before, after = old.resolved.record, new.resolved.record
    if _models(old.file) == _models(new.file) and _otherwise(before, after, "model"):
        yield "another model"
    if _otherwise(before, after, "tool_effects"):
        yield "other effects of tools"
    for member, words in (
        ("audience", "another audience"),
        ("jurisdictions", "another jurisdiction"),
    ):
        was = _items(_member(before, "scope", member))
        if was and was != _items(_member(after, "scope", member)):
            yield words
    yield from _safeguards(before, after)
    if old.tier.tier and new.tier.tier and _rank(new.tier.tier) < _rank(old.tier.tier):
        yield f"tier {old.tier.tier} lowered to {new.tier.tier}"


def _safeguards(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key, words in (
        ("controls", "control"),
        ("prohibited_outputs", "prohibited output"),
        ("out_of_scope", "exclusion"),
    ):
        for gone in sorted(_items(before.get(key)) - _items(after.get(key))):
            yield f"safeguard removed: {words} {gone[:80]!r}"
    gone_metrics = _metrics(before) - _metrics(after)
    for gone in sorted(gone_metrics):
        yield f"safeguard removed: monitoring of {gone[:80]!r}"
    old_mode, new_mode = _member(before, "oversight", "mode"), _member(after, "oversight", "mode")
    if old_mode in OVERSIGHT and (
        new_mode not in OVERSIGHT or OVERSIGHT.index(new_mode) > OVERSIGHT.index(old_mode)
    ):
        yield f"safeguard removed: oversight was {old_mode.replace('_', ' ')}"
    triggers = _items(_member(before, "oversight", "triggers"))
    for gone in sorted(triggers - _items(_member(after, "oversight", "triggers"))):
        yield f"safeguard removed: trigger {gone[:80]!r}"
    for key in ("recourse", "disclosure", "contingency"):
        if isinstance(before.get(key), Mapping) and after.get(key) is None:
            yield f"safeguard removed: {key}"


def _lesser(old: Examined, new: Examined) -> Iterator[str]:
    if _parameters(old.file) != _parameters(new.file):
        yield "other parameters"
    before, after = old.resolved.record, new.resolved.record
    for key in sorted({*before, *after} - _NEVER_A_CHANGE - _ELSEWHERE):
        if before.get(key) is not None and before.get(key) != after.get(key):
            yield f"another answer to {key}"


def _otherwise(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> bool:
    """Whether a member that was said is said otherwise, or no more; what is said for the first time documents."""
    said, now = before.get(key), after.get(key)
    if not isinstance(said, Mapping):
        return False
    return any(_member({key: now}, key, name) != value for name, value in said.items())


def _parameters(file: PromptFile) -> Any:
    variants = {key: said.get("parameters") for key, said in variants_json(file).items()}
    return dict(file.parameters), variants


def _metrics(record: Mapping[str, Any]) -> set[str]:
    listed = as_list(record.get("monitoring")) or ()
    return {str(m["metric"]) for m in listed if isinstance(m, Mapping) and m.get("metric")}


def _items(value: Any) -> set[str]:
    return {item.strip() for item in as_list(value) or () if isinstance(item, str)}


def _member(record: Mapping[str, Any], key: str, name: str) -> Any:
    value = record.get(key)
    return value.get(name) if isinstance(value, Mapping) else None


def _rank(tier: Any) -> int:
    return TIERS.index(tier)
