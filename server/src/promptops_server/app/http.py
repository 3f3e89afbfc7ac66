"""The HTTP application: the capabilities' routers under `/api/v1`, Git, delivery, health, and refusals as problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI

from promptops_server import __version__
from promptops_server.app import console_files, front, refusals
from promptops_server.app.description import describe
from promptops_server.app.edge import App, Edge, Receive, Scope, Send
from promptops_server.app.sensitive_reads import SensitiveReads
from promptops_server.infra.database import Database
from promptops_server.infra.http import Authenticate, ByCookie
from promptops_server.infra.setting_sections import LimitSettings

API_PREFIX = "/api/v1"
DELIVERY_PREFIX = "/delivery/v1/"


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What the application is made of; `wiring` builds it.

    `api` routers are mounted under `/api/v1`, `root` routers (health, Git) at `/`; `delivery` is a plain ASGI
    application that answers everything under `/delivery/v1/`.
    """

    authenticate: Authenticate
    denials: refusals.DenialLog
    limits: LimitSettings
    api: Sequence[APIRouter]
    root: Sequence[APIRouter]
    delivery: App | None = None
    by_cookie: ByCookie | None = None
    database: Database | None = None
    """Where sensitive reads are noted; None notes none."""
    console: Path = console_files.FOLDER
    """Where the built console lies; without one `/` is a plain page."""


def create_app(parts: HttpParts) -> App:
    """The ASGI application of a server."""
    api: App = fastapi_app(parts)
    if parts.database is not None:
        api = SensitiveReads(api, parts.database)
    edge: App = Edge(
        api,
        json_bytes=parts.limits.json_bytes,
        import_bytes=parts.limits.import_bytes,
    )
    delivery = parts.delivery
    if delivery is None:
        return edge

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Hot reads come first: they pass no middleware.
        if scope["type"] == "http" and scope["path"].startswith(DELIVERY_PREFIX):
            await delivery(scope, receive, send)
        else:
            await edge(scope, receive, send)

    return app


def fastapi_app(parts: HttpParts) -> FastAPI:
    """The FastAPI part alone, with the OpenAPI description."""
    app = FastAPI(
        title="PromptOps",
        version=__version__,
        description="Prompts in Git, published to environments, delivered to applications.",
        docs_url=None,  # the built-in pages load scripts from other hosts
        redoc_url=None,
        openapi_url=None,  # `describe` answers there
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    app.state.authenticate = parts.authenticate
    app.state.by_cookie = parts.by_cookie
    refusals.install(app, parts.denials)
    for router in parts.api:
        app.include_router(router, prefix=API_PREFIX)
    # Last: it answers every address of the console, and `/`.
    page = (
        console_files.router(parts.console)
        if console_files.is_built(parts.console)
        else front.router()
    )
    for router in (*parts.root, page):
        app.include_router(router)
    describe(app, prefix=API_PREFIX)
    return app
