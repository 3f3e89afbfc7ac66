"""What a check of an export finds: kinds of faults, ranges, and the verdict as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "changed",
    "gap",
    "swapped",
    "inserted",
    "truncated",
    "rewritten",
    "forked",
    "wrong-key",
    "signature",
    "malformed",
    "foreign",
    "personal",
]
"""What is wrong. `rewritten`: entries whose hashes agree with each other, but not with a signed checkpoint."""

MAX_FAULTS = 1_000
"""Faults kept with their text; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks the proof: entries `seq` to `last` (the same for one), and what is wrong."""

    kind: Kind
    seq: int
    last: int
    text: str


@dataclass
class Verdict:
    """What is known about the entries of an export, numbers by `seq`, ranges with both ends."""

    log_id: str = ""
    name: str = ""
    exported_at: str = ""
    entries: int = 0
    checkpoints: int = 0
    """Checkpoints that are signed by a trusted key and whose root is the one of these entries."""
    pinned: bool = False
    """The keys were given by who checks, not taken from the export itself."""
    anchored: tuple[int, int] | None = None
    unanchored: tuple[int, int] | None = None
    removed: tuple[int, int] | None = None
    """Entries removed under retention before the file begins; the tree still covers them."""
    erased: int = 0
    """Entries of which personal data was erased."""
    broken: list[tuple[int, int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing is broken; entries after the last checkpoint may still be unanchored."""
        return not self.fault_count

    @property
    def first_broken(self) -> int | None:
        """The smallest number that a fault names."""
        return min((fault.seq for fault in self.faults), default=None)

    def add(self, kind: Kind, seq: int, text: str, last: int | None = None) -> None:
        """Note a fault."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(kind, seq, seq if last is None else last, text))

    def to_value(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {
            "ok": self.ok,
            "log_id": self.log_id,
            "name": self.name,
            "exported_at": self.exported_at,
            "entries": self.entries,
            "checkpoints": self.checkpoints,
            "keys": "given" if self.pinned else "from the export",
            "anchored": self.anchored,
            "unanchored": self.unanchored,
            "removed": self.removed,
            "erased": self.erased,
            "broken": self.broken,
            "first_broken": self.first_broken,
            "faults": [
                {"kind": f.kind, "seq": f.seq, "last": f.last, "text": f.text} for f in self.faults
            ],
            "fault_count": self.fault_count,
            "notes": self.notes,
        }
