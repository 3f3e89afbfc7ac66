"""What the registry asks of higher packages: where a prompt is live. `app` connects `releases`' answers.

The ports of the Git remote are in `git.ports`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import NotFound
from promptops_server.registry.model import LivePlace, Project, Version, VersionState

ProjectHook = Callable[[Transaction, Actor, Project], None]
"""Called in the transaction that creates a project, after its audit event, which is the first of its log."""


class LiveVersion(Protocol):
    """Which versions are live, asked on the caller's connection."""

    def live(self, conn: Connection, project_id: str, environment: str, path: str) -> int | None:
        """The version live in the environment now, or None.

        Raises:
            NotFound: the project has no such environment.
        """
        ...

    def where(
        self, conn: Connection, project_id: str, paths: Sequence[str]
    ) -> Mapping[str, tuple[LivePlace, ...]]:
        """Per path the environments in which it is live; paths that are live nowhere may be missing."""
        ...

    def environments(self, conn: Connection, project_id: str) -> Sequence[str]:
        """The names of the project's environments, in the order of promotion."""
        ...


class VersionStates(Protocol):
    """What state versions are in, asked on the caller's connection; answered by `releases.states`."""

    def __call__(
        self, conn: Connection, project: Project, versions: Sequence[Version]
    ) -> Mapping[tuple[str, int], VersionState]:
        """The state by path and number; versions without an entry are judged by where they are live alone."""
        ...


def live_or_draft(
    conn: Connection, project: Project, versions: Sequence[Version]
) -> Mapping[tuple[str, int], VersionState]:
    """The answer of an installation without a workflow."""
    return {}


class NothingLive:
    """The answer of an installation without environments."""

    def live(self, conn: Connection, project_id: str, environment: str, path: str) -> int | None:
        raise NotFound(f"The project has no environment {environment!r}.")

    def where(
        self, conn: Connection, project_id: str, paths: Sequence[str]
    ) -> Mapping[str, tuple[LivePlace, ...]]:
        return {}

    def environments(self, conn: Connection, project_id: str) -> Sequence[str]:
        return ()
