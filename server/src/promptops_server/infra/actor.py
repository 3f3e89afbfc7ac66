"""Who acts. Built once per request by `access`, passed explicitly to every use case, written into every audit event."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

ActorKind = Literal["person", "service", "system"]
EVERY_PROJECT: Final = "*"
"""As a grant's project: every project, also future ones."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and where it holds: a project, and with it optionally a module and an environment."""

    project: str
    """`EVERY_PROJECT` for all."""
    role: str
    module: str = ""
    """The folder whose prompts it is limited to, without a closing slash; empty for the whole project."""
    environment: str = ""
    """The environment it is limited to; empty for any, and for what has no environment."""

    @classmethod
    def parse(cls, text: str) -> Grant:
        """Read ``project/module@environment:role``, as `Actor.roles` holds it."""
        where, _, role = text.rpartition(":")
        place, _, environment = where.partition("@")
        project, _, module = place.partition("/")
        return cls(project, role, module, environment)

    def __str__(self) -> str:
        """The same text again."""
        return f"{self.place}:{self.role}"

    @property
    def place(self) -> str:
        """Where it holds: ``project/module@environment``."""
        module = f"/{self.module}" if self.module else ""
        environment = f"@{self.environment}" if self.environment else ""
        return f"{self.project}{module}{environment}"

    def covers_project(self, project: str | None) -> bool:
        """Whether it says anything about this project; None is the installation, which only grants on all touch."""
        return self.project in (EVERY_PROJECT, project)

    def covers(self, project: str | None, path: str | None, environment: str | None) -> bool:
        """Whether the role holds for this path (a folder ends with a slash; None: the whole project)."""
        return (
            self.covers_project(project)
            and (not self.module or (path or "").startswith(self.module + "/"))
            and (not self.environment or environment == self.environment)
        )


@lru_cache(maxsize=4096)
def grants_in(roles: frozenset[str]) -> tuple[Grant, ...]:
    """The grants that these texts stand for, in a stable order."""
    return tuple(Grant.parse(text) for text in sorted(roles))


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token narrows its holder to; ``None`` means no narrowing in that direction."""

    role: str | None = None
    project: str | None = None
    """A project's name."""
    environment: str | None = None
    """An environment's name; set on delivery tokens, which may only read it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service account or the server itself.

    `roles` are grants as ``where:role``: ``*`` for every project, a project, and with it optionally a module and an
    environment (``retail-bank:author``, ``retail-bank/claims:reviewer``, ``retail-bank/claims@production:publisher``).
    """

    subject: str
    """The user's row id, stable for life; ``system`` for the server."""
    name: str
    kind: ActorKind = "person"
    roles: frozenset[str] = field(default_factory=frozenset)
    admin: bool = False
    scope: Scope = Scope()
    auth_method: str = "token"
    """``password``, ``sso``, ``token``, ``operator`` (minted on the server's own machine) or ``system``."""
    session: str | None = None
    """The token's or session's row id."""
    ip: str | None = None
    request_id: str | None = None
    person: str = ""
    """Whose account it is, the same for every account of one human; empty when this account is their only one."""

    @property
    def identity(self) -> str:
        """The human or machine behind the account: what separation of duties compares."""
        return self.person or self.subject


SYSTEM = Actor(subject="system", name="system", kind="system", admin=True, auth_method="system")
