"""The registry over HTTP: projects, prompts, versions, differences, imports, edits, fragments. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter

from promptops_server.registry.routes import (
    bulk,
    edits,
    fragments,
    imports,
    projects,
    prompts,
    versions,
)
from promptops_server.registry.routes.deps import RegistryDeps

__all__ = ["RegistryDeps", "router"]


def router(deps: RegistryDeps) -> APIRouter:
    """All routes of the registry, without prefix."""
    result = APIRouter()
    for part in (projects, imports, edits, bulk, fragments, prompts, versions):
        part.add_routes(result, deps)
    return result
