"""What is in a repository: trees, files, differences, commits; in SQL, or in SQL plus a push not stored yet.

One `ObjectView` is used by the functions of `read`, by the guards of a push and by the remote, so that content is
judged by the very code that later serves it. Owns reading; leaves the commit graph's questions to `ancestry`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.git import store
from promptops_server.registry.git.objects import (
    BLOB,
    COMMIT,
    MODE_EXECUTABLE,
    MODE_FILE,
    NO_ENTRIES,
    TREE,
    CommitInfo,
    Entry,
    PreparedBlob,
    Tree,
    decode_path,
    encode_path,
    parse_commit,
)
from promptops_server.registry.git.tree_cache import trees as tree_cache

MAX_DEPTH = 64
"""Folders in folders that are read; a push with deeper ones is refused."""
MAX_PATHS = 1_000_000
"""Files listed from one tree; a small tree that names itself many times over would otherwise fill the memory."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A path whose blob or mode differs between two commits; ``None`` on the side where it does not exist."""

    path: str
    old_blob: str | None
    new_blob: str | None
    old_mode: int | None = None
    new_mode: int | None = None


class Overlay(Protocol):
    """Objects of a push that are not stored yet."""

    def get(self, oid: str) -> PreparedBlob | None: ...

    def commit(self, oid: str) -> store.CommitRow | None: ...


class ObjectView:
    """Reads one project's objects over a connection, the `overlay` first."""

    def __init__(self, conn: Connection, project_id: str, overlay: Overlay | None = None) -> None:
        self.conn = conn
        self.project_id = project_id
        self.overlay = overlay

    # -- objects

    def objects(self, oids: Iterable[str]) -> Iterator[PreparedBlob]:
        """Those of the objects that exist, compressed, in no particular order."""
        wanted = dict.fromkeys(oids)
        if self.overlay is not None:
            for oid in list(wanted):
                found = self.overlay.get(oid)
                if found is not None:
                    del wanted[oid]
                    yield found
        yield from store.load_objects(self.conn, self.project_id, wanted)

    def content(self, oid: str, kind: int) -> bytes:
        """One object's content. Raises NotFound when it is missing or of another type."""
        for found in self.objects((oid,)):
            if found.type == kind:
                return zlib.decompress(found.z)
        raise _missing(oid)

    def blob(self, oid: str) -> bytes:
        """A file's content. Raises NotFound."""
        return self.content(oid, BLOB)

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The contents of many files. Raises NotFound when one is missing."""
        wanted = set(oids)
        found = {o.oid: zlib.decompress(o.z) for o in self.objects(wanted) if o.type == BLOB}
        for oid in wanted:
            if oid not in found:
                raise _missing(oid)
        return found

    def require(self, oids: Iterable[str], kind: int) -> Iterator[PreparedBlob]:
        """These very objects, compressed, in no particular order. Raises NotFound when one is missing or of another type."""
        wanted = dict.fromkeys(oids)
        for found in self.objects(tuple(wanted)):
            if found.type == kind:
                del wanted[found.oid]
                yield found
        if wanted:
            raise _missing(min(wanted))

    # -- commits

    def commit_row(self, oid: str) -> store.CommitRow:
        """A node of the commit graph. Raises NotFound."""
        row = self.overlay.commit(oid) if self.overlay is not None else None
        row = row or store.commit_row(self.conn, self.project_id, oid)
        if row is None:
            raise NotFound(f"There is no commit {oid[:12]} in this project.")
        return row

    def commit_rows(self, oids: Iterable[str]) -> dict[str, store.CommitRow]:
        """Many nodes of the commit graph. Raises NotFound when one is missing."""
        found: dict[str, store.CommitRow] = {}
        wanted = dict.fromkeys(oids)
        if self.overlay is not None:
            for oid in list(wanted):
                row = self.overlay.commit(oid)
                if row is not None:
                    del wanted[oid]
                    found[oid] = row
        if wanted:
            found.update(store.commit_rows(self.conn, self.project_id, wanted))
        for oid in wanted:
            if oid not in found:
                raise NotFound(f"There is no commit {oid[:12]} in this project.")
        return found

    def commit_info(self, oid: str) -> CommitInfo:
        """A commit as people read it. Raises NotFound."""
        return parse_commit(oid, self.content(oid, COMMIT))

    def commit_infos(self, oids: Iterable[str]) -> Iterator[CommitInfo]:
        """Many commits, in no particular order. Raises NotFound when one is missing."""
        for found in self.require(oids, COMMIT):
            yield parse_commit(found.oid, zlib.decompress(found.z))

    # -- trees

    def trees(self, oids: Iterable[str]) -> dict[str, Tree]:
        """Parsed trees. Raises NotFound when one is missing."""
        found: dict[str, Tree] = {}
        wanted: list[str] = []
        for oid in dict.fromkeys(oids):
            cached = tree_cache.get(oid)
            if cached is None:
                wanted.append(oid)
            else:
                found[oid] = cached
        for stored in self.objects(wanted) if wanted else ():
            if stored.type == TREE:
                tree = Tree.parse(zlib.decompress(stored.z))
                found[stored.oid] = tree
                tree_cache.put(stored.oid, tree)
        for oid in wanted:
            if oid not in found:
                raise _missing(oid)
        return found

    def tree(self, oid: str) -> Tree:
        """One parsed tree. Raises NotFound."""
        return self.trees((oid,))[oid]

    def entry_at(self, commit_oid: str, path: str) -> Entry | None:
        """The file or folder at a path; ``None`` when there is none. Raises NotFound for the commit."""
        oid = self.commit_row(commit_oid).tree
        entry: Entry | None = None
        parts = encode_path(path).split(b"/")
        for depth, part in enumerate(parts):
            entry = self.tree(oid).get(part)
            if entry is None or (depth < len(parts) - 1 and not entry.is_tree):
                return None
            oid = entry.oid
        return entry

    def files_in(self, commit_oid: str, folder: str) -> dict[str, str]:
        """The regular files right in a folder ("" for the top), by path, with their blobs. Raises NotFound for the commit."""
        oid, prefix = self.commit_row(commit_oid).tree, ""
        if folder:
            entry = self.entry_at(commit_oid, folder)
            if entry is None or not entry.is_tree:
                return {}
            oid, prefix = entry.oid, folder + "/"
        return {
            prefix + decode_path(name): entry.oid
            for name, entry in self.tree(oid).entries()
            if entry.mode in (MODE_FILE, MODE_EXECUTABLE)
        }

    def entries(self, commit_oid: str, prefix: str = "") -> dict[str, Entry]:
        """Every file (also symbolic links) under a folder, with its mode. Raises NotFound for the commit."""
        if prefix.strip("/"):
            folder = self.entry_at(commit_oid, prefix.strip("/"))
            if folder is None or not folder.is_tree:
                return {}
            root, start = folder.oid, encode_path(prefix.strip("/")) + b"/"
        else:
            root, start = self.commit_row(commit_oid).tree, b""
        return {decode_path(path): entry for path, entry in self._below({start: root})}

    def _below(self, folders: Mapping[bytes, str]) -> Iterator[tuple[bytes, Entry]]:
        """Level by level, so that each level is a few SELECTs."""
        level = dict(folders)
        count = 0
        for _ in range(MAX_DEPTH + 1):
            if not level:
                return
            loaded = self.trees(level.values())
            deeper: dict[bytes, str] = {}
            for start, oid in level.items():
                count += len(loaded[oid])
                if count > MAX_PATHS:
                    raise Invalid(f"The tree holds more than {MAX_PATHS:,} paths.")
                for name, entry in loaded[oid].entries():
                    if entry.is_tree:
                        deeper[start + name + b"/"] = entry.oid
                    elif entry.is_blob:
                        yield start + name, entry
            level = deeper
        if level:
            raise _too_deep(next(iter(level)))

    def changed_files(self, old_commit: str | None, new_commit: str) -> list[ChangedFile]:
        """Paths whose blob or mode differs, sorted; equal folders are never opened.

        Raises:
            NotFound: a commit is missing.
            Invalid: folders nest deeper than 64.
        """
        old_root = None if old_commit is None else self.commit_row(old_commit).tree
        return self.changed_between(old_root, self.commit_row(new_commit).tree)

    def changed_between(self, old_root: str | None, new_root: str) -> list[ChangedFile]:
        """`changed_files` of two root trees."""
        changed = {
            path: ChangedFile(
                decode_path(path),
                old.oid if old else None,
                new.oid if new else None,
                old.mode if old else None,
                new.mode if new else None,
            )
            for path, old, new in self._changed(old_root, new_root)
        }
        return [changed[path] for path in sorted(changed)]

    def _changed(
        self, old_root: str | None, new_root: str
    ) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
        level: dict[bytes, tuple[str | None, str | None]] = {}
        if old_root != new_root:
            level[b""] = (old_root, new_root)
        count = 0
        for _ in range(MAX_DEPTH + 1):
            if not level:
                return
            loaded = self.trees(oid for pair in level.values() for oid in pair if oid is not None)
            deeper: dict[bytes, tuple[str | None, str | None]] = {}
            for start, (old_oid, new_oid) in level.items():
                old_tree = loaded[old_oid] if old_oid else NO_ENTRIES
                new_tree = loaded[new_oid] if new_oid else NO_ENTRIES
                for name, old, new in _pairs(old_tree, new_tree):
                    count += 1
                    if count > MAX_PATHS:
                        raise Invalid(f"More than {MAX_PATHS:,} paths differ.")
                    old_folder = old.oid if old and old.is_tree else None
                    new_folder = new.oid if new and new.is_tree else None
                    if old_folder or new_folder:
                        deeper[start + name + b"/"] = (old_folder, new_folder)
                    old_file = old if old and old.is_blob else None
                    new_file = new if new and new.is_blob else None
                    if old_file or new_file:
                        yield start + name, old_file, new_file
            level = deeper
        if level:
            raise _too_deep(next(iter(level)))


def _pairs(old: Tree, new: Tree) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
    """Names whose entry differs."""
    for name, entry in new.difference(old):
        yield name, old.get(name), entry
    for name, entry in old.difference(new):
        if name not in new.raw:
            yield name, entry, None


def _missing(oid: str) -> NotFound:
    return NotFound(f"There is no such object {oid[:12]} in this project.")


def _too_deep(path: bytes) -> Invalid:
    return Invalid(
        f"Folders nest deeper than {MAX_DEPTH}: {decode_path(path)[:200]!r}…",
        remedy="Flatten the folders.",
    )
