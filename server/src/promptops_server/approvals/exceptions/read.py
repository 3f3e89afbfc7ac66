"""What the gate asks of exceptions."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from promptops_server.approvals.continuity import in_scope
from promptops_server.approvals.exceptions import store
from promptops_server.approvals.exceptions.model import waivers_by_path
from promptops_server.approvals.paperwork import Waiver


def waivers_for(
    conn: Connection, project_id: str, paths: Iterable[str], environment: str | None, now: int
) -> dict[str, tuple[list[Waiver], list[Waiver]]]:
    """Per path the exceptions in force and those that have expired, as of `now` (microseconds); one query.

    Paths that none covers are missing.
    """
    return waivers_by_path(store.accepted(conn, project_id, environment), paths, now)


def rules_set_aside(conn: Connection, project_id: str, path: str, now: int) -> frozenset[str]:
    """Rules that an exception in force sets aside for a prompt, in one environment or in all."""
    found = (
        item for item in store.accepted_anywhere(conn, project_id) if in_scope(item.scope, path)
    )
    return frozenset(item.rule for item in found if item.state(now) == "accepted")
