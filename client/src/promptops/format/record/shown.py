"""An examined record as the API and the command line tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..problem import KeyPath, key_text
from .catalogue import BY_KEY
from .check import Examined
from .inherit import Layer
from .shapes import na_reason


def record_json(examined: Examined) -> dict[str, Any]:
    """Tier, completeness, every value with where it comes from, and all findings."""
    return {
        "tier": examined.tier.tier,
        "tier_reasons": list(examined.tier.reasons),
        "tier_missing": list(examined.tier.missing),
        "judged_at": examined.judged_at,
        "conditions": sorted(examined.conditions),
        "complete": examined.complete,
        "findings": [finding.to_json() for finding in examined.findings],
        "record": examined.resolved.record,
        "values": list(_values(examined)),
    }


def values_of(examined: Examined) -> Iterator[tuple[KeyPath, Any, Layer | None]]:
    """Each value once, with its layer: a mapping of which members come from several places, member by member."""
    record = examined.resolved.record
    order = {key: at for at, key in enumerate(BY_KEY)}
    for key in sorted(record, key=lambda k: order.get(k, len(order))):
        for path, value in _parts((key,), record[key]):
            yield path, value, examined.resolved.origin(path)


def _values(examined: Examined) -> Iterator[dict[str, Any]]:
    for path, value, origin in values_of(examined):
        known = BY_KEY.get(str(path[0]))
        yield {
            "id": known.id if known else None,
            "key": key_text(path),
            "value": value,
            "from": origin.kind if origin else None,
            "file": (origin.file or None) if origin else None,
        }


def _parts(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, Mapping) and value and na_reason(value) is None:
        for name, member in value.items():
            yield from _parts((*path, name), member)
    else:
        yield path, value
