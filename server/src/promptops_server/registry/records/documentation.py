"""What a version documents, judged: the value that approvals bind to and gates read. Pure.

Worked out from the prompt file and the defaults at the version's own commit, so it never changes while the rules
(`promptops.format.record.RULES`) stay the same.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from promptops.format.record import BY_KEY, TIERS, Examined, Finding
from promptops.format.record.operation_fields import SECTORS
from promptops.format.record.purpose_fields import ROLES
from promptops.format.record.shapes import as_list, na_reason

MAX_FINDINGS = 50
"""Kept of one version; `record check` tells all."""
REVIEW_MONTHS: Mapping[str, int] = {"high": 6, "medium": 12, "low": 24}
"""How long a version may stand before its documentation is reviewed, at the longest."""


@dataclass(frozen=True, slots=True)
class Documentation:
    """The documentation of one version.

    `digest` is the version's `record` digest, defaults resolved. `tier` is None while answers to `tier_missing` could
    change it. `findings` are errors only, the first `MAX_FINDINGS`; what makes `complete` false may be more.
    `not_applicable` has the reasons of keys answered n/a, for the reviewer to accept. `review_due` is the last day its
    review may be due by tier, counted from when the version was acknowledged. People and use case are as
    written, None where nothing usable is.
    """

    digest: str
    tier: str | None
    tier_missing: tuple[str, ...]
    complete: bool
    findings: tuple[Finding, ...]
    not_applicable: Mapping[str, str]
    residual_tier: str | None
    owner: str | None
    backup: str | None
    review_due: date | None
    sectors: tuple[str, ...]
    decision_role: str | None
    use_case: str | None


def documentation(examined: Examined, digest: str, created_at: int) -> Documentation:
    """The documentation of a version acknowledged at `created_at` (microseconds since 1970)."""
    record = examined.resolved.record
    tier = examined.tier.tier
    reasons = {key: na_reason(record.get(key)) for key in BY_KEY}
    errors = (finding for finding in examined.findings if finding.severity == "error")
    return Documentation(
        digest=digest,
        tier=tier,
        tier_missing=examined.tier.missing if tier is None else (),
        complete=examined.complete,
        findings=tuple(islice(errors, MAX_FINDINGS)),
        not_applicable={key: said for key, said in reasons.items() if said is not None},
        residual_tier=_one_of(record.get("residual_tier"), TIERS),
        owner=_text(record.get("owner"), 200),
        backup=_text(record.get("backup"), 200),
        review_due=review_due(tier, created_at),
        sectors=tuple(s for s in as_list(record.get("sector")) or () if _one_of(s, SECTORS)),
        decision_role=_one_of(record.get("decision_role"), ROLES),
        use_case=_text(record.get("use_case_id"), 100),
    )


def review_due(tier: str | None, since: int) -> date | None:
    """The last day a review may be due, by tier; None while the tier is unknown. `since` is in microseconds."""
    if tier is None:
        return None
    start = datetime.fromtimestamp(since / 1_000_000, UTC).date()
    months = start.month - 1 + REVIEW_MONTHS[tier]
    year, month = start.year + months // 12, months % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def _text(value: Any, most: int) -> str | None:
    """A text, or a number written as one; None where it is n/a, too long or something else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or na_reason(value) is not None:
        return None
    said = value.strip()
    return said if 0 < len(said) <= most else None


def _one_of(value: Any, known: tuple[str, ...]) -> str | None:
    return value if isinstance(value, str) and value in known else None
