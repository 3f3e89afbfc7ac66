"""The record of a prompt as one commit has it: the file, the defaults around it, and the judgement.

Owns which commit is read. An address with a selector means the commit of its version, so that what is
told of a version never changes; one without means the head of `main`, where the newest defaults are.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format import FragmentError, fragments, parse, record_digest, resolve_fragments
from promptops.format.record import Examined, Tier, examine
from promptops_server.registry.git import read
from promptops_server.registry.git.push_rules import MAIN
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project, Version
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.records.defaults_at import DefaultsAt
from promptops_server.registry.versions import fragment_loader, resolve, version_bytes


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version's record. `examined` is None for an invalid file; `commit` is where its defaults were read."""

    version: Version
    commit: str
    examined: Examined | None
    digest: str | None
    """The `record` digest under these defaults: the version's own, where read at its commit."""


class RecordReader:
    """Reads records of one project; defaults are read once each."""

    def __init__(self, conn: Connection, project: Project) -> None:
        self._load = fragment_loader(conn, project)
        self.defaults = DefaultsAt(ObjectView(conn, project.id))

    def examine(
        self, path: str, data: bytes, commit: str, tier: Tier | None = None
    ) -> Examined | None:
        """Judge a prompt file at `path` under the defaults of a commit; None for an invalid file."""
        judged = self.judge(path, data, commit, tier)
        return None if judged is None else judged[0]

    def judge(
        self, path: str, data: bytes, commit: str, tier: Tier | None = None
    ) -> tuple[Examined, str] | None:
        """The same, and its `record` digest under these defaults."""
        parsed = parse(data)
        own = file = parsed.file
        if own is None or file is None:
            return None
        whole = True
        if "{{" in parsed.text and fragments(file):
            try:
                file = resolve_fragments(file, self._load)
            except FragmentError:
                whole = False
        defaults = self.defaults.of(commit, path)
        examined = examine(file, parsed.source, defaults, tier=tier, whole=whole)
        return examined, record_digest(own, self.defaults.inherited(commit, path))


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
    judged = RecordReader(conn, project).judge(path, data, commit, tier)
    examined, digest = judged or (None, None)
    return VersionRecord(version, commit, examined, digest)


def head_of_main(conn: Connection, project: Project) -> str | None:
    """The commit that `main` is at, None in an empty project."""
    head = read.head_commit(conn, project.id, MAIN)
    return None if head is None else head.oid
