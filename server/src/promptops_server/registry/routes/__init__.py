"""The registry over HTTP: projects, prompts, versions, differences, imports, views, activity. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter

from promptops_server.registry.routes import activity, imports, projects, prompts, versions, views
from promptops_server.registry.routes.deps import RegistryDeps

__all__ = ["RegistryDeps", "router"]


def router(deps: RegistryDeps) -> APIRouter:
    """All routes of the registry, without prefix."""
    result = APIRouter()
    for part in (projects, imports, prompts, versions, views, activity):
        part.add_routes(result, deps)
    return result
