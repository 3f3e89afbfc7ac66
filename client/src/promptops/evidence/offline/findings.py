"""What the check of a pack finds: faults by file, what held, what is to be known, and whose key was trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_TOLD = 200
"""Faults kept with their text; the rest is counted."""


@dataclass
class Findings:
    """The outcome of a check. `ok` is whether nothing is wrong; `key_given` whether who checks named the key."""

    faults: list[tuple[str, str]] = field(default_factory=list)
    fault_count: int = 0
    held: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    subject: dict[str, Any] = field(default_factory=dict)
    key_id: str = ""
    fingerprint: str = ""
    key_given: bool = False
    files: int = 0

    @property
    def ok(self) -> bool:
        return not self.fault_count

    def fault(self, file: str, text: str) -> None:
        """Note something wrong with a file."""
        if (file, text) in self.faults:
            return
        self.fault_count += 1
        if len(self.faults) < MAX_TOLD:
            self.faults.append((file, text))

    def to_value(self) -> dict[str, Any]:
        """The findings as JSON."""
        return {
            "ok": self.ok,
            "subject": self.subject,
            "files": self.files,
            "key": {
                "key_id": self.key_id,
                "fingerprint": self.fingerprint,
                "trusted": "given" if self.key_given else "from the pack",
            },
            "faults": [{"file": file, "text": text} for file, text in self.faults],
            "fault_count": self.fault_count,
            "held": self.held,
            "notes": self.notes,
        }

    def lines(self) -> list[str]:
        """The findings in words, a line each."""
        about = self.subject.get("title", "")
        out = [about] if about else []
        out += [f"  holds: {text}" for text in self.held]
        out += [f"  note: {text}" for text in self.notes]
        out += [f"  WRONG: {file}: {text}" for file, text in self.faults]
        if self.fault_count > len(self.faults):
            out.append(f"  … and {self.fault_count - len(self.faults)} more")
        if self.fingerprint:
            out.append(f"  key: {self.key_id}, SHA-256 of the public key {self.fingerprint}")
        if not self.key_given:
            out.append(
                "  trusted: the key that the pack itself brings. Whoever makes a pack anew can bring another key: "
                "compare this one with the installation's, or give it with --key."
            )
        else:
            out.append("  trusted: the key you gave.")
        out.append("OK: nothing was changed" if self.ok else "BROKEN: do not rely on this pack")
        return out
