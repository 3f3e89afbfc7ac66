"""What the use cases of targets stand on; `app` fills it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.providers.catalogue.entry import Entry
from promptops_server.providers.kind import Provider
from promptops_server.providers.model import Caller, Target, Usage
from promptops_server.providers.targets.address import Lookup
from promptops_server.providers.targets.credentials import Credentials


class Projects(Protocol):
    """Projects, which lie above this package."""

    def known(self, conn: Connection, names: Iterable[str]) -> frozenset[str]:
        """Those of the names that are projects."""
        ...

    def require_there(self, conn: Connection, project: str) -> None:
        """Raises NotFound when there is no project of exactly this name."""
        ...

    def require_readable(self, actor: Actor, project: str) -> None:
        """Raises NotFound when the actor may not read it, as if it did not exist."""
        ...


class Prices(Protocol):
    """What calls cost, from the catalogue; millionths of a US dollar, None where a price is unknown."""

    def cost_of(self, target: Target, usage: Usage) -> int | None:
        """Of a call that was made."""
        ...

    def most_it_can_cost(self, target: Target, input_tokens: int, max_tokens: int) -> int | None:
        """Of a call that is to be made."""
        ...


def nothing_known(target: Target) -> Entry | None:
    """The answer without a catalogue."""
    return None


class Endpoints(Protocol):
    """Endpoints while they are open for one check."""

    @property
    def caller(self) -> Caller:
        """Calls models."""
        ...

    async def listed(self, target: Target) -> tuple[str, ...]:
        """The ids of the models an endpoint has; empty where it does not say. Raises CallError."""
        ...


@dataclass(frozen=True, slots=True)
class TargetDeps:
    """`kinds` are the providers by name; `lookup` None asks the system's resolver.

    `known` says what the catalogue knows of a target's model, for those who choose among targets.
    """

    db: Database
    authorise: Authorise
    kinds: Mapping[str, Provider]
    credentials: Credentials
    projects: Projects
    plain_http: bool = False
    lookup: Lookup | None = None
    known: Callable[[Target], Entry | None] = nothing_known


@dataclass(frozen=True, slots=True)
class CheckDeps:
    """What a check stands on. Connections are of the running event loop: `endpoints` opens them and closes them behind it."""

    endpoints: Callable[[], AbstractAsyncContextManager[Endpoints]]
    prices: Prices | None = None
    seconds: float = 60.0
