"""What differs between two prompts, as the HTTP API says it: sections, classes, segments of words.

Shared by every route that shows a difference: of versions here, of releases above.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from promptops.format.diff_sections import ChangeClass, Comparison, SectionName
from promptops.format.diff_values import ChangeKind
from promptops.format.diff_words import Granularity, Op


class SegmentOut(BaseModel):
    """A piece of text: in both versions, only in the later one (`insert`) or the earlier one (`delete`)."""

    op: Op
    text: str


class TextOut(BaseModel):
    """The words that differ; whole `lines` where the difference is too large to be told in words."""

    segments: list[SegmentOut]
    granularity: Granularity


class ValueChangeOut(BaseModel):
    """One value that differs. `key` is its place in the later file, of a removed one in the earlier file."""

    key: str
    kind: ChangeKind
    before: Any = Field(description="null where the value is not there, see `kind`")
    after: Any
    text: TextOut | None = Field(description="Where both values are texts")


class MessageChangeOut(BaseModel):
    """One message that differs: its places in the two files (null where it is not there), roles and words."""

    key: str
    kind: ChangeKind
    before: int | None
    after: int | None
    role_before: str | None
    role_after: str | None
    text: TextOut | None = Field(description="Where the message is one text; all of an added one")
    changes: list[ValueChangeOut] = Field(description="Its other members: parts, tool calls, name")


class VariantChangeOut(BaseModel):
    """One variant that differs."""

    variant: str
    kind: ChangeKind
    changes: list[ValueChangeOut]
    messages: list[MessageChangeOut]


class SectionOut(BaseModel):
    """One part of the file that differs."""

    section: SectionName
    changes: list[ValueChangeOut]
    messages: list[MessageChangeOut]
    variants: list[VariantChangeOut]


class ComparisonOut(BaseModel):
    """What differs, section by section. All null when a side is not a valid prompt file."""

    sections: list[SectionOut] | None
    classes: list[ChangeClass] | None = Field(
        description="What the change touches; `cosmetic` alone: only comments, order or spelling of the file"
    )
    behaviour_changed: bool | None = Field(
        description="Whether a model may notice: the behaviour digests differ"
    )
    record_changed: bool | None = Field(
        description="Whether the documentation differs: the record digests do"
    )
    words_complete: bool = Field(
        description="False when a text was too large a difference to be told in words"
    )


def comparison_fields(
    found: Comparison | None, behaviour_changed: bool | None, record_changed: bool | None
) -> dict[str, Any]:
    """The members of a `ComparisonOut`; `found` is None where a side is no valid prompt file."""
    told = (
        {"sections": None, "classes": None, "words_complete": True}
        if found is None
        else found.to_json()
    )
    return {**told, "behaviour_changed": behaviour_changed, "record_changed": record_changed}
