"""What delivery asks of others: may this token read this environment? `app` connects it to `access`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.problems import Denied, ProblemError, Unauthenticated


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token that may read."""

    subject: str
    token_id: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A token that may not; `problem` is what the client is told."""

    problem: ProblemError


class Authorised(Protocol):
    """Decides about a token; asked on a thread, at most every two seconds per token and environment."""

    def __call__(self, token: str, project: str, environment: str) -> TokenInfo | Refusal:
        """Raises Unavailable when it cannot be decided now."""
        ...


def authorised_by(
    by_token: Callable[[str], Actor],
    authorise: Authorise,
    refused: Callable[[Actor, str, Denied], None] | None = None,
) -> Authorised:
    """The port from what `access` offers: a token's actor (raising Unauthenticated), and the policy.

    `refused` is told whom the policy refused, in which project.
    """

    def authorised(token: str, project: str, environment: str) -> TokenInfo | Refusal:
        try:
            actor = by_token(token)
        except Unauthenticated as problem:
            return Refusal(problem)
        try:
            require(authorise, actor, "delivery:read", Resource(project, environment=environment))
        except Denied as problem:
            if refused is not None:
                refused(actor, project, problem)
            return Refusal(problem)
        return TokenInfo(actor.subject, actor.session)

    return authorised
