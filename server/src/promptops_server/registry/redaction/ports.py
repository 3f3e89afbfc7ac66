"""What redaction asks of others; `app` connects the answers.

`Released` is answered by `releases`, `Tested` by `evaluation`, `Served` by `delivery`, `NoHold` by `audit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.infra.database import Transaction
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.replace import Replacer


class NoHold(Protocol):
    """Whether a legal hold keeps the project as it is."""

    def __call__(self, conn: Connection, project_id: str) -> None:
        """Raises Denied (or Conflict) while a hold stands."""
        ...


@dataclass(frozen=True, slots=True)
class LiveText:
    """A prompt whose live content holds a text."""

    environment: str
    path: str
    version: int


@dataclass(frozen=True, slots=True)
class ReleasedTexts:
    """What environments hold of the texts."""

    artifacts: tuple[str, ...] = ()
    """Digests of compiled artifacts, live or not."""
    live: tuple[LiveText, ...] = ()
    releases: int = 0
    """Releases that made such an artifact live."""
    statements: int = 0
    """Signed statements whose reasons hold a text: they stay as they were signed."""
    reasons: int = 0
    """Reasons of releases and schedules that are redacted."""


class Released(Protocol):
    """What was released; answered by `releases`."""

    def find(
        self,
        conn: Connection,
        project: Project,
        replacer: Replacer,
        versions: Mapping[str, frozenset[int]],
    ) -> ReleasedTexts:
        """Where the texts stand; `versions` are those whose content holds one, by path. Only reads."""
        ...

    def redact(
        self,
        tx: Transaction,
        project: Project,
        replacer: Replacer,
        found: ReleasedTexts,
        ids: Mapping[str, str],
    ) -> None:
        """Empty these artifacts, follow commits and files to their new `ids`, redact reasons. The lock is held."""
        ...


class Tested(Protocol):
    """What test runs keep; answered by `evaluation`."""

    def find(self, conn: Connection, project_id: str, replacer: Replacer) -> dict[str, int]:
        """How many rows hold a text, by kind; kinds without are missing. Only reads."""
        ...

    def redact(
        self, tx: Transaction, project_id: str, replacer: Replacer, ids: Mapping[str, str]
    ) -> dict[str, int]:
        """Take the texts out, follow files to their new `ids`; how many rows changed, by kind. The lock is held."""
        ...


class Served(Protocol):
    """What is kept outside the database for followers; answered by `delivery`."""

    def __call__(self, project_id: str) -> None:
        """Forget every artifact of the project that has become a tombstone. Raises when Redis does not answer."""
        ...


class NothingReleased:
    """The answer of an installation without environments."""

    def find(
        self,
        conn: Connection,
        project: Project,
        replacer: Replacer,
        versions: Mapping[str, frozenset[int]],
    ) -> ReleasedTexts:
        return ReleasedTexts()

    def redact(
        self,
        tx: Transaction,
        project: Project,
        replacer: Replacer,
        found: ReleasedTexts,
        ids: Mapping[str, str],
    ) -> None:
        return None


class NothingTested:
    """The answer of an installation without test runs."""

    def find(self, conn: Connection, project_id: str, replacer: Replacer) -> dict[str, int]:
        return {}

    def redact(
        self, tx: Transaction, project_id: str, replacer: Replacer, ids: Mapping[str, str]
    ) -> dict[str, int]:
        return {}


def no_hold(conn: Connection, project_id: str) -> None:
    """The answer of an installation without legal holds."""


def nothing_served(project_id: str) -> None:
    """The answer of an installation without followers."""
