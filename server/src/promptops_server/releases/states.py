"""The state of versions: what reviews came to, joined with where they are or were live.

Answers the registry's port `VersionStates`. The states are those of the compliance reference, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from promptops_server.approvals.workflow.demands import DAY_US
from promptops_server.approvals.workflow.store import RequestRow, newest_of_content
from promptops_server.infra.clock import now_us
from promptops_server.registry.model import Project, Version, VersionState
from promptops_server.releases.emergency.read import emergencies_live
from promptops_server.releases.rows import chunks
from promptops_server.releases.tables import environment, live

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a version is, or was."""

    live: bool = False
    suspended: bool = False
    before: bool = False
    """It was live somewhere and is no more."""


@dataclass(frozen=True, slots=True)
class VersionStates:
    """Reads states; `retired` is answered by `approvals.retirement`, per path."""

    lapse_days: int = 30
    retired: Callable[[Connection, str, Sequence[str]], Mapping[str, str]] = (
        lambda conn, project_id, paths: {}
    )

    def __call__(
        self, conn: Connection, project: Project, versions: Sequence[Version]
    ) -> Mapping[Key, VersionState]:
        """The state of each version, by path and number."""
        paths = sorted({v.path for v in versions})
        stood = _stood(conn, project.id, paths)
        retired = self.retired(conn, project.id, paths)
        emergency = emergencies_live(conn, project.id, paths)
        requests = newest_of_content(
            conn, {(v.prompt_id, v.behaviour or "", v.record or "") for v in versions if v.valid}
        )
        now = now_us()
        return {
            (v.path, v.number): state_of(
                stood.get((v.path, v.number), Stood()),
                reviewed(
                    requests.get((v.prompt_id, v.behaviour or "", v.record or "")),
                    now,
                    self.lapse_days,
                ),
                retired=v.path in retired,
                emergency=(v.path, v.number) in emergency,
            )
            for v in versions
        }


def state_of(
    stood: Stood, review: VersionState, *, retired: bool = False, emergency: bool = False
) -> VersionState:
    """One word for a version: what is true of it in production goes before what people decided about it."""
    if stood.suspended:
        return "suspended"
    if stood.live:
        return "emergency" if emergency else "published"
    if retired:
        return "retired"
    if stood.before and review in ("draft", "approved", "lapsed"):
        return "superseded"
    return review


def reviewed(request: RequestRow | None, now: int, lapse_days: int) -> VersionState:
    """What the newest request about a version's content came to."""
    if request is None:
        return "draft"
    if request.state == "approved" and request.request.used_at is None:
        since = max(request.approved_at or 0, request.request.renewed_at or 0)
        if now >= since + lapse_days * DAY_US:
            return "lapsed"
    return request.state


def _stood(conn: Connection, project_id: str, paths: Sequence[str]) -> dict[Key, Stood]:
    found: dict[Key, Stood] = {}
    for some in chunks(paths):
        query = (
            select(live.c.path, live.c.version, live.c.state, live.c.to_release)
            .join(environment, environment.c.id == live.c.environment_id)
            .where(environment.c.project_id == project_id, live.c.path.in_(some))
        )
        for row in conn.execute(query):
            key = (row.path, row.version)
            known = found.get(key, Stood())
            now = row.to_release is None
            found[key] = Stood(
                known.live or (now and row.state == "live"),
                known.suspended or (now and row.state == "suspended"),
                known.before or (not now and row.state == "live"),
            )
    return found
