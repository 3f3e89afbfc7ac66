"""Jobs as the library keeps them, read for people: pages of them, the newest first, and one by its id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dbos import DBOS

from promptops_server.infra import cursor as pages
from promptops_server.infra.jobs import JobRow, JobState

AGAIN: Final = "~again"
"""The ending of the id of a job that was tried again by hand."""
_STATUS: Final[Mapping[JobState, tuple[str, ...]]] = {
    "waiting": ("ENQUEUED", "DELAYED"),
    "running": ("PENDING",),
    "done": ("SUCCESS",),
    "failed": ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
    "cancelled": ("CANCELLED",),
}
_STATE: Final[Mapping[str, JobState]] = {
    status: state for state, some in _STATUS.items() for status in some
}
_LONGEST_ERROR = 500
_MORE = 50
"""How many jobs are read beyond a page at first: more than commonly begin within one millisecond."""
_LATEST_MS = 253_402_300_799_000  # the last moment that an ISO date can say


@dataclass(frozen=True, slots=True)
class Kept:
    """A job with what starts it again."""

    row: JobRow
    job_id: str
    """The id it was started under; its repetitions have others."""
    payload: str


def page(
    *, state: JobState | None, kind: str | None, limit: int, cursor: str | None
) -> pages.Page[JobRow]:
    """Jobs, the newest first. Raises BadRequest: the cursor is not from here."""
    until, after = pages.decode(cursor, int, str) if cursor else (None, "")
    read = limit + 1 + _MORE
    while True:
        found = DBOS.list_workflows(
            status=None if state is None else list(_STATUS[state]),
            name=kind,
            end_time=None if until is None else _iso(until),
            limit=read,
            sort_desc=True,
        )
        # The library gives jobs of one millisecond in any order, another one each time. Here the id decides, so all of a
        # millisecond must be known: those of the last one read may not be.
        oldest = _created(found[-1]) if len(found) == read else -1
        known = sorted(
            (each for each in found if _created(each) > oldest),
            key=lambda each: (-_created(each), each.workflow_id),
        )
        if until is not None:
            known = [e for e in known if _created(e) < until or e.workflow_id > after]
        if len(known) > limit or oldest == -1:
            break
        read *= 2
    shown = known[:limit]
    more = len(known) > limit
    following = pages.encode(_created(shown[-1]), shown[-1].workflow_id) if more else None
    return pages.Page([_kept(each).row for each in shown], following)


def one(workflow_id: str) -> Kept | None:
    """The job of this id, or None."""
    found = DBOS.list_workflows(workflow_ids=[workflow_id])
    return _kept(found[0]) if found else None


def _created(status: Any) -> int:
    return int(status.created_at or 0)


def _kept(status: Any) -> Kept:
    args = list((status.input or {}).get("args") or ())
    job_id = str(args[0]) if args else status.workflow_id
    payload = str(args[1]) if len(args) > 1 else "{}"
    row = JobRow(
        id=status.workflow_id,
        kind=status.name,
        key=_key(payload),
        state=_STATE.get(status.status, "cancelled"),
        attempt=int(args[2]) if len(args) > 2 else 1,
        error=_words(status.error),
        created_at=int(status.created_at or 0) * 1000,
        started_at=_us(status.dequeued_at),
        ended_at=_us(status.completed_at),
    )
    return Kept(row, job_id, payload)


def _key(payload: str) -> str:
    try:
        said = json.loads(payload)
    except ValueError:
        return ""
    return str(said.get("key", ""))[:200] if isinstance(said, dict) else ""


def _words(error: object) -> str:
    if error is None:
        return ""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:_LONGEST_ERROR]


def _us(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else int(milliseconds) * 1000


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(min(max(milliseconds, 0), _LATEST_MS) / 1000, UTC).isoformat()
