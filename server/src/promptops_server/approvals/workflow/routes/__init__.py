"""The workflow over HTTP: requests and decisions, comments, what waits for me."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.approvals.workflow.routes import comments, decisions, requests, work
from promptops_server.approvals.workflow.work import Source
from promptops_server.infra.http import problem_responses


def router(deps: WorkflowDeps, sources: Sequence[Source] = ()) -> APIRouter:
    """All routes of the workflow, without prefix. `sources` are what else stands in somebody's work."""
    api = APIRouter(tags=["review"], responses=problem_responses(400, 401, 403, 404, 409, 422))
    requests.add_routes(api, deps)
    decisions.add_routes(api, deps)
    comments.add_routes(api, deps)
    work.add_routes(api, deps, sources)
    return api
