"""`/projects/{p}/reviews/{n}/decisions`."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field

from promptops_server.approvals.signing import SignatureIn, components_of
from promptops_server.approvals.workflow.decide import Decided, Given, decide
from promptops_server.approvals.workflow.model import Step
from promptops_server.approvals.workflow.ports import Keep, WorkflowDeps
from promptops_server.approvals.workflow.routes.requests import (
    REVIEWS,
    find_project,
    read_request,
)
from promptops_server.approvals.workflow.routes.wire import In, RequestOut
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.http import ActorDep, IdempotencyKey, fingerprint
from promptops_server.infra.idempotency import answer_once


class DecisionIn(In):
    """A decision. `approve` is in favour: without `step`, the first step missing that the caller may take."""

    decision: Literal["approve", "request_changes", "reject", "withdraw", "revoke"]
    step: Step | None = None
    reason: Lines = Field(default="", max_length=10_000)
    accept_na: list[Line] = Field(
        default_factory=list, max_length=100, description="keys answered n/a; `*` accepts all"
    )
    conditions: Lines = Field(default="", max_length=10_000, description="of a validation")
    report_hash: Line | None = Field(
        default=None,
        pattern="^(sha256:)?[0-9a-f]{64}$",
        description="SHA-256 of the validation report",
    )
    signature: SignatureIn | None = None


def add_routes(api: APIRouter, deps: WorkflowDeps) -> None:
    """Decide about a request."""

    @api.post(REVIEWS + "/{number}/decisions", status_code=201, summary="Decide about a request")
    def make(
        actor: ActorDep,
        project: str,
        number: int,
        body: DecisionIn,
        request: Request,
        idempotency_key: IdempotencyKey = None,
    ) -> RequestOut:
        found = find_project(deps, actor, project)
        given = Given(
            body.decision,
            body.step,
            body.reason,
            frozenset(body.accept_na),
            body.conditions,
            body.report_hash,
            components_of(body.signature),
        )
        # What identifies the request is kept: nothing of a password may be in it.
        asked = fingerprint(request, body.model_copy(update={"signature": None}))

        def work(keep: Keep[Decided]) -> Decided:
            return decide(deps, actor, found, number, given, keep=keep)

        answer_once(
            deps.db,
            actor,
            idempotency_key,
            asked,
            work,
            lambda done: (201, {"state": done.row.state}),
        )
        return read_request(deps, found, number)
