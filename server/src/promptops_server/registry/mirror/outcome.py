"""What an attempt did, and the state of the mirror that follows from it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from promptops_server.registry.mirror.errors import PushFailed
from promptops_server.registry.mirror.model import MAX_LISTED, HeldRef, Mirror, Problem


@dataclass(slots=True)
class Outcome:
    """What an attempt did."""

    going: dict[str, str] = field(default_factory=dict)
    """The refs that were to arrive."""
    held_there: dict[str, str] = field(default_factory=dict)
    """Refs the mirror now has as they are here."""
    gone: set[str] = field(default_factory=set)
    held: list[HeldRef] = field(default_factory=list)
    failed: PushFailed | None = None
    moved: int = 0
    """Refs this attempt created, moved or deleted there."""


def result_of(
    mirror: Mirror, outcome: Outcome, now: int, wait: Callable[[int], float]
) -> dict[str, Any]:
    """The fields of a mirror after an attempt.

    Args:
        wait: seconds until the next attempt, given how many have failed in a row.
    """
    held = tuple(outcome.held[:MAX_LISTED])
    values: dict[str, Any] = {
        "lease": None,
        "lease_until": None,
        "attempted_at": now,
        "held": held,
        "attempts": 0,
        "next_attempt_at": None,
        "problem": None,
    }
    failed = outcome.failed
    if failed is not None:
        values["problem"] = failed.problem
        values["attempts"] = mirror.attempts + 1
        if not failed.transient:
            return {**values, "state": "failed"}
        seconds = max(wait(mirror.attempts + 1), failed.after or 0.0)
        next_at = now + int(seconds * 1_000_000)
        return {**values, "state": "retrying", "next_attempt_at": next_at}
    values["overwrite"] = {}
    diverged = [ref for ref in outcome.held if ref.why == "diverged"]
    refused = [ref for ref in outcome.held if ref.why == "refused"]
    if diverged:
        return {**values, "state": "diverged", "problem": _diverged(diverged)}
    if refused:
        return {**values, "state": "failed", "problem": _refused(refused)}
    return {**values, "state": "ok", "pushed_at": now}


def _diverged(refs: list[HeldRef]) -> Problem:
    names = ", ".join(ref.name for ref in refs[:5]) + (", …" if len(refs) > 5 else "")
    return Problem(
        "diverged",
        f"Somebody else changed the mirror: {names}. Nothing was overwritten; all other refs are up to date.",
        "Bring what is there into the project, or lose it on purpose: promptops mirror overwrite PROJECT",
    )


def _refused(refs: list[HeldRef]) -> Problem:
    first = refs[0]
    more = f" (and {len(refs) - 1} more refs)" if len(refs) > 1 else ""
    return Problem(
        "refs-refused",
        f"The mirror's host refused {first.name}: {first.reason}{more}.",
        "Change its rules (a protected branch, a hook), or what is pushed; "
        "then: promptops mirror push PROJECT",
    )
