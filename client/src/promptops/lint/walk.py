"""Which files are checked, and what is known of the prompts around each.

Owns the walk over folders. Hidden folders and those of packages are left out; links are not
followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from promptops.format.names import EXTENSIONS

from .project import FolderProject

_LEFT_OUT = frozenset(("node_modules", "__pycache__", "venv"))


@dataclass(frozen=True, slots=True)
class Target:
    """A file to check; `name` is how findings call it, `project` the checkout or folder it is in."""

    path: Path
    name: str
    project: FolderProject | None


def targets(given: Iterable[Path]) -> Iterator[Target]:
    """The prompt files in these files and folders, each once, sorted within each folder.

    A file that is no prompt file is skipped. Raises FileNotFoundError for what is not there.
    """
    seen: set[Path] = set()
    for path in given:
        if not path.exists():
            raise FileNotFoundError(path)
        resolved = path.resolve()
        folder = resolved if path.is_dir() else resolved.parent
        root = _checkout(folder) or (folder if path.is_dir() else None)
        for file in _walk(path) if path.is_dir() else [path]:
            where = file.parent.resolve() / file.name
            if where in seen or not file.name.endswith(EXTENSIONS):
                continue
            seen.add(where)
            project = FolderProject(root, where.parent) if root else None
            yield Target(file, file.as_posix(), project)


def _walk(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _LEFT_OUT)
        for name in sorted(files):
            if name.endswith(EXTENSIONS):
                yield Path(at) / name


def _checkout(folder: Path) -> Path | None:
    """The nearest folder, from this one upwards, that Git has checked out."""
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)
