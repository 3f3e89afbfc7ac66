"""The record of a prompt: its authored documentation, field by field, after the FEAT principles of MAS.

Owns what is asked (`catalogue`), how risky a prompt is (`tier`), what defaults add (`defaults`,
`inherit`) and whether a record is complete (`check`). All of it is pure and needs no registry.
Evidence (runs, validations, approvals) is kept beside versions by the server.
"""

from __future__ import annotations

from .catalogue import BY_KEY, EVIDENCE, FIELDS, RULES, fields_for
from .change import ChangeClass, change_class
from .check import Examined, examine
from .defaults import (
    DEFAULTS_FILE,
    Defaults,
    defaults_paths,
    is_defaults,
    layers_of,
    read_defaults,
)
from .difference import FieldDifference, RecordDifference, record_diff, stated_class
from .digest import inherited_of, resolved_digest
from .inherit import Layer, Resolved, resolve
from .model import TIERS, Evidence, Field, Finding, Tier
from .tier import Facts, TierResult, tier_of

__all__ = [
    "BY_KEY",
    "DEFAULTS_FILE",
    "EVIDENCE",
    "FIELDS",
    "RULES",
    "TIERS",
    "ChangeClass",
    "Defaults",
    "Evidence",
    "Examined",
    "Facts",
    "Field",
    "FieldDifference",
    "Finding",
    "Layer",
    "RecordDifference",
    "Resolved",
    "Tier",
    "TierResult",
    "change_class",
    "defaults_paths",
    "examine",
    "fields_for",
    "inherited_of",
    "is_defaults",
    "layers_of",
    "read_defaults",
    "record_diff",
    "resolve",
    "resolved_digest",
    "stated_class",
    "tier_of",
]
