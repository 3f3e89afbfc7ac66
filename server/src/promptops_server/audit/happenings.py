"""What a reader of a project is told of an audit entry: that something of some kind happened, where, and by whom.

Pure. Nothing of an entry but its kind, address, environment, number, time and actor's name gets out: no reasons, no
tickets, no contents; nothing of refusals, of people and their rights, and of what is each person's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

Kind = Literal[
    "version", "release", "review", "run", "working_copy", "environment", "record", "project"
]


class Happening(BaseModel):
    """A coarse event of a project. Ask the API for what it was."""

    kind: Kind
    address: str | None = None
    """A prompt or folder, with the project."""
    environment: str | None = None
    number: int | None = None
    """Of a version, release, review or run."""
    at: str
    actor: str
    """A name; empty when the account was erased."""


_KINDS: Mapping[str, Kind] = {
    "prompt": "version",
    "git": "version",
    "fragment": "version",
    "suite": "version",
    "redaction.approve": "version",
    "release": "release",
    "schedule": "release",
    "emergency": "release",
    "review": "review",
    "exception": "review",
    "certification": "review",
    "run": "run",
    "working_copy": "working_copy",
    "environment": "environment",
    "record": "record",
    "project": "project",
    "mirror": "project",
    "view": "project",
}
"""By an action, or its beginning. What is not here is told to auditors alone."""
_NUMBERS: Mapping[Kind, tuple[str, ...]] = {
    "version": ("version",),
    "release": ("release",),
    "review": ("request",),
}
"""The member of `after` with the number of such a thing."""
_RUN = re.compile(r"[^/]+/runs/([0-9]{1,9})")


def happening_of(entry: Mapping[str, Any]) -> Happening | None:
    """What readers are told of an entry as `read.entries_of` shows it; None for nothing."""
    if entry.get("outcome") == "denied":
        return None
    action = str(entry.get("action"))
    kind = _KINDS.get(action) or _KINDS.get(action.partition(".")[0])
    if kind is None:
        return None
    about, after = entry.get("object") or {}, entry.get("after") or {}
    named = str(about.get("id") or "")
    run = _RUN.fullmatch(named) if kind == "run" else None
    inside = named.startswith(f"{entry.get('project')}/")
    return Happening(
        kind=kind,
        address=named if inside and about.get("type") in _ADDRESSED else None,
        environment=entry.get("environment"),
        number=int(run[1]) if run else _number(kind, about, after),
        at=str(entry["recorded_at"]),
        actor=(entry.get("actor") or {}).get("name") or "",
    )


_ADDRESSED = frozenset({"prompt", "suite", "record-defaults", "working-copy", "fragment", "module"})


def _number(kind: Kind, about: Mapping[str, Any], after: Mapping[str, Any]) -> int | None:
    for member in _NUMBERS.get(kind, ()):
        if type(after.get(member)) is int:
            return int(after[member])
    version = str(about.get("version") or "").removeprefix("r")
    if (
        kind in ("version", "release")
        and version.isascii()
        and version.isdigit()
        and len(version) < 10
    ):
        return int(version)
    return None
