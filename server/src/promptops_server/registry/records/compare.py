"""Compare the records of two versions of a prompt, each with the defaults of its own commit."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format.record import Examined, RecordDifference, record_diff
from promptops_server.infra.problems import Invalid
from promptops_server.registry.history.diff import resolve_side
from promptops_server.registry.model import Project, Version
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.records.read import read_record
from promptops_server.registry.versions import get_version


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions and how their records differ."""

    before: Version
    after: Version
    difference: RecordDifference


def compare_records(
    conn: Connection,
    project: Project,
    path: str,
    live: LiveVersion,
    *,
    start: str | None = None,
    end: str | None = None,
) -> Compared:
    """From one version to another, named as for `history.diff`: without `end` the newest, without `start` the one before `end`.

    Raises:
        BadRequest, NotFound, Conflict: a side names nothing.
        Invalid: a side is no valid prompt file, or there is no version before.
    """
    after = resolve_side(conn, project, path, end, live)
    if start is None and after.parent is None:
        raise Invalid(
            f"{after.address} is the first version; there is nothing before it.",
            remedy="Name the version to compare it with.",
        )
    before = (
        get_version(conn, project, after.path, after.parent)
        if start is None
        else resolve_side(conn, project, path, start, live)
    )
    old, new = _examined(conn, project, before, live), _examined(conn, project, after, live)
    return Compared(before, after, record_diff(old, new))


def _examined(conn: Connection, project: Project, version: Version, live: LiveVersion) -> Examined:
    found = read_record(conn, project, version.path, str(version.number), live).examined
    if found is None:
        raise Invalid(
            f"{version.address} is no valid prompt file, so its record is not read.",
            remedy="Compare versions that are valid.",
        )
    return found
