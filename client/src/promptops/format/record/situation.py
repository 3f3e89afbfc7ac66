"""What a record and its prompt file say that decides which fields are asked for: conditions and tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import PromptFile
from .model import Condition
from .purpose_fields import EFFECTS
from .shapes import as_list
from .tier import CONSEQUENTIAL, Facts

_PERSONAL = ("personal", "sensitive_personal")
_KINDS = ("none", "other", *CONSEQUENTIAL)


def facts_of(record: Mapping[str, Any], file: PromptFile) -> Facts:
    """What the tier is worked out from; whatever is not validly said is None."""
    kinds = as_list(record.get("decision_kinds"))
    valid = kinds and all(isinstance(k, str) and k in _KINDS for k in kinds)
    return Facts(
        impact=_score(record, "impact"),
        complexity=_score(record, "complexity"),
        reliance=_score(record, "reliance"),
        decision_kinds=tuple(kinds or ()) if valid else None,
        tool_effects=_effects(record, file),
        opaque_third_party=_opaque(record),
    )


def conditions_of(record: Mapping[str, Any], file: PromptFile) -> frozenset[Condition]:
    """The conditions that hold. An unanswered one does not: its question is asked first."""
    found: set[Condition] = set()
    if record.get("affects_people") is True:
        found.add("people")
    if _personal(record, file):
        found.add("personal_data")
    if _member(record, "model", "hosting") == "external":
        found.add("external_model")
    if file.tools:
        found.add("tools")
    return frozenset(found)


def _personal(record: Mapping[str, Any], file: PromptFile) -> bool:
    if record.get("data_class") in _PERSONAL or "phi" in (as_list(record.get("sector")) or ()):
        return True
    if any(given.pii for given in file.inputs.values()):
        return True
    variables = as_list(record.get("variables")) or ()
    return any(isinstance(v, Mapping) and v.get("pii") is True for v in variables)


def _score(record: Mapping[str, Any], key: str) -> int | None:
    score = _member(record, key, "score")
    return score if type(score) is int and 1 <= score <= 3 else None


def _effects(record: Mapping[str, Any], file: PromptFile) -> tuple[str, ...] | None:
    if not file.tools:
        return ()
    said = record.get("tool_effects")
    effects = [said.get(tool.name) for tool in file.tools] if isinstance(said, Mapping) else [None]
    known = tuple(e for e in effects if isinstance(e, str) and e in EFFECTS)
    # One tool that moves money decides, whatever is not known of the others.
    if len(known) < len(effects) and not {"moves_money", "writes_system_of_record"} & set(known):
        return None
    return known


def _opaque(record: Mapping[str, Any]) -> bool | None:
    hosting = _member(record, "model", "hosting")
    if hosting == "internal":
        return False
    if hosting == "external":
        return _member(record, "model", "opaque") is not False
    return None


def _member(record: Mapping[str, Any], key: str, name: str) -> Any:
    value = record.get(key)
    return value.get(name) if isinstance(value, Mapping) else None
