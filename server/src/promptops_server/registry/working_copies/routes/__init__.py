"""Working copies over HTTP: one's own by project and path, shared ones by link. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter

from promptops_server.registry.working_copies.routes import copies, edits, shared
from promptops_server.registry.working_copies.routes.deps import WorkingCopyDeps

__all__ = ["WorkingCopyDeps", "router"]


def router(deps: WorkingCopyDeps) -> APIRouter:
    """All routes of working copies, without prefix."""
    result = APIRouter(tags=["working copies"])
    for part in (edits, copies, shared):
        part.add_routes(result, deps)
    return result
