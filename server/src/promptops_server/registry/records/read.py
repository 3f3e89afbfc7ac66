"""The record of a prompt as one commit has it: the file, the defaults around it, and the judgement.

Owns which commit is read. An address with a selector means the commit of its version, so that what is
told of a version never changes; one without means the head of `main`, where the newest defaults are.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format import MAX_BYTES, FragmentError, fragments, parse, resolve_fragments
from promptops.format.record import Defaults, Examined, Tier, examine, layers_of, read_defaults
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import BLOB, MODE_EXECUTABLE, MODE_FILE
from promptops_server.registry.git.push_rules import MAIN
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project, Version
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.versions import fragment_loader, resolve, version_bytes

_REGULAR = (MODE_FILE, MODE_EXECUTABLE)


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version's record. `examined` is None for an invalid file; `commit` is where its defaults were read."""

    version: Version
    commit: str
    examined: Examined | None


class RecordReader:
    """Reads records of one project; defaults are read once each."""

    def __init__(self, conn: Connection, project: Project) -> None:
        self._view = ObjectView(conn, project.id)
        self._load = fragment_loader(conn, project)
        self._defaults: dict[tuple[str, str], Defaults | None] = {}

    def examine(
        self, path: str, data: bytes, commit: str, tier: Tier | None = None
    ) -> Examined | None:
        """Judge a prompt file at `path` under the defaults of a commit; None for an invalid file."""
        parsed = parse(data)
        file = parsed.file
        if file is None:
            return None
        whole = True
        if "{{" in parsed.text and fragments(file):
            try:
                file = resolve_fragments(file, self._load)
            except FragmentError:
                whole = False
        defaults = layers_of(path, lambda at: self.defaults(commit, at))
        return examine(file, parsed.source, defaults, tier=tier, whole=whole)

    def defaults(self, commit: str, path: str) -> Defaults | None:
        """The defaults file at a path of a commit, None where there is none."""
        key = (commit, path)
        if key not in self._defaults:
            entry = self._view.entry_at(commit, path)
            found = None
            if entry is not None and entry.mode in _REGULAR:
                found = read_defaults(path, start_of(self._view, entry.oid))
            self._defaults[key] = found
        return self._defaults[key]


def start_of(view: ObjectView, oid: str) -> bytes:
    """A blob, or as much of it as shows that it is too large to be read."""
    for blob in view.require((oid,), BLOB):
        return zlib.decompressobj().decompress(blob.z, MAX_BYTES + 1)
    return b""


def read_record(
    conn: Connection,
    project: Project,
    path: str,
    selector: str | None,
    live: LiveVersion,
    *,
    tier: Tier | None = None,
) -> VersionRecord:
    """The record at an address.

    Raises:
        BadRequest, NotFound, Conflict: as `versions.resolve`.
    """
    version = resolve(conn, project, path, selector, live)
    commit = version.commit if selector else head_of_main(conn, project) or version.commit
    data = version_bytes(conn, project.id, version)
    examined = RecordReader(conn, project).examine(path, data, commit, tier)
    return VersionRecord(version, commit, examined)


def head_of_main(conn: Connection, project: Project) -> str | None:
    """The commit that `main` is at, None in an empty project."""
    head = read.head_commit(conn, project.id, MAIN)
    return None if head is None else head.oid
