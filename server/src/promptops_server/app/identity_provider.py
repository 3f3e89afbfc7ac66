"""Sign-in with the identity provider, put together only where one is configured: its libraries take 10 MB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter

from promptops_server.access.sign_in.browser import Site
from promptops_server.app.errors import CannotStart
from promptops_server.infra.database import Database
from promptops_server.infra.settings import Settings


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """The routes below `/api/v1`, and those at the root."""

    api: APIRouter
    root: APIRouter


def identity_provider(
    settings: Settings, db: Database, secret: bytes, site: Site, forget: Callable[[], None]
) -> IdentityProvider | None:
    """The provider of the settings; None without one.

    Raises:
        CannotStart: the settings do not go together.
    """
    if settings.oidc.issuer is None and settings.oidc.client_id is None:
        return None
    from promptops_server.access.sign_in.oidc.assembly import OidcUnusable, flow_of
    from promptops_server.access.sign_in.oidc.routes import OidcDeps, api_router, root_router

    try:
        flow = flow_of(db, secret, settings.oidc, settings.access, site, forget)
    except OidcUnusable as error:
        raise CannotStart(str(error)) from None
    if flow is None:
        return None
    deps = OidcDeps(flow, settings.access.longest_token_days)
    return IdentityProvider(api_router(deps), root_router(deps))
