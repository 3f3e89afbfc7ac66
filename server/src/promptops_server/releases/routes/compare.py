"""`/projects/{p}/compare`: two environments, or an environment and `main`, beside each other."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from promptops.format.diff_sections import ChangeClass, SectionName
from promptops_server.infra import cursor as pages
from promptops_server.infra.clock import to_text
from promptops_server.infra.http import ActorDep, Cursor
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.releases.compare import Compared, Kind, SidesCompared, Stand, compare_sides
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.sides import Side

SideName = Annotated[
    str,
    Query(
        description="`main` (the newest versions), `production`, `production@r41` or `production@TIME`",
        max_length=200,
    ),
]


class SideOut(BaseModel):
    """What was compared. `name` means exactly this again; `release` is null for `main`."""

    name: str
    environment: str | None
    release: int | None
    acknowledged_at: str | None


class StandOut(BaseModel):
    """What stands at an address on one side."""

    state: Literal["live", "suspended"]
    version: int
    valid: bool


class ComparedOut(BaseModel):
    """One prompt: what it is on both sides (null: not there), and what differs."""

    model_config = ConfigDict(populate_by_name=True)

    path: str
    kind: Kind
    before: StandOut | None = Field(alias="from")
    after: StandOut | None = Field(alias="to")
    behaviour_changed: bool | None = Field(description="null where a side has no digest")
    record_changed: bool | None
    sections: list[SectionName] | None = Field(
        description="Parts of the file that differ; null where a file is invalid, or too large for a list"
    )
    classes: list[ChangeClass] | None


class CountsOut(BaseModel):
    """How many prompts are of each kind, on all pages together."""

    only_in_from: int
    only_in_to: int
    version: int
    suspended: int
    same: int


class CompareOut(BaseModel):
    """A page, by path, of the prompts that differ from one side to the other. `counts` is on the first page alone."""

    model_config = ConfigDict(populate_by_name=True)

    start: SideOut = Field(alias="from")
    end: SideOut = Field(alias="to")
    counts: CountsOut | None
    items: list[ComparedOut]
    next: str | None


def add_routes(api: APIRouter, deps: ReleaseDeps) -> None:
    """Add the route of comparisons."""

    @api.get(
        "/projects/{project}/compare",
        summary="Compare environments, or an environment with the newest versions",
        description=(
            "What differs between two sides. `from=production&to=main` says what publishing everything to "
            "production would change; one prompt in detail is `/projects/{project}/diff/{path}`."
        ),
        response_model_by_alias=True,
    )
    def compare(
        actor: ActorDep,
        project: str,
        start: Annotated[SideName, Query(alias="from")],
        end: Annotated[SideName, Query(alias="to")],
        module: Annotated[
            str, Query(description="Only prompts below this module", max_length=600)
        ] = "",
        same: Annotated[
            bool, Query(description="Also the prompts that are the same on both sides")
        ] = False,
        limit: Annotated[int, Query(ge=1, le=pages.MAX_LIMIT)] = pages.DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> CompareOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            done = compare_sides(
                conn, found, start, end, limit=limit, cursor=cursor, module=module, same=same
            )
        return _compare_out(done)


def _compare_out(done: SidesCompared) -> CompareOut:
    return CompareOut(
        start=_side(done.start),
        end=_side(done.end),
        counts=None
        if done.counts is None
        else CountsOut(**{str(kind): count for kind, count in done.counts.items()}),
        items=[_item(item) for item in done.page.items],
        next=done.page.next,
    )


def _side(side: Side) -> SideOut:
    if side.environment is None:
        return SideOut(name=side.name, environment=None, release=None, acknowledged_at=None)
    return SideOut(
        name=side.name,
        environment=side.environment.name,
        release=side.release,
        acknowledged_at=None if side.acknowledged_at is None else to_text(side.acknowledged_at),
    )


def _item(item: Compared) -> ComparedOut:
    return ComparedOut(
        path=item.path,
        kind=item.kind,
        before=_stand(item.before),
        after=_stand(item.after),
        behaviour_changed=item.behaviour_changed,
        record_changed=item.record_changed,
        sections=None if item.sections is None else list(item.sections),
        classes=None if item.classes is None else list(item.classes),
    )


def _stand(stand: Stand | None) -> StandOut | None:
    if stand is None:
        return None
    assert stand.state != "removed"
    return StandOut(
        state=stand.state,
        version=stand.version,
        valid=stand.content is not None and stand.content.valid,
    )
