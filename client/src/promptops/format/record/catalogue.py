"""Every field of the record, in the order of its number, and the evidence kept beside it.

A field is one entry in one of the `*_fields` files; its texts are what every form, page and command
shows. Identifiers D01 to D38 are stable.
"""

from __future__ import annotations

import difflib

from . import fairness_fields, operation_fields, purpose_fields
from .model import Evidence, Field, Tier, at_least

RULES = 1
"""Version of all rules of this package. Raise it when any of them changes: what was worked out by older rules is
worked out again."""

FIELDS: tuple[Field, ...] = tuple(
    sorted(
        (*purpose_fields.FIELDS, *fairness_fields.FIELDS, *operation_fields.FIELDS),
        key=lambda field: field.id,
    )
)
BY_KEY: dict[str, Field] = {field.key: field for field in FIELDS}

EVIDENCE: tuple[Evidence, ...] = (
    Evidence("D08", "confirmation of the tier by a control function", "always", ("P7", "P9")),
    Evidence("D15", "fairness results", "at tier high, if a person is affected", ("P1", "P3")),
    Evidence("D16", "evaluation runs", "from tier medium", ("P3", "P4")),
    Evidence("D23", "independent validation", "at tier high", ("P3", "P7")),
    Evidence("D24", "approval log", "set by the system", ("P7",)),
    Evidence("D25", "management report", "at tier high", ("P9",)),
    Evidence("D34", "date of the last contingency drill", "at tier high", ("P4", "P8")),
    Evidence("D36", "date of the next review", "always", ("P3", "P4")),
    Evidence("D37", "exceptions", "set by the system", ("P7",)),
)


def fields_for(tier: Tier | None = None) -> tuple[Field, ...]:
    """The fields that may be required at a tier; all of them without one."""
    if tier is None:
        return FIELDS
    return tuple(field for field in FIELDS if at_least(tier, field.need.tier))


def similar_key(key: str) -> str:
    """The field's key that a misspelt one was meant to be, or ""."""
    close = difflib.get_close_matches(key, BY_KEY, 1, 0.75)
    return close[0] if close else ""
