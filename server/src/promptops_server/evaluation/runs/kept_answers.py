"""Answers that are stored, found again: for the same request, or for a call of this run that waits to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select

from promptops_server.evaluation.tables import test_result as result
from promptops_server.evaluation.tables import test_run as run

_KEYS_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored answer with the run that called for it."""

    request_key: str
    run_id: str
    texts: bytes
    cost: int | None


_KEPT = (
    result.c.request_key,
    func.coalesce(result.c.from_run, result.c.run_id).label("run_id"),
    result.c.texts,
    result.c.cost,
)


def answers(
    conn: Connection, project_id: str, keys: Sequence[str], *, unjudged_of: str | None = None
) -> dict[str, Kept]:
    """Stored answers of the project by request key. Of several, any.

    Answers that wait to be judged are among them; with `unjudged_of` only those of that run.
    """
    which: ColumnElement[bool]
    if unjudged_of is None:
        which = result.c.state.in_(("done", "waiting"))
    else:
        which = and_(result.c.state == "waiting", result.c.run_id == unjudged_of)
    found: dict[str, Kept] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _KEYS_AT_ONCE):
        rows = conn.execute(
            select(*_KEPT)
            .join(run, and_(run.c.id == result.c.run_id, run.c.project_id == project_id))
            .where(
                result.c.request_key.in_(wanted[start : start + _KEYS_AT_ONCE]),
                which,
                result.c.texts.is_not(None),
            )
        )
        for row in rows:
            found[row.request_key] = Kept(*row)
    return found


def unjudged(conn: Connection, run_id: str, ordinals: Sequence[int]) -> dict[int, Kept]:
    """The run's own answers that wait to be judged, by place in the plan."""
    rows = conn.execute(
        select(result.c.ordinal, *_KEPT).where(
            result.c.run_id == run_id,
            result.c.ordinal.in_(ordinals),
            result.c.state == "waiting",
            result.c.request_key.is_not(None),
            result.c.texts.is_not(None),
        )
    )
    return {row.ordinal: Kept(*row[1:]) for row in rows}
