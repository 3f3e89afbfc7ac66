"""What the gate and version states ask of emergencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from promptops_server.approvals.model import Unmet
from promptops_server.releases.emergency.tables import emergency_prompt, emergency_release
from promptops_server.releases.model import Environment, Kind
from promptops_server.releases.plan import Plan
from promptops_server.releases.rows import chunks
from promptops_server.releases.tables import environment as environment_table
from promptops_server.releases.tables import live, release

_ENDED = ("rolled_back", "suspended", "replaced")
_NOT_RATIFIED = (*_ENDED, "open")


@dataclass(frozen=True, slots=True)
class LiveEmergency:
    """A version that is live without approval, and until when it may be ratified (microseconds)."""

    environment: str
    release: int
    incident: str
    deadline: int


def emergencies_live(
    conn: Connection, project_id: str, paths: Sequence[str]
) -> dict[tuple[str, int], list[LiveEmergency]]:
    """By path and version: where it is live by an emergency that nobody ratified yet. Others are missing."""
    found: dict[tuple[str, int], list[LiveEmergency]] = defaultdict(list)
    for some in chunks(paths):
        rows = conn.execute(
            select(
                emergency_prompt.c.path,
                emergency_prompt.c.version,
                environment_table.c.name,
                emergency_release.c.release,
                emergency_release.c.incident,
                emergency_release.c.deadline,
            )
            .join(emergency_release, emergency_release.c.id == emergency_prompt.c.emergency_id)
            .join(
                live,
                (live.c.environment_id == emergency_release.c.environment_id)
                & (live.c.path == emergency_prompt.c.path)
                & (live.c.version == emergency_prompt.c.version),
            )
            .join(environment_table, environment_table.c.id == emergency_release.c.environment_id)
            .where(
                emergency_release.c.project_id == project_id,
                emergency_release.c.state == "open",
                live.c.to_release.is_(None),
                live.c.state == "live",
                emergency_prompt.c.path.in_(some),
            )
            .order_by(emergency_release.c.deadline)
        )
        for row in rows:
            found[row.path, row.version].append(
                LiveEmergency(row.name, row.release, row.incident, row.deadline)
            )
    return dict(found)


def unratified(
    conn: Connection,
    environment_id: str,
    paths: Sequence[str],
    *,
    states: Collection[str] = _NOT_RATIFIED,
) -> dict[str, set[int]]:
    """Versions that were live here by an emergency that nobody ratified, and never through the gate."""
    found: dict[str, set[int]] = defaultdict(set)
    for some in chunks(paths):
        rows = conn.execute(
            select(emergency_prompt.c.path, emergency_prompt.c.version)
            .join(emergency_release, emergency_release.c.id == emergency_prompt.c.emergency_id)
            .where(
                emergency_release.c.environment_id == environment_id,
                emergency_release.c.state.in_(states),
                emergency_prompt.c.path.in_(some),
            )
        )
        for row in rows:
            found[row.path].add(row.version)
    if not found:
        return {}
    for path, version in _approved(conn, environment_id, sorted(found)):
        found[path].discard(version)
    return {path: versions for path, versions in found.items() if versions}


def _approved(
    conn: Connection, environment_id: str, paths: Sequence[str]
) -> Iterable[tuple[str, int]]:
    """What went live here by a publish that was no emergency, or by one that was ratified."""
    not_ratified = select(emergency_release.c.release).where(
        emergency_release.c.environment_id == environment_id,
        emergency_release.c.state.in_(_NOT_RATIFIED),
    )
    for some in chunks(paths):
        rows = conn.execute(
            select(live.c.path, live.c.version)
            .join(
                release,
                (release.c.environment_id == live.c.environment_id)
                & (release.c.number == live.c.from_release),
            )
            .where(
                live.c.environment_id == environment_id,
                live.c.path.in_(some),
                live.c.state == "live",
                release.c.kind == "publish",
                release.c.number.not_in(not_ratified),
            )
        )
        yield from ((row.path, row.version) for row in rows)


def refused_before(
    conn: Connection, kind: Kind, environment: Environment, plan: Plan
) -> tuple[Unmet, ...]:
    """What a rollback would bring back that was live only by an emergency which nobody ratified."""
    if kind != "rollback" or not environment.approval_required:
        return ()
    wanted = {change.path: change.version for change in plan.changes if change.content}
    barred = unratified(conn, environment.id, sorted(wanted), states=_ENDED)
    return tuple(
        Unmet(
            "emergency.not_ratified",
            f"{path}@{version} was live in {environment.name} by an emergency that nobody ratified.",
            "Go back to another version, or have this one approved and publish it.",
        )
        for path, version in wanted.items()
        if version in barred.get(path, ())
    )
