"""Environments and releases over HTTP. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter

from promptops_server.infra.http import problem_responses
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.routes import (
    compare,
    environments,
    promotions,
    releases,
    schedule,
)

__all__ = ["router"]


def router(deps: ReleaseDeps) -> APIRouter:
    """The routes of environments and releases."""
    api = APIRouter(tags=["releases"], responses=problem_responses(401, 403, 404, 409, 422))
    for part in (environments, releases, promotions, schedule, compare):
        part.add_routes(api, deps)
    return api
