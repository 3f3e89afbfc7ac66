"""`…/environments/{e}/promotions`: publish here what is live in another environment."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from promptops_server.infra.body_fields import Line
from promptops_server.infra.http import ActorDep, IdempotencyKey
from promptops_server.releases.model import MAX_CHANGES, Promoted
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.promote import Selection, preview_promote, promote
from promptops_server.releases.routes.deps import (
    ENVIRONMENT,
    HeadDep,
    find_project,
    made,
    once_of,
    time_of,
)
from promptops_server.releases.routes.schedule import ScheduleAdded, added
from promptops_server.releases.schedule.add import When, schedule_promotion
from promptops_server.releases.wire import (
    KeptOut,
    PreviewOut,
    Reasoned,
    ReleaseMade,
    VersionOut,
    preview_out,
)


class PromotionIn(Reasoned):
    """Everything live in `from`, or a module of it, or the prompts named. Without `from`, the environment before this
    one in the order of promotion."""

    source: Line | None = Field(default=None, alias="from", max_length=100)
    from_release: int | None = Field(
        default=None, ge=0, le=2**31 - 1, description="refuse if `from` is at another release"
    )
    prompts: list[str] | None = Field(default=None, min_length=1, max_length=MAX_CHANGES)
    module: str = Field(default="", max_length=600)
    prune: bool = Field(
        default=False, description="also take out what is live here and not in `from`"
    )
    dry_run: bool = False
    at: str | None = Field(default=None, description="a time to promote at (RFC 3339)")
    only_if_head: bool = Field(
        default=False, description="with `at`: refuse it then if somebody released here meanwhile"
    )


class PromotedOut(BaseModel):
    """Which release was promoted, what of it was not and why, and what is live only here."""

    environment: str
    release: int
    left_out: list[KeptOut]
    only_here: list[VersionOut]


class PromotionMade(ReleaseMade):
    """The release just made, and where its contents were live."""

    promoted_from: PromotedOut


class PromotionPreview(PreviewOut):
    """What the promotion would come to. Nothing was written."""

    promoted_from: PromotedOut


def add_routes(api: APIRouter, deps: ReleaseDeps) -> None:
    """Promotion."""

    @api.post(
        ENVIRONMENT + "/promotions",
        status_code=201,
        response_model=None,
        summary="Publish what is live in another environment, in one release",
        responses={
            200: {"model": PromotionPreview, "description": "The answer to a dry run"},
            201: {"model": PromotionMade, "description": "The release made"},
            202: {"model": ScheduleAdded, "description": "It waits for its time"},
        },
    )
    def promote_prompts(
        actor: ActorDep,
        project: str,
        environment: str,
        body: PromotionIn,
        request: Request,
        response: Response,
        head: HeadDep,
        key: IdempotencyKey = None,
    ) -> PromotionMade | PromotionPreview | ScheduleAdded:
        found = find_project(deps, actor, project)
        selection = Selection(
            body.source,
            None if body.prompts is None else tuple(body.prompts),
            body.module,
            body.prune,
            body.from_release,
        )
        at = time_of(body.at, body.only_if_head)
        if body.dry_run:
            preview = preview_promote(
                deps,
                actor,
                found,
                environment,
                selection,
                ticket=body.ticket,
                expected_head=head,
                at=at,
            )
            assert preview.promoted is not None
            response.status_code = 200
            return PromotionPreview(
                **preview_out(environment, preview).model_dump(),
                promoted_from=promoted_out(preview.promoted),
            )
        if at is not None:
            waiting = schedule_promotion(
                deps,
                actor,
                found,
                environment,
                selection,
                When(at, body.only_if_head),
                body.reason,
                ticket=body.ticket,
                expected_head=head,
                once=once_of(request, body, key),
            )
            return added(request, response, waiting)
        outcome = promote(
            deps,
            actor,
            found,
            environment,
            selection,
            body.reason,
            ticket=body.ticket,
            expected_head=head,
            once=once_of(request, body, key),
        )
        assert outcome.promoted is not None
        return PromotionMade(
            **made(request, response, outcome).model_dump(),
            promoted_from=promoted_out(outcome.promoted),
        )


def promoted_out(value: Promoted) -> PromotedOut:
    """Where a promotion's contents were live."""
    return PromotedOut(
        environment=value.environment,
        release=value.release,
        left_out=[KeptOut(path=k.path, version=k.version, why=k.why) for k in value.left_out],
        only_here=[VersionOut(path=p.path, version=p.version) for p in value.only_here],
    )
