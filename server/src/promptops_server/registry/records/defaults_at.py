"""The defaults of records as commits have them: found in their trees, many at once, each file read once.

Owns finding and reading. What such a file may hold is `promptops.format.record.defaults`.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from promptops.format import MAX_BYTES
from promptops.format.record import (
    DEFAULTS_FILE,
    Defaults,
    defaults_paths,
    inherited_of,
    read_defaults,
)
from promptops_server.registry.git.objects import (
    BLOB,
    MODE_EXECUTABLE,
    MODE_FILE,
    Tree,
    encode_path,
)
from promptops_server.registry.git.store import batches
from promptops_server.registry.git.view import ObjectView

_REGULAR = (MODE_FILE, MODE_EXECUTABLE)
_NAME = DEFAULTS_FILE.encode()
_COMMITS = 100
"""Whose trees are in memory at a time."""

At = tuple[str, str]
"""A commit, and a path in it."""


class DefaultsAt:
    """Defaults of the prompts of one project; what was found is remembered."""

    def __init__(self, view: ObjectView) -> None:
        self._view = view
        self._blobs: dict[At, str | None] = {}
        self._read: dict[tuple[str, str], Defaults] = {}
        self._inherited: dict[tuple[tuple[str, str], ...], Mapping[str, Any]] = {}

    def load(self, wanted: Iterable[At]) -> None:
        """Find the defaults of many prompts with a few queries. Raises NotFound for a missing commit."""
        missing: dict[str, set[str]] = {}
        for commit, path in wanted:
            for at in defaults_paths(path):
                if (commit, at) not in self._blobs:
                    missing.setdefault(commit, set()).add(at)
        for commits in batches(missing, _COMMITS):
            self._find({commit: missing[commit] for commit in commits})

    def of(self, commit: str, path: str) -> list[Defaults]:
        """The defaults files of a prompt in a commit, the project's first."""
        return [self._file(at, oid) for at, oid in self._layers(commit, path)]

    def inherited(self, commit: str, path: str) -> Mapping[str, Any]:
        """What they give together; empty where there are none. The same value for the same files."""
        layers = self._layers(commit, path)
        if layers not in self._inherited:
            self._inherited[layers] = inherited_of([self._file(at, oid) for at, oid in layers])
        return self._inherited[layers]

    def _layers(self, commit: str, path: str) -> tuple[tuple[str, str], ...]:
        paths = defaults_paths(path)
        if any((commit, at) not in self._blobs for at in paths):
            self.load(((commit, path),))
        found = ((at, self._blobs[commit, at]) for at in paths)
        return tuple((at, oid) for at, oid in found if oid is not None)

    def _file(self, path: str, oid: str) -> Defaults:
        key = (path, oid)
        if key not in self._read:
            known = _recent.get((self._view.project_id, *key))
            self._read[key] = known or read_defaults(path, start_of(self._view, oid))
            _recent.put((self._view.project_id, *key), self._read[key])
        return self._read[key]

    def _find(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Level by level through the folders, the trees of one level together."""
        rows = self._view.commit_rows(wanted)
        level: dict[tuple[str, str], str] = {(commit, ""): rows[commit].tree for commit in wanted}
        below = {commit: _folders_below(paths) for commit, paths in wanted.items()}
        for commit, paths in wanted.items():
            self._blobs.update(((commit, path), None) for path in paths)
        while level:
            trees = self._view.trees(level.values())
            deeper: dict[tuple[str, str], str] = {}
            for (commit, folder), oid in level.items():
                tree = trees[oid]
                if folder + DEFAULTS_FILE in wanted[commit]:
                    self._blobs[commit, folder + DEFAULTS_FILE] = _regular(tree)
                for name in below[commit].get(folder, ()):
                    entry = tree.get(encode_path(name))
                    if entry is not None and entry.is_tree:
                        deeper[commit, f"{folder}{name}/"] = entry.oid
            level = deeper


class _Recent:
    """Files read lately, so that a project's own are not parsed for each new version."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._files: OrderedDict[tuple[str, str, str], Defaults] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, key: tuple[str, str, str]) -> Defaults | None:
        with self._mutex:
            return self._files.get(key)

    def put(self, key: tuple[str, str, str], read: Defaults) -> None:
        with self._mutex:
            self._files[key] = read
            self._files.move_to_end(key)
            while len(self._files) > self._most:
                self._files.popitem(last=False)


_recent = _Recent(64)


def start_of(view: ObjectView, oid: str) -> bytes:
    """A blob, or as much of it as shows that it is too large to be read."""
    for blob in view.require((oid,), BLOB):
        return zlib.decompressobj().decompress(blob.z, MAX_BYTES + 1)
    return b""


def _regular(tree: Tree) -> str | None:
    entry = tree.get(_NAME)
    return entry.oid if entry is not None and entry.mode in _REGULAR else None


def _folders_below(paths: Iterable[str]) -> dict[str, set[str]]:
    """Per folder, with its closing slash, the folders right below it that lead to these files."""
    found: dict[str, set[str]] = {}
    for path in paths:
        folder = ""
        for name in path.split("/")[:-1]:
            found.setdefault(folder, set()).add(name)
            folder += name + "/"
    return found
