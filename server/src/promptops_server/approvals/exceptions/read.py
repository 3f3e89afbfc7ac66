"""What the gate asks of exceptions."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

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
