"""The registry over HTTP: one file per kind of resource. Routes only parse, call and render."""

from __future__ import annotations

from fastapi import APIRouter

from promptops_server.registry.routes import (
    activity,
    bulk,
    checking,
    conversions,
    differences,
    edits,
    exports,
    fragments,
    imports,
    projects,
    prompts,
    record_defaults,
    records,
    rendering,
    tree,
    versions,
    views,
)
from promptops_server.registry.routes.deps import RegistryDeps

__all__ = ["RegistryDeps", "router"]

_PARTS = (
    projects,
    imports,
    conversions,
    exports,
    edits,
    bulk,
    fragments,
    prompts,
    tree,
    versions,
    differences,
    rendering,
    checking,
    record_defaults,
    records,
    views,
    activity,
)
"""In this order: where two could match, the first one answers."""


def router(deps: RegistryDeps) -> APIRouter:
    """All routes of the registry, without prefix."""
    result = APIRouter()
    for part in _PARTS:
        part.add_routes(result, deps)
    return result
