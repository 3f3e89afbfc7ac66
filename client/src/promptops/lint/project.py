"""The prompts around a file, as far as they are known: for what refers to them.

Owns the question and its two answers: a folder on disk, or a list with versions. A folder knows no
versions: they are counted by the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from promptops.format.names import EXTENSIONS


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt that is there. `latest` is its highest version, None where that is not known."""

    latest: int | None = None


class Project(Protocol):
    """Where prompts are looked up."""

    @property
    def name(self) -> str:
        """How a message names this place."""

    def find(self, path: str) -> Found | None:
        """The prompt at a project-relative path, or None if there is none."""


@dataclass(frozen=True, slots=True)
class ListedProject:
    """A project whose prompts and highest versions are known."""

    name: str
    latest: Mapping[str, int]

    def find(self, path: str) -> Found | None:
        """The prompt at a path with its highest version, or None."""
        return Found(self.latest[path]) if path in self.latest else None


@dataclass(frozen=True, slots=True)
class FolderProject:
    """The folder `root` as a project, seen from the folder `near` inside it.

    Where in a checkout the project begins is not written down (it may be `prompts/`), so a path
    counts as there if any folder from `near` up to `root` has it.
    """

    root: Path
    near: Path

    @property
    def name(self) -> str:
        """How a message names this place."""
        return f"the folder {self.root.name or self.root}"

    def find(self, path: str) -> Found | None:
        """The prompt at a path, its version unknown, or None."""
        folders = [self.near, *self.near.parents]
        if self.root in folders:
            folders = folders[: folders.index(self.root) + 1]
        there = (
            (folder / (path + extension)).is_file()
            for folder in folders
            for extension in EXTENSIONS
        )
        return Found() if any(there) else None
