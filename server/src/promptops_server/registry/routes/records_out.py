"""The answers about records and the inventory on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from promptops.format.record import Tier
from promptops_server.registry.routes.schemas import LiveOut


class RequiredOut(BaseModel):
    """When a field is required: from which tier on, and under which condition."""

    tier: Tier
    condition: str | None
    text: str


class FieldOut(BaseModel):
    """A field of the record. Fields of one `id` belong together; `own` are keys that defaults may not give."""

    id: str
    key: str
    type: dict[str, Any]
    required: RequiredOut
    serves: list[str]
    not_applicable: str
    own: list[str]
    question: str
    help: str
    example: Any


class EvidenceOut(BaseModel):
    """What is kept beside a version, not in its file."""

    id: str
    name: str
    required: str
    serves: list[str]


class FieldsOut(BaseModel):
    """The fields an author fills, and the evidence, by their numbers."""

    fields: list[FieldOut]
    evidence: list[EvidenceOut]


class FindingOut(BaseModel):
    """One thing a record lacks or says wrongly. `file` is a defaults file, null for the prompt file."""

    severity: str
    code: str
    id: str
    key: str
    message: str
    fix: str
    file: str | None
    line: int | None
    column: int | None


class ValueOut(BaseModel):
    """A value of the record. `from` is `project`, `module`, `file` (another key of it) or `record`."""

    id: str | None
    key: str
    value: Any
    origin: str | None = Field(alias="from")
    file: str | None


class JudgedRecord(BaseModel):
    """A record with its defaults, and what it lacks."""

    tier: Tier | None
    tier_reasons: list[str]
    tier_missing: list[str]
    judged_at: Tier | None
    conditions: list[str]
    complete: bool
    findings: list[FindingOut]
    record: dict[str, Any]
    values: list[ValueOut]


class RecordOut(JudgedRecord):
    """A version's record with its defaults. `commit` is where the defaults were read, `digest` the record digest
    under them."""

    address: str
    path: str
    version: int
    commit: str
    digest: str | None
    valid: bool


class InventoryItem(BaseModel):
    """A prompt of the inventory. `faults` counts what its record lacks; null for an invalid file."""

    address: str
    project: str
    path: str
    version: int
    use_case_id: str | None
    owner: str | None
    backup: str | None
    decision_role: str | None
    tier: Tier | None
    residual_tier: str | None
    complete: bool
    faults: int | None
    valid: bool
    model: str | None
    provider: str | None
    hosting: str | None
    data_class: str | None
    review_due: str | None = Field(description="The last day by tier, counted from the version")
    live: list[LiveOut]


class InventoryPage(BaseModel):
    """A page of the inventory, by path."""

    items: list[InventoryItem]
    next: str | None


class SideOut(BaseModel):
    """A value on one side, and where it comes from."""

    value: Any
    origin: str | None = Field(alias="from")
    file: str | None


class FieldDifferenceOut(BaseModel):
    """A key, or member of a mapping, whose value differs; null on the side that does not say it."""

    id: str | None
    key: str
    before: SideOut | None
    after: SideOut | None


class ChangeClassOut(BaseModel):
    """How large the change is at least and why, what the author wrote, and what counts: the graver of the two."""

    name: str = Field(alias="class")
    reasons: list[str]
    stated: str | None
    counts_as: str


class RecordDiffOut(BaseModel):
    """How the records of two versions differ."""

    before: str
    after: str
    fields: list[FieldDifferenceOut]
    tier_before: Tier | None
    tier_after: Tier | None
    change: ChangeClassOut
