"""Model targets without endpoints: providers, projects and a caller whose answers a test scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from promptops.calls.ask import Ask
from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import NotFound
from promptops_server.infra.sealing import Sealer
from promptops_server.providers.kind import Option, Provider
from promptops_server.providers.model import CallError, Delta, Reply, Target, Usage
from promptops_server.providers.targets.credentials import SEALED_FOR, Credentials, Places
from promptops_server.providers.targets.ports import TargetDeps

SECRET = b"a secret of the installation, 32"
ADMIN = Actor("u-admin", "root", "person", frozenset(), admin=True, auth_method="password")
AUTHOR = Actor(
    "u-author", "anna", "person", frozenset({"bank:author"}), admin=False, auth_method="password"
)
VIEWER = Actor(
    "u-viewer", "vera", "person", frozenset({"bank:viewer"}), admin=False, auth_method="password"
)


class Hosted(Provider):
    """A provider with an address of its own that wants a key."""

    name = "hosted"
    title = "Hosted"
    protocol = "openai"
    base_url = "https://api.hosted.example/v1"

    def url_of(self, target: Target, *, stream: bool) -> str:
        return f"{target.base_url or self.base_url}/chat/completions"


class Local(Hosted):
    """A provider that is wherever its target says, without a key."""

    name = "local"
    title = "Local"
    base_url = ""
    needs_credential = False


class Regional(Hosted):
    """A provider whose host follows from an option."""

    name = "regional"
    title = "Regional"
    options = (
        Option("place", "the region, like eu-1", required=True),
        Option("api_version", "a date", default="2025-01-01"),
    )

    def url_of(self, target: Target, *, stream: bool) -> str:
        return f"https://{target.options['place']}.regional.example/chat"


class Placed(Hosted):
    """A provider whose host follows from the target's region."""

    name = "placed"
    title = "Placed"

    def url_of(self, target: Target, *, stream: bool) -> str:
        if not target.region:
            raise CallError("invalid_parameter", "It needs a region.", parameter="region")
        return f"https://models.{target.region}.placed.example/chat"


KINDS: Mapping[str, Provider] = {kind.name: kind() for kind in (Hosted, Local, Placed, Regional)}


@dataclass
class SomeProjects:
    """Projects by name; all are readable to who holds a grant on them."""

    names: frozenset[str] = frozenset({"bank", "clinic"})

    def known(self, conn: Connection, names: Iterable[str]) -> frozenset[str]:
        return self.names & frozenset(names)

    def require_there(self, conn: Connection, project: str) -> None:
        if project not in self.names:
            raise NotFound(f"no project {project}")

    def require_readable(self, actor: Actor, project: str) -> None:
        from promptops_server.infra.authorise import Resource

        if not authorise(actor, "project:read", Resource(project=project)).allowed:
            raise NotFound(f"no project {project}")


@dataclass
class Scripted:
    """A caller that gives what it is told to; remembers what it was asked."""

    answer: Reply | CallError = field(
        default_factory=lambda: Reply("ready", "stop", usage=Usage(12, 1), model="m-1")
    )
    asked: list[tuple[Target, Ask]] = field(default_factory=list)

    async def call(
        self,
        target: Target,
        ask: Ask,
        *,
        deadline: float,
        on_delta: Callable[[Delta], None] | None = None,
    ) -> Reply:
        self.asked.append((target, ask))
        if isinstance(self.answer, CallError):
            raise self.answer
        return self.answer


@dataclass
class FixedPrices:
    """Every call costs `each`, and at most `most`."""

    each: int | None = 30
    most: int | None = 1000

    def cost_of(self, target: Target, usage: Usage) -> int | None:
        return self.each

    def most_it_can_cost(self, target: Target, input_tokens: int, max_tokens: int) -> int | None:
        return self.most


def deps_of(
    db: Database,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    patterns: tuple[str, ...] = ("*_API_KEY",),
    secret: bytes | None = SECRET,
    **more: Any,
) -> TargetDeps:
    """What the use cases stand on, with the doubles above."""
    sealer = None if secret is None else Sealer(secret, SEALED_FOR)
    credentials = Credentials(db, sealer, Places(patterns, directory, environ or {}))
    return TargetDeps(db, authorise, KINDS, credentials, SomeProjects(), **more)


@dataclass
class SomeEndpoints:
    """Endpoints whose lists and answers a test scripts."""

    caller: Scripted = field(default_factory=Scripted)
    models: tuple[str, ...] | CallError = ()
    opened: int = 0
    closed: int = 0

    async def listed(self, target: Target) -> tuple[str, ...]:
        if isinstance(self.models, CallError):
            raise self.models
        return self.models

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SomeEndpoints]:
        """As `CheckDeps.endpoints`."""
        self.opened += 1
        yield self
        self.closed += 1
