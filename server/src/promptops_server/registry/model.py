"""The values of the registry: projects, prompts and versions, and what a version's state is called.

Owns shapes and words only; reading and writing them is `projects`, `versions` and the use cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

VersionState = Literal[
    "draft",
    "in_review",
    "changes_requested",
    "reviewed",
    "approved",
    "lapsed",
    "rejected",
    "withdrawn",
    "revoked",
    "published",
    "emergency",
    "superseded",
    "suspended",
    "retired",
]
"""`published` while the version is live in an environment; the others are known above (`VersionStates`)."""


@dataclass(frozen=True, slots=True)
class Project:
    """A Git repository in SQL. `created_at` is in microseconds since 1970."""

    id: str
    name: str
    title: str
    description: str
    created_at: int
    created_by: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One address of a project, with what lists need about its newest version."""

    id: int
    project: str
    path: str
    extension: str
    latest: int
    valid: bool
    name: str
    description: str
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    model: str | None
    archived_at: int | None
    created_at: int
    updated_at: int
    states: tuple[str, ...] = ()
    """`facets.PromptState`s: `draft` or `published`, and `behind`, `suspended`."""

    @property
    def address(self) -> str:
        return f"{self.project}/{self.path}"

    @property
    def file_path(self) -> str:
        """Where the file lies in the repository."""
        return self.path + self.extension


@dataclass(frozen=True, slots=True)
class Version:
    """The content of one prompt at one address, for ever.

    `author` is the user id of who acted, `author_name` that user's name now, `author_text` the author line of
    the commit as pushed. `problems` are the findings in the file, errors and warnings. `moved_from` is the address
    (``module/prompt@7``) the same content had before. `behaviour` and `record` are None for an invalid file.
    `created_at` is when it was acknowledged here, in microseconds; `committed_at` is what the commit says, in seconds
    since 1970: a claim, never trusted as time.
    """

    prompt_id: int
    project: str
    path: str
    number: int
    commit: str
    blob: str
    behaviour: str | None
    record: str | None
    valid: bool
    problems: tuple[Mapping[str, Any], ...]
    author: str
    author_name: str
    author_text: str
    message: str
    moved_from: str | None
    created_at: int
    committed_at: int
    archived: bool
    latest: int
    redacted_at: int | None = None
    """When a redaction changed its content (microseconds); such a version cannot be released."""

    @property
    def address(self) -> str:
        return f"{self.project}/{self.path}@{self.number}"

    @property
    def parent(self) -> int | None:
        """The number this version was made from: the one before it at the same address."""
        return self.number - 1 if self.number > 1 else None


@dataclass(frozen=True, slots=True)
class LivePlace:
    """An environment in which a version of a prompt is live."""

    environment: str
    version: int


def state_of(number: int, places: tuple[LivePlace, ...]) -> VersionState:
    """The state of version `number`, given where its prompt is live."""
    return "published" if any(place.version == number for place in places) else "draft"
