"""Reading a project's repository: what other parts of the server call.

Every function takes a connection and a project's row id. Each is one line over `view.ObjectView`; use that class
where several questions are asked at once, or of a push that is not stored yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection

from promptops_server.infra.problems import Conflict, NotFound
from promptops_server.registry.git import ancestry, store, tombstones
from promptops_server.registry.git.objects import MODE_EXECUTABLE, MODE_FILE, CommitInfo
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.view import ChangedFile, ObjectView

__all__ = [
    "ChangedFile",
    "CommitInfo",
    "blob",
    "blobs",
    "changed_files",
    "commit_info",
    "file_at",
    "files",
    "first_parent_steps",
    "head_commit",
    "is_ancestor",
    "ref",
    "refs",
    "resolve_commit",
]

_ABBREVIATED = re.compile(r"[0-9a-f]{4,40}")
_REGULAR = (MODE_FILE, MODE_EXECUTABLE)


def ref(conn: Connection, project_id: str, name: str) -> str | None:
    """The object id at a full ref name (``refs/heads/main``), ``None`` when there is no such ref."""
    return store.ref(conn, project_id, name)


def head_commit(conn: Connection, project_id: str, name: str) -> CommitRow | None:
    """The commit that a branch points to (``refs/heads/main``), ``None`` when there is no such branch."""
    return store.head_commit(conn, project_id, name)


def refs(conn: Connection, project_id: str) -> dict[str, str]:
    """Every ref: full name to object id, sorted by name."""
    return store.refs(conn, project_id)


def commit_info(conn: Connection, project_id: str, oid: str) -> CommitInfo:
    """Tree, parents, author, message and time of a commit. Raises NotFound."""
    return ObjectView(conn, project_id).commit_info(oid)


def resolve_commit(conn: Connection, project_id: str, abbreviated: str) -> str:
    """The whole id of the one commit whose id starts with at least four hexadecimal digits.

    The id a commit had before a redaction leads to what it is now.

    Raises:
        NotFound: no commit starts so, or the text is not hexadecimal.
        Conflict: several do.
    """
    prefix = abbreviated.lower()
    found = (
        store.commits_with_prefix(conn, project_id, prefix)
        if _ABBREVIATED.fullmatch(prefix)
        else []
    )
    if not found and _ABBREVIATED.fullmatch(prefix):
        found = sorted(set(tombstones.moved_commits(conn, project_id, prefix).values()))
    if not found:
        raise NotFound(
            f"There is no commit {abbreviated[:60]!r} in this project.",
            remedy="Give at least four hexadecimal digits of a commit's id.",
        )
    if len(found) > 1:
        raise Conflict(
            f"Several commits start with {prefix!r}.",
            remedy="Give more digits.",
            slug="ambiguous-commit",
            candidates=found,
        )
    return found[0]


def blob(conn: Connection, project_id: str, oid: str) -> bytes:
    """A file's content by its blob id. Raises NotFound."""
    return ObjectView(conn, project_id).blob(oid)


def blobs(conn: Connection, project_id: str, oids: Iterable[str]) -> dict[str, bytes]:
    """Many contents by blob id, in batches. Raises NotFound when one is missing."""
    return ObjectView(conn, project_id).blobs(oids)


def files(conn: Connection, project_id: str, commit_oid: str, prefix: str = "") -> dict[str, str]:
    """Path to blob id of every regular file under the folder `prefix`; symbolic links and submodules are left out.

    Raises:
        NotFound: there is no such commit. A folder that does not exist is empty.
    """
    found = ObjectView(conn, project_id).entries(commit_oid, prefix)
    return {path: entry.oid for path, entry in found.items() if entry.mode in _REGULAR}


def file_at(conn: Connection, project_id: str, commit_oid: str, path: str) -> str | None:
    """The blob id of the regular file at `path`, ``None`` when there is none. Raises NotFound for the commit."""
    entry = ObjectView(conn, project_id).entry_at(commit_oid, path)
    return entry.oid if entry is not None and entry.mode in _REGULAR else None


def changed_files(
    conn: Connection, project_id: str, old_commit: str | None, new_commit: str
) -> list[ChangedFile]:
    """What differs between two commits (all files of `new_commit` when `old_commit` is ``None``), sorted by path.

    Raises:
        NotFound: a commit is missing.
    """
    return ObjectView(conn, project_id).changed_files(old_commit, new_commit)


def is_ancestor(conn: Connection, project_id: str, ancestor: str, descendant: str) -> bool:
    """Whether `ancestor` is `descendant` or reachable from it. Raises NotFound for `descendant`."""
    return ancestry.is_ancestor(ObjectView(conn, project_id), ancestor, descendant)


def first_parent_steps(
    conn: Connection, project_id: str, old: str | None, new: str
) -> list[tuple[str | None, str]]:
    """The steps from `old` to `new` by which versions are numbered; see `ancestry.first_parent_steps`."""
    return ancestry.first_parent_steps(ObjectView(conn, project_id), old, new)
