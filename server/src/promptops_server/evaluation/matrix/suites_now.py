"""Which suites belong to prompts now, with their digests: read once for each content, then remembered.

Answers the port `SuitesNow` over `evaluation.suites`. What is remembered is known by the version of the prompt and the
blobs of the files beside it, so that it never goes stale.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from promptops.format.companions import TEST_DATA
from promptops.format.suite import SUITE_ENDINGS
from promptops_server.evaluation.model import Suite
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.git.objects import encode_path
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project, Version
from promptops_server.registry.records.read import head_of_main
from promptops_server.registry.versions import versions_at

SuitesOf = Callable[[Connection, Project, str, Version, Sequence[str] | None], tuple[Suite, ...]]
"""`evaluation.suites.find.suites_of`: those named, or (None) all that belong to the prompt."""

_SUITES: Final = tuple(ending.encode() for ending in SUITE_ENDINGS)
_PROMPTS: Final = (b".prompt.yml", b".prompt.yaml")
"""A file beside belongs to the prompt with the longest name, so that other prompts' names count too."""
_REMEMBERED: Final = 50_000
UNREADABLE: Final = "unreadable"
"""Stands for the digest of a suite with errors: no run has it."""

_Key = tuple[str, str, int, tuple[tuple[bytes, str], ...]]


class SuitesAtHead:
    """The suites of prompts at the head of main. Safe in any thread."""

    def __init__(self, suites_of: SuitesOf) -> None:
        self._suites_of = suites_of
        self._known: OrderedDict[_Key, Mapping[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(
        self,
        conn: Connection,
        project: Project,
        prompts: Sequence[tuple[str, int]],
        more: Sequence[str] = (),
    ) -> Mapping[str, Mapping[str, str]]:
        """As the port says."""
        head = head_of_main(conn, project)
        beside = _Beside(ObjectView(conn, project.id), head)
        keys = {path: (project.id, path, number, beside.of(path)) for path, number in prompts}
        with self._lock:
            found = {path: self._known[key] for path, key in keys.items() if key in self._known}
        missing = [(path, number) for path, number in prompts if path not in found]
        for version in versions_at(conn, project, missing) if missing else ():
            # With no suite file beside it there is no need to look for some again.
            names = None if any(blob for _, blob in keys[version.path][3]) else (TEST_DATA,)
            digests = self._read(conn, project, version, names)
            found[version.path] = digests
            self._remember(keys[version.path], digests)
        if not more:
            return found
        named = {version.path: version for version in versions_at(conn, project, prompts)}
        return {
            path: {**self._read(conn, project, named[path], more), **found.get(path, {})}
            for path in named
        }

    def _read(
        self, conn: Connection, project: Project, version: Version, names: Sequence[str] | None
    ) -> Mapping[str, str]:
        try:
            suites = self._suites_of(conn, project, version.path, version, names)
        except NotFound:
            return {}
        except Invalid as error:
            first = (error.members.get("errors") or [{}])[0]
            return {str(first.get("file") or "beside the prompt"): UNREADABLE}
        return {suite.name: suite.digest for suite in suites if suite.cases}

    def _remember(self, key: _Key, digests: Mapping[str, str]) -> None:
        with self._lock:
            self._known[key] = digests
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


class _Beside:
    """The suite files of folders, each folder looked into once."""

    def __init__(self, view: ObjectView, head: str | None) -> None:
        self._view = view
        self._head = head
        self._folders: dict[str, dict[bytes, list[tuple[bytes, str]]]] = {}

    def of(self, path: str) -> tuple[tuple[bytes, str], ...]:
        """Name and blob of the files beside a prompt that may be its suites."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._look(folder)
        start = encode_path(name)
        files = self._folders[folder].get(start.partition(b".")[0], ())
        return tuple(file for file in files if file[0].startswith(start + b"."))

    def _look(self, folder: str) -> dict[bytes, list[tuple[bytes, str]]]:
        """By what stands before the first dot of their names."""
        found: dict[bytes, list[tuple[bytes, str]]] = {}
        if self._head is None:
            return found
        if folder:
            entry = self._view.entry_at(self._head, folder)
            if entry is None or not entry.is_tree:
                return found
            tree = self._view.tree(entry.oid)
        else:
            tree = self._view.tree(self._view.commit_row(self._head).tree)
        for name in tree.raw:
            if name.endswith(_SUITES):
                file = tree.get(name)
                blob = "" if file is None else file.oid
            elif name.endswith(_PROMPTS):
                blob = ""
            else:
                continue
            found.setdefault(name.partition(b".")[0], []).append((name, blob))
        return found
