"""The values of redaction: what is asked for, what it would touch, what a request's state is. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from promptops_server.infra.problems import Invalid
from promptops_server.registry.redaction.ports import ReleasedTexts
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.registry.redaction.rewrite import Rewrite
from promptops_server.registry.redaction.versions import Affected

State = Literal["requested", "done", "cancelled", "expired"]

KEEP_US = 7 * 86_400 * 1_000_000
"""How long a request waits for its second person."""
DEFAULT_MARKER = "(redacted)"
"""Stands well in YAML: a plain value may begin with a parenthesis, but not with a bracket."""
MAX_TEXTS = 20
MIN_TEXT, MAX_TEXT = 3, 4_000
"""Characters of one text. Shorter ones would be found everywhere."""
MAX_MARKER = 100
MAX_REASON = 2_000
MAX_TICKET = 200
SHOWN = 100
"""Addresses listed one by one in a request's figures."""
_FORBIDDEN = "<>{}\"'\\"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A request, open or ended. `found` is what it would touch, `done` what it touched."""

    id: str
    project: str
    state: State
    path: str
    version: int | None
    marker: str
    texts: int
    fingerprint: str
    reason: str
    ticket: str | None
    found: dict[str, Any]
    done: dict[str, Any] | None
    requested_by: str
    requested_name: str
    requested_identity: str
    requested_at: int
    expires_at: int
    ended_by: str | None
    ended_name: str | None
    ended_at: int | None
    cleaned_at: int | None

    @property
    def address(self) -> str:
        """Where the text was found."""
        at = "" if self.version is None else f"@{self.version}"
        return f"{self.project}/{self.path}{at}"


@dataclass(slots=True)
class Found:
    """Everything a redaction touches."""

    rewrite: Rewrite
    versions: list[Affected] = field(default_factory=list)
    released: ReleasedTexts = field(default_factory=ReleasedTexts)
    rows: dict[str, int] = field(default_factory=dict)
    events: int = 0
    breaks: list[str] = field(default_factory=list)
    """Versions that are valid files now and would not be."""
    other_files: list[str] = field(default_factory=list)
    """Files that are no prompts, such as suites."""

    def figures(self) -> dict[str, Any]:
        """As it is kept and shown: counts, and the first addresses. Never a text."""
        kinds = list(self.rewrite.kinds.values())
        own = [v.address for v in self.versions if v.direct]
        users = [v.address for v in self.versions if not v.direct]
        return {
            "files": kinds.count(3),
            "other_files": self.other_files[:SHOWN],
            "other_files_changed": len(self.other_files),
            "folders": kinds.count(2),
            "commits": kinds.count(1),
            "tags": kinds.count(4),
            "refs": sorted(self.rewrite.refs)[:SHOWN],
            "refs_moved": len(self.rewrite.refs),
            "versions": own[:SHOWN],
            "versions_changed": len(own),
            "users": users[:SHOWN],
            "users_changed": len(users),
            "artifacts": len(self.released.artifacts),
            "releases": self.released.releases,
            "release_reasons": self.released.reasons,
            "rows": self.rows,
            "live": [
                {"environment": at.environment, "path": at.path, "version": at.version}
                for at in self.released.live[:SHOWN]
            ],
            "breaks": self.breaks[:SHOWN],
            "kept": {
                "audit_events": self.events,
                "signed_statements": self.released.statements,
                "names": self.rewrite.names,
            },
        }


def check_texts(texts: Sequence[str], marker: str) -> Replacer:
    """The replacer of a request. No refusal repeats a text.

    Raises:
        Invalid: no text, too many, one too short or long, or a marker that cannot stand for them.
    """
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise Invalid(f"A redaction takes 1 to {MAX_TEXTS} texts; these are {len(texts)}.")
    for number, text in enumerate(texts, 1):
        if not len(text.strip()) >= MIN_TEXT or len(text) > MAX_TEXT:
            raise Invalid(
                f"Text {number} has {len(text)} characters; {MIN_TEXT} to {MAX_TEXT:,} are possible.",
                remedy="Give what surrounds it too.",
            )
        if "\0" in text or (not text.isascii() and _broken(text)):
            raise Invalid(f"Text {number} is no plain text.")
    if not 1 <= len(marker) <= MAX_MARKER or not marker.isprintable() or marker != marker.strip():
        raise Invalid(f"The marker is one line of 1 to {MAX_MARKER} characters.")
    wrong = sorted(set(marker) & set(_FORBIDDEN))
    if wrong:
        raise Invalid(
            f"The marker holds {' '.join(wrong)}, which means something in a prompt file or a commit.",
            remedy=f"Take {DEFAULT_MARKER}.",
        )
    replacer = Replacer(texts, marker)
    if replacer.in_text(marker):
        raise Invalid("The marker holds one of the texts.", remedy="Choose another marker.")
    return replacer


def check_words(
    reason: str, ticket: str | None, replacer: Replacer | None
) -> tuple[str, str | None]:
    """Reason and ticket, which stay in the audit log.

    Raises:
        Invalid: no reason, one too long, or one that repeats a text.
    """
    reason = reason.strip()
    ticket = (ticket or "").strip() or None
    if not reason or len(reason) > MAX_REASON:
        raise Invalid(f"A redaction needs a reason of at most {MAX_REASON:,} characters.")
    if ticket is not None and len(ticket) > MAX_TICKET:
        raise Invalid(f"The ticket is longer than {MAX_TICKET} characters.")
    if replacer is not None and (replacer.in_text(reason) or replacer.in_text(ticket)):
        raise Invalid(
            "The reason or the ticket repeats one of the texts, and both stay in the audit log for ever.",
            remedy="Say it without the text.",
        )
    return reason, ticket


def _broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
