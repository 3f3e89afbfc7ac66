"""Model targets joined to the rest: projects, settings, connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.settings import Settings
from promptops_server.providers.calls import Calls
from promptops_server.providers.catalogue.entry import Entry
from promptops_server.providers.kinds.registry import all_providers, plugins_named
from promptops_server.providers.listing import listed
from promptops_server.providers.model import Target
from promptops_server.providers.request import Adapt, nothing_known
from promptops_server.providers.targets.credentials import SEALED_FOR, Credentials, Places
from promptops_server.providers.targets.ports import CheckDeps, Endpoints, Prices, TargetDeps
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.tables import project as project_table

if TYPE_CHECKING:
    from promptops_server.providers.wire.http import Http


class KnownProjects:
    """Projects as targets ask for them."""

    def __init__(self, authorise: Authorise) -> None:
        self._authorise = authorise

    def known(self, conn: Connection, names: Iterable[str]) -> frozenset[str]:
        """Those of the names that are projects."""
        wanted = list(names)
        there = select(project_table.c.name).where(project_table.c.name.in_(wanted))
        return frozenset(conn.execute(there).scalars())

    def require_there(self, conn: Connection, project: str) -> None:
        """Raises NotFound."""
        get_project(conn, project)

    def require_readable(self, actor: Actor, project: str) -> None:
        """Raises NotFound."""
        require_readable(self._authorise, actor, project)


def credentials_of(settings: Settings, database: Database, secret: bytes | None) -> Credentials:
    """Where targets' secrets come from; without the installation's secret nothing sealed opens."""
    models = settings.models
    return Credentials(
        database,
        None if secret is None else Sealer(secret, SEALED_FOR),
        Places.of(models.credential_env, models.credential_dir),
    )


def targets_of(
    settings: Settings,
    database: Database,
    authorise: Authorise,
    secret: bytes,
    known: Callable[[Target], Entry | None],
) -> TargetDeps:
    """What the use cases of targets stand on; `known` is the catalogue's answer about a target's model."""
    return TargetDeps(
        database,
        authorise,
        all_providers(plugins_named()),
        credentials_of(settings, database, secret),
        KnownProjects(authorise),
        plain_http=settings.models.allow_plain_http,
        known=known,
    )


def checks_of(
    settings: Settings,
    targets: TargetDeps,
    *,
    adapt: Adapt = nothing_known,
    prices: Prices | None = None,
) -> CheckDeps:
    """What checks stand on: connections of their own, closed behind each, since checks are rare.

    Args:
        adapt: makes the request as the target's model takes it.
        prices: count what checks cost; without them that is not known.
    """

    @asynccontextmanager
    async def endpoints() -> AsyncIterator[Endpoints]:
        from promptops_server.providers.wire.http import Http  # memory that an idle server saves

        http = Http(settings.models)
        caller = Calls(http, targets.kinds, targets.credentials.secret_of, adapt=adapt)
        try:
            yield _Open(caller, http, targets)
        finally:
            await caller.close()

    return CheckDeps(endpoints, prices, seconds=min(60.0, settings.models.call_seconds))


@dataclass(frozen=True, slots=True)
class _Open:
    """Endpoints over connections that are open."""

    caller: Calls
    http: Http
    targets: TargetDeps

    async def listed(self, target: Target) -> tuple[str, ...]:
        """The ids of the models an endpoint has. Raises CallError."""
        return await listed(
            self.http, self.targets.kinds, self.targets.credentials.secret_of, target
        )
