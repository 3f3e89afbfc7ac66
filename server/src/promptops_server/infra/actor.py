"""Who acts. Built once per request by `access`, passed explicitly to every use case, written into every audit event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ActorKind = Literal["person", "service", "system"]


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
