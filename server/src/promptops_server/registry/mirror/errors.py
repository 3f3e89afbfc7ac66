"""Refusals about mirrors, and why an attempt failed."""

from __future__ import annotations

from promptops_server.infra.problems import NotFound, ProblemError
from promptops_server.registry.mirror.model import Problem


class PushFailed(Exception):
    """An attempt that reached no result. `transient`: trying again may help.

    `code` is one of `model.WAITS_FOR_A_PERSON`, or ``unreachable``, ``busy``, ``protocol``, ``time``.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        remedy: str = "",
        *,
        transient: bool = False,
        after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(code, detail, remedy)
        self.transient = transient
        self.after = after
        """Seconds the host asked to wait."""


class BadAddress(ProblemError):
    """The address cannot be mirrored to."""

    status = 422
    slug = "bad-mirror-address"
    title = "This address cannot be mirrored to"


class BadCredentials(ProblemError):
    """What was given cannot be signed in with."""

    status = 422
    slug = "bad-mirror-credentials"
    title = "These credentials cannot be used"


def no_mirror(project: str) -> NotFound:
    """The project has no mirror."""
    return NotFound(
        f"{project} has no mirror.",
        remedy=f"An administrator sets one: promptops mirror set {project} URL",
        slug="no-mirror",
    )
