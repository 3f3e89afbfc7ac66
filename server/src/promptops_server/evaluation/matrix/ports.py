"""What the matrix asks of others; `app` connects the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.providers.model import Target
from promptops_server.registry.model import Project
from promptops_server.registry.ports import LiveVersion, NothingLive


class SuitesNow(Protocol):
    """The suites that belong to prompts as they are now; answered by `evaluation.suites`."""

    def __call__(
        self,
        conn: Connection,
        project: Project,
        prompts: Sequence[tuple[str, int]],
        more: Sequence[str] = (),
    ) -> Mapping[str, Mapping[str, str]]:
        """Per path, suite name to digest, for versions (path, number).

        Those of the prompt file itself are read at the version, files beside it at the head of main. `more` are suites
        that are asked for by name besides; one that does not exist is left out.
        """
        ...


class CatalogueDigest(Protocol):
    """The digest of a target's catalogue entry as it is now; answered by `providers.catalogue`."""

    def __call__(self, target: Target) -> str | None:
        """ "" when there is no entry, None when the catalogue cannot tell."""
        ...


class ModelFamily(Protocol):
    """The family of a target's model, such as `claude`; answered by `providers.catalogue`."""

    def __call__(self, target: Target) -> str | None:
        """None where it is not known."""
        ...


class TargetProblem(Protocol):
    """Why a target cannot be asked, such as `no credentials`; answered by `providers.targets`."""

    def __call__(self, target: Target) -> str:
        """Empty when nothing is known to be in the way. Cheap: no call is made."""
        ...


def no_suites(
    conn: Connection,
    project: Project,
    prompts: Sequence[tuple[str, int]],
    more: Sequence[str] = (),
) -> Mapping[str, Mapping[str, str]]:
    """The answer where nothing reads suites."""
    return {}


def no_catalogue(target: Target) -> str | None:
    """The answer without a catalogue."""
    return None


def no_family(target: Target) -> str | None:
    """The answer without a catalogue."""
    return None


def no_problem(target: Target) -> str:
    """The answer where nobody looks."""
    return ""


@dataclass(frozen=True, slots=True)
class Around:
    """What cells are compared with."""

    suites: SuitesNow = no_suites
    catalogue: CatalogueDigest = no_catalogue
    problem: TargetProblem = no_problem
    family: ModelFamily = no_family


@dataclass(frozen=True, slots=True)
class MatrixDeps:
    """What reading the matrix stands on."""

    db: Database
    authorise: Authorise
    live: LiveVersion = field(default_factory=NothingLive)
    around: Around = field(default_factory=Around)
