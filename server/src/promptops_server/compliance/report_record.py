"""The record in the report: principle by principle with field numbers, the risk tier, and what is missing. Pure."""

from __future__ import annotations

from typing import Any

from promptops.evidence.feat import PRINCIPLES
from promptops.format.record import EVIDENCE, FIELDS
from promptops.format.record.check import Examined
from promptops.format.record.model import Field, at_least
from promptops.format.record.shapes import na_reason
from promptops_server.compliance.gather import Told
from promptops_server.compliance.values import text_of


def principles(told: Told) -> list[dict[str, Any]]:
    """P1 to P14, each with the fields and evidence that serve it; a field's whole text stands where it comes first."""
    examined = told.examined
    record = examined.resolved.record if examined else {}
    seen: dict[str, str] = {}
    out = []
    for id, (theme, text) in PRINCIPLES.items():
        rows: list[dict[str, Any]] = [
            _row(known, record, examined, seen, id) for known in FIELDS if id in known.serves
        ]
        rows += [
            {"id": e.id, "key": e.name, "state": "beside", "text": _evidence(e.id, told)}
            for e in EVIDENCE
            if id in e.serves
        ]
        rows.sort(key=_number)
        out.append({"id": id, "theme": theme, "text": text, "rows": rows})
    return out


def risk(examined: Examined | None) -> dict[str, Any]:
    """Scores with their reasons, the tier and how it came about."""
    if examined is None:
        return {
            "tier": "unknown",
            "score": None,
            "reasons": [],
            "scores": [],
            "residual": "unknown",
        }
    record = examined.resolved.record
    scores = []
    for key in ("impact", "complexity", "reliance"):
        said = record.get(key)
        score = said.get("score") if isinstance(said, dict) else None
        reason = said.get("reason") if isinstance(said, dict) else None
        scores.append({"key": key, "score": score, "reason": text_of(reason, 400)})
    return {
        "tier": examined.judged_at or "unknown",
        "score": examined.tier.score,
        "reasons": list(examined.tier.reasons)
        + [f"not said: {key}" for key in examined.tier.missing],
        "scores": scores,
        "residual": text_of(record.get("residual_tier")),
        "controls": text_of(record.get("controls")),
    }


def findings(examined: Examined | None) -> list[dict[str, str]]:
    """What the record lacks or says wrongly."""
    if examined is None:
        return []
    return [
        {"severity": f.severity, "id": f.id, "key": f.key, "text": f.message, "fix": f.fix}
        for f in examined.findings
    ]


def _number(row: dict[str, Any]) -> str:
    return str(row["id"])


def _row(
    known: Field, record: Any, examined: Examined | None, seen: dict[str, str], principle: str
) -> dict[str, Any]:
    row = {"id": known.id, "key": known.key.replace("_", " ")}
    value = record.get(known.key)
    if value is None:
        asked = examined is not None and _is_asked(known, examined)
        return {**row, "state": "missing" if asked else "not asked", "text": ""}
    if known.key in seen:
        return {**row, "state": "said", "text": f"see {seen[known.key]}"}
    seen[known.key] = principle
    reason = na_reason(value)
    if reason is not None:
        return {**row, "state": "n/a", "text": text_of(reason)}
    return {**row, "state": "said", "text": text_of(value)}


def _is_asked(known: Field, examined: Examined) -> bool:
    need = known.need
    return at_least(examined.judged_at, need.tier) and (
        not need.condition or need.condition in examined.conditions
    )


def _evidence(id: str, told: Told) -> str:
    decisions = [d for request in told.dossier.requests for d in request.decisions]
    if id == "D24":
        return (
            f"{len(decisions)} decisions, see Approvals" if decisions else "no decisions recorded"
        )
    if id == "D23":
        found = [d for d in decisions if d.verdict == "validate"]
        return f"validated by {', '.join(d.name for d in found)}" if found else "none recorded"
    if id == "D37":
        count = len(told.continuity.get("exceptions", ()))
        return f"{count} exceptions, see Exceptions" if count else "no exceptions"
    if id == "D36":
        count = len(told.continuity.get("certifications", ()))
        return f"{count} certifications, see Exceptions" if count else "none recorded"
    return "none recorded"
