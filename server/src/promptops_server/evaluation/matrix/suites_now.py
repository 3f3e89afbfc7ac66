"""Which suites belong to prompts now, with their digests: read once for each content, then known.

Answers the port `SuitesNow` over `evaluation.suites`. What was read is known by all it was read from, so that it never
goes stale: the rules, the prompt's content, and the blobs of the files beside it. It is kept in a row beside the version
(`readings`), and in memory where it has no row.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from promptops.format.companions import TEST_DATA
from promptops.format.suite import SUITE_ENDINGS
from promptops_server import __version__
from promptops_server.evaluation.checks import GROUP
from promptops_server.evaluation.matrix.readings import Reading, Subject, subjects
from promptops_server.evaluation.model import Suite
from promptops_server.evaluation.plugins import packages
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.git.objects import encode_path
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.records.read import head_of_main

SuitesOf = Callable[[Connection, Project, str, bytes, Sequence[str] | None], tuple[Suite, ...]]
"""`evaluation.suites.find.suites_of`: those named, or (None) all that belong to the prompt."""
Keep = Callable[[str, Sequence[Reading]], None]
"""Takes a project's id and what was read, to store it when there is time; never raises, never waits."""

FORMAT: Final = 1
"""Of what is kept. Raise it when the same files come to give other suites, names or digests."""
_SUITES: Final = tuple(ending.encode() for ending in SUITE_ENDINGS)
_PROMPTS: Final = (b".prompt.yml", b".prompt.yaml")
"""A file beside belongs to the prompt with the longest name, so that other prompts' names count too."""
_REMEMBERED: Final = 20_000
_AT_ONCE: Final = 20
"""Files of prompts that are in memory together; each has up to 1 MiB."""
UNREADABLE: Final = "unreadable"
"""Stands for the digest of a suite with errors: no run has it."""

_Files = tuple[tuple[bytes, str], ...]


def _keep_nothing(project_id: str, readings: Sequence[Reading]) -> None:
    pass


class SuitesAtHead:
    """The suites of prompts at the head of main. Safe in any thread.

    Args:
        suites_of: reads suites.
        keep: stores what was read, so that it is known after a start.
    """

    def __init__(self, suites_of: SuitesOf, keep: Keep = _keep_nothing) -> None:
        self._suites_of = suites_of
        self._keep = keep
        self._known: OrderedDict[str, Mapping[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(
        self,
        conn: Connection,
        project: Project,
        prompts: Sequence[tuple[str, int]],
        more: Sequence[str] = (),
    ) -> Mapping[str, Mapping[str, str]]:
        """As the port says."""
        if not prompts:
            return {}
        beside = _Beside(ObjectView(conn, project.id), head_of_main(conn, project))
        found: dict[str, Mapping[str, str]] = {}
        missing: list[tuple[Subject, str, _Files]] = []
        asked = subjects(conn, project.id, prompts)
        for subject in asked:
            files = beside.of(subject.path)
            known_by = _known_by(subject, files)
            known = subject.suites(known_by)
            if known is None:
                known = self._remembered(known_by)
            if known is None:
                missing.append((subject, known_by, files))
            else:
                found[subject.path] = known
        for at in range(0, len(missing), _AT_ONCE):
            found.update(self._read_some(conn, project, missing[at : at + _AT_ONCE]))
        if not more:
            return found
        named: dict[str, Mapping[str, str]] = {}
        for at in range(0, len(asked), _AT_ONCE):
            some = asked[at : at + _AT_ONCE]
            contents = _contents(conn, project, some)
            for subject in some:
                further = self._read(conn, project, subject.path, contents.get(subject.blob), more)
                named[subject.path] = {**further, **found.get(subject.path, {})}
        return named

    def _read_some(
        self, conn: Connection, project: Project, missing: Sequence[tuple[Subject, str, _Files]]
    ) -> Mapping[str, Mapping[str, str]]:
        contents = _contents(conn, project, [subject for subject, _, _ in missing])
        found: dict[str, Mapping[str, str]] = {}
        readings: list[Reading] = []
        for subject, known_by, files in missing:
            # With no suite file beside it there is no need to look for some again.
            names = None if any(blob for _, blob in files) else (TEST_DATA,)
            content = contents.get(subject.blob)
            digests = self._read(conn, project, subject.path, content, names)
            found[subject.path] = digests
            if subject.behaviour is None:
                continue  # what it includes may come to be
            self._remember(known_by, digests)
            # A later program, or another package, may be able to read what this one cannot.
            if UNREADABLE not in digests.values():
                readings.append(
                    Reading(subject.prompt_id, subject.number, subject.blob, known_by, digests)
                )
        if readings:
            self._keep(project.id, readings)
        return found

    def _read(
        self,
        conn: Connection,
        project: Project,
        path: str,
        content: bytes | None,
        names: Sequence[str] | None,
    ) -> Mapping[str, str]:
        if content is None:
            return {}
        try:
            suites = self._suites_of(conn, project, path, content, names)
        except NotFound:
            return {}
        except Invalid as error:
            first = (error.members.get("errors") or [{}])[0]
            return {str(first.get("file") or "beside the prompt"): UNREADABLE}
        return {suite.name: suite.digest for suite in suites if suite.cases}

    def _remembered(self, known_by: str) -> Mapping[str, str] | None:
        with self._lock:
            return self._known.get(known_by)

    def _remember(self, known_by: str, digests: Mapping[str, str]) -> None:
        with self._lock:
            self._known[known_by] = digests
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _known_by(subject: Subject, files: _Files) -> str:
    """What the suites of a version follow from.

    `behaviour` stands for the prompt's inputs, also those of fragments, which cases are held against.
    """
    beside = [(name.decode("utf-8", "backslashreplace"), blob) for name, blob in files]
    said = [
        *(FORMAT, __version__, packages(GROUP)),
        *(subject.path, subject.blob, subject.behaviour, beside),
    ]
    return "sha256:" + hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _contents(conn: Connection, project: Project, asked: Sequence[Subject]) -> Mapping[str, bytes]:
    """The files of versions by their blobs; a missing one is left out."""
    wanted = {subject.blob for subject in asked}
    found = ObjectView(conn, project.id).objects(wanted)
    return {one.oid: zlib.decompress(one.z) for one in found}


class _Beside:
    """The suite files of folders, each folder looked into once."""

    def __init__(self, view: ObjectView, head: str | None) -> None:
        self._view = view
        self._head = head
        self._folders: dict[str, dict[bytes, list[tuple[bytes, str]]]] = {}

    def of(self, path: str) -> _Files:
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
