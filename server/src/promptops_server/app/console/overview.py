"""A project's home: counts, what is live where and how far it is behind, the last things that happened, what waits.

Everything comes from counters and short pages, so it costs the same however many prompts there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from promptops_server.approvals.workflow.model import OPEN as OPEN_REQUESTS
from promptops_server.approvals.workflow.tables import review_request
from promptops_server.infra.clock import now_us
from promptops_server.registry.facets import SUSPENDED, live_of
from promptops_server.registry.finding.activity import Item
from promptops_server.registry.finding.activity_log import Asked, read_activity
from promptops_server.registry.finding.modules import list_modules
from promptops_server.registry.model import Project
from promptops_server.registry.tables import facet, prompt, prompt_facet
from promptops_server.releases import environments
from promptops_server.releases.model import Environment
from promptops_server.releases.schedule.model import OPEN as OPEN_SCHEDULES
from promptops_server.releases.schedule.tables import scheduled_release
from promptops_server.releases.tables import release

MOST = 1_000
"""What is counted one by one is counted up to here."""
MOST_MODULES = 100
ACTIVITIES = 10


@dataclass(frozen=True, slots=True)
class Count:
    """A number; with `more` there are others beyond it."""

    number: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class LastRelease:
    """The release that is live. Times are microseconds since 1970."""

    number: int
    kind: str
    at: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NextSchedule:
    """The next release that is to happen by itself, and how many there are in all."""

    id: str
    at: int
    prompts: int
    by: str
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """An environment: what is live there. `behind` counts prompts of which an older version than the newest is live."""

    environment: Environment
    release: LastRelease | None
    live: int
    suspended: int
    behind: Count
    schedule: NextSchedule | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it. `modules` are those at the top."""

    prompts: int
    invalid: int
    drafts: int
    behind: int
    modules: Count
    open_requests: Count
    places: tuple[Place, ...]
    activity: Sequence[Item]


def read_overview(conn: Connection, project: Project) -> Overview:
    """The home of a project."""
    counts = _facets(conn, project.id)
    states = {value: number for (kind, value), number in counts.items() if kind == "state"}
    behind = states.get("behind", 0)
    modules = list_modules(conn, project, limit=MOST_MODULES)
    places = environments.list_environments(conn, project.id)
    released = _released(conn, places)
    schedules = _schedules(conn, project.id)
    per_place = _behind(conn, project.id) if behind else {}
    asked = Asked()
    activity = read_activity(conn, project, asked, limit=ACTIVITIES, cursor=None, now=now_us())
    return Overview(
        prompts=states.get("draft", 0) + states.get("published", 0),
        invalid=counts.get(("invalid", ""), 0),
        drafts=states.get("draft", 0),
        behind=behind,
        modules=Count(len(modules.items), modules.next is not None),
        open_requests=_open_requests(conn, project.id),
        places=tuple(
            _place(
                one, counts, released, schedules, Count(per_place.get(one.name, 0), behind > MOST)
            )
            for one in places
        ),
        activity=activity.items,
    )


def _place(
    one: Environment,
    counts: Mapping[tuple[str, str], int],
    released: Mapping[str, LastRelease],
    schedules: Mapping[str, NextSchedule],
    behind: Count,
) -> Place:
    # Of archived prompts, too: what is archived stays live until a release says otherwise.
    live = counts.get(("environment", one.name), 0) + counts.get(("gone", one.name), 0)
    return Place(
        environment=one,
        release=released.get(one.id),
        live=live,
        suspended=max(0, one.count - live),
        behind=behind,
        schedule=schedules.get(one.id),
    )


def _facets(conn: Connection, project_id: str) -> dict[tuple[str, str], int]:
    """The counters kept with the facets; environments of archived prompts under `gone`."""
    columns = facet.c
    rows = conn.execute(
        select(columns.archived, columns.kind, columns.value, columns.prompts).where(
            columns.project_id == project_id,
            columns.archived.in_((False, True)),
            columns.kind.in_(("state", "invalid", "environment")),
        )
    )
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        if not row.archived:
            found[row.kind, row.value] = row.prompts
        elif row.kind == "environment":
            found["gone", row.value] = row.prompts
    return found


def _behind(conn: Connection, project_id: str) -> dict[str, int]:
    """Per environment how many of the first prompts that are behind somewhere are behind there."""
    rows = conn.execute(
        select(prompt.c.latest, prompt.c.live)
        .join(prompt_facet, prompt_facet.c.prompt_id == prompt.c.id)
        .join(facet, facet.c.id == prompt_facet.c.facet_id)
        .where(
            facet.c.project_id == project_id,
            facet.c.archived.is_(False),
            facet.c.kind == "state",
            facet.c.value == "behind",
        )
        .limit(MOST)
    )
    found: Counter[str] = Counter()
    for row in rows:
        for name, version in live_of(row.live).items():
            found[name] += version != SUSPENDED and version < row.latest
    return dict(found)


def _released(conn: Connection, places: Sequence[Environment]) -> dict[str, LastRelease]:
    heads = {one.id: one.head for one in places if one.head}
    found: dict[str, LastRelease] = {}
    for environment_id, head in heads.items():
        row = conn.execute(
            select(
                release.c.number,
                release.c.kind,
                release.c.acknowledged_at,
                release.c.actor_name,
                release.c.reason,
            ).where(release.c.environment_id == environment_id, release.c.number == head)
        ).one()
        found[environment_id] = LastRelease(
            row.number, row.kind, row.acknowledged_at, row.actor_name, row.reason
        )
    return found


def _schedules(conn: Connection, project_id: str) -> dict[str, NextSchedule]:
    columns = scheduled_release.c
    rows = conn.execute(
        select(columns.id, columns.environment_id, columns.at, columns.count, columns.actor_name)
        .where(columns.project_id == project_id, columns.state.in_(OPEN_SCHEDULES))
        .order_by(columns.at, columns.id)
    )
    found: dict[str, list[NextSchedule]] = {}
    for row in rows:  # at most 200 in each environment
        one = NextSchedule(row.id, row.at, row[3], row.actor_name, 1)
        found.setdefault(row.environment_id, []).append(one)
    return {
        place: NextSchedule(some[0].id, some[0].at, some[0].prompts, some[0].by, len(some))
        for place, some in found.items()
    }


def _open_requests(conn: Connection, project_id: str) -> Count:
    some = (
        select(review_request.c.id)
        .where(
            review_request.c.project_id == project_id,
            review_request.c.state.in_(sorted(OPEN_REQUESTS)),
        )
        .limit(MOST + 1)
    )
    number = conn.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return Count(min(number, MOST), number > MOST)
