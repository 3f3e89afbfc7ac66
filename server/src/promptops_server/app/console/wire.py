"""What the console's routes answer, member by member."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from promptops_server.access.people import Chosen
from promptops_server.app.console.coverage import Coverage
from promptops_server.app.console.overview import Count, Overview, Place
from promptops_server.app.console.search import Hit, Kind
from promptops_server.infra.clock import to_text
from promptops_server.registry.model import Project
from promptops_server.registry.routes.activity import ItemOut, item_out


class CountOut(BaseModel):
    """A number; with `more` there are others beyond it."""

    number: int
    more: bool


class LastReleaseOut(BaseModel):
    """The release that is live."""

    number: int
    kind: str = Field(description="publish, rollback, unpublish or suspend")
    at: str
    by: str
    reason: str


class NextScheduleOut(BaseModel):
    """The next release that happens by itself."""

    id: str
    at: str
    by: str
    prompts: int
    count: int = Field(description="how many releases are scheduled in all")


class PlaceOut(BaseModel):
    """An environment and what is live there."""

    name: str
    position: int
    approval_required: bool
    release: LastReleaseOut | None
    live: int = Field(description="prompts live there")
    suspended: int
    behind: CountOut = Field(description="prompts of which an older version than main's is live")
    schedule: NextScheduleOut | None


class OverviewOut(BaseModel):
    """A project's home."""

    project: str
    title: str
    description: str
    created_at: str
    prompts: int
    invalid: int = Field(description="prompts whose newest file cannot be released")
    drafts: int = Field(description="prompts whose newest version is live nowhere")
    behind: int = Field(description="prompts of which an older version is live somewhere")
    modules: CountOut = Field(description="those at the top of the tree")
    open_requests: CountOut
    work: CountOut = Field(description="what waits for the caller in this project")
    environments: list[PlaceOut]
    activity: list[ItemOut] = Field(description="the last things that happened")


class RoleHeld(BaseModel):
    """A role and where it holds."""

    role: str
    module: str
    environment: str
    everywhere: bool = Field(description="it comes from a grant on every project")


class PersonOut(BaseModel):
    """Somebody with a role in the project."""

    name: str
    display_name: str
    roles: list[str]
    grants: list[RoleHeld]


class PeoplePage(BaseModel):
    """People, by name."""

    items: list[PersonOut]
    next: str | None


class NamesOut(BaseModel):
    """What accounts are called."""

    names: dict[str, str] = Field(description="display names by the user names asked for")


class HitOut(BaseModel):
    """One thing that was found."""

    kind: Kind
    title: str
    subtitle: str
    address: str = Field(description="project, project@environment, or project/module/prompt")
    project: str
    environment: str | None
    number: int | None = Field(
        description="of a release, a review request, an environment's head, or a prompt's version"
    )


class HitPage(BaseModel):
    """What was found, at most 20."""

    items: list[HitOut]
    next: str | None


class TierOut(BaseModel):
    """Prompts of a tier by whether their records are complete."""

    tier: Literal["high", "medium", "low"] | None = Field(description="null: not known yet")
    complete: int
    incomplete: int


class FieldCoverage(BaseModel):
    """What records lack, or say wrongly."""

    id: str = Field(description="the field's number, such as D12")
    key: str
    prompts: int


class DueOut(BaseModel):
    """Reviews that fall due within so many days, those overdue left out."""

    days: int
    reviews: int


class CoverageOut(BaseModel):
    """How far a project is: counts over the newest versions of its prompts."""

    project: str
    tiers: list[TierOut]
    unknown: int = Field(
        description="prompts whose newest version was not judged yet: not in review, not published"
    )
    fields: list[FieldCoverage] = Field(description="the most frequent first")
    approvals_lapsed: int
    overdue: int
    due: list[DueOut]


def count_out(count: Count) -> CountOut:
    return CountOut(number=count.number, more=count.more)


def hit_out(hit: Hit) -> HitOut:
    return HitOut(
        kind=hit.kind,
        title=hit.title,
        subtitle=hit.subtitle,
        address=hit.address,
        project=hit.project,
        environment=hit.environment,
        number=hit.number,
    )


def overview_out(project: Project, home: Overview, work: Count) -> OverviewOut:
    return OverviewOut(
        project=project.name,
        title=project.title,
        description=project.description,
        created_at=to_text(project.created_at),
        prompts=home.prompts,
        invalid=home.invalid,
        drafts=home.drafts,
        behind=home.behind,
        modules=count_out(home.modules),
        open_requests=count_out(home.open_requests),
        work=count_out(work),
        environments=[_place(place) for place in home.places],
        activity=[item_out(item) for item in home.activity],
    )


def _place(place: Place) -> PlaceOut:
    released, schedule = place.release, place.schedule
    return PlaceOut(
        name=place.environment.name,
        position=place.environment.position,
        approval_required=place.environment.approval_required,
        release=released
        and LastReleaseOut(
            number=released.number,
            kind=released.kind,
            at=to_text(released.at),
            by=released.by,
            reason=released.reason,
        ),
        live=place.live,
        suspended=place.suspended,
        behind=count_out(place.behind),
        schedule=schedule
        and NextScheduleOut(
            id=schedule.id,
            at=to_text(schedule.at),
            by=schedule.by,
            prompts=schedule.prompts,
            count=schedule.count,
        ),
    )


def person_out(one: Chosen) -> PersonOut:
    return PersonOut(
        name=one.name,
        display_name=one.display_name,
        roles=sorted({grant.role for grant in one.grants}),
        grants=[
            RoleHeld(
                role=grant.role,
                module=grant.module,
                environment=grant.environment,
                everywhere=grant.project == "*",
            )
            for grant in one.grants
        ],
    )


def coverage_out(project: Project, found: Coverage) -> CoverageOut:
    return CoverageOut(
        project=project.name,
        tiers=[
            TierOut.model_validate(
                {"tier": one.tier, "complete": one.complete, "incomplete": one.incomplete}
            )
            for one in found.documented.tiers
        ],
        unknown=found.documented.unknown,
        fields=[
            FieldCoverage(id=one.id, key=one.key, prompts=one.prompts)
            for one in found.documented.fields
        ],
        approvals_lapsed=found.lapsed,
        overdue=found.overdue,
        due=[DueOut(days=days, reviews=number) for days, number in found.due],
    )
