"""Commits the server makes, in the caller's transaction and under its project lock.

The path of a new version is lean: unchanged trees come from memory, then one INSERT for all objects, one row of the
commit graph, one compare-and-set of the ref. Pushes are `receive`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Invalid, NotFound
from promptops_server.registry.git import store, tombstones
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.git.names import name_problem
from promptops_server.registry.git.objects import (
    BLOB,
    COMMIT,
    EMPTY_TREE,
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_TREE,
    NO_ENTRIES,
    TREE,
    Entry,
    Ident,
    PreparedBlob,
    Tree,
    build_commit,
    check_oid,
    decode_path,
    encode_path,
    object_id,
    prepare,
    prepare_blob,
    prepare_tree,
)
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.tree_cache import trees as tree_cache
from promptops_server.registry.git.view import MAX_DEPTH, ObjectView

__all__ = [
    "Ident",
    "NewCommit",
    "PreparedBlob",
    "RefMoved",
    "commit_blobs",
    "create_repository",
    "move_ref",
    "prepare_blob",
]


class RefMoved(Conflict):
    """The ref is no longer where the caller saw it; `current` is where it is now."""

    slug = "ref-moved"


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit that has just been written."""

    oid: str
    tree: str
    parent: str | None


@dataclass(slots=True)
class _Folder:
    """Changes below one folder."""

    files: dict[bytes, str | None] = field(default_factory=dict)
    folders: dict[bytes, _Folder] = field(default_factory=dict)
    base: str | None = None
    """The tree there now."""


def create_repository(tx: Transaction, project_id: str) -> None:
    """An empty repository: HEAD is ``refs/heads/main`` and unborn, for every project alike.

    The empty tree is stored at once, because a branch from which everything was removed points to it.
    """
    store.insert_objects(tx.conn, project_id, [prepare_tree(NO_ENTRIES)])


def commit_blobs(
    tx: Transaction,
    project_id: str,
    *,
    ref: str,
    parent: str | CommitRow | None,
    changes: Mapping[str, PreparedBlob | str | None],
    author: Ident,
    message: str,
) -> NewCommit:
    """Commit changed files on a branch and move it from `parent` to the new commit.

    Args:
        ref: the full name, ``refs/heads/main``; with `parent` None it is created.
        parent: the head the caller saw; its row (`read.head_commit`) saves a query.
        changes: path to new content, to the id of a blob stored already, or to None (remove). Folders that become
            empty disappear. No change at all gives a commit with the parent's tree.

    Raises:
        RefMoved: the ref is not at `parent`.
        NotFound: a blob named by id is not stored, or a path to be removed is not there.
        Invalid: a path cannot exist in Git, or is a file where a folder is needed (or the reverse).
        RedactedContent: a file's content was taken out by a redaction.
    """
    fresh = [change.oid for change in changes.values() if isinstance(change, PreparedBlob)]
    if fresh:
        tombstones.refuse_content(tx.conn, project_id, fresh)
    generation, root = 1, None
    row = parent if isinstance(parent, CommitRow) else None
    if isinstance(parent, str):
        row = store.commit_row(tx.conn, project_id, parent)
        if row is None:
            raise NotFound(f"There is no commit {parent[:12]} in this project.")
    if row is not None:
        generation, root = row.generation + 1, row.tree
    head = None if row is None else row.oid
    objects: dict[str, PreparedBlob] = {}
    tree_oid = _write_trees(tx, project_id, root, changes, objects)
    seconds = tx.now // 1_000_000
    parents = (head,) if head is not None else ()
    commit = prepare(COMMIT, build_commit(tree_oid, parents, author, message, seconds))
    objects[commit.oid] = commit
    store.insert_objects(tx.conn, project_id, objects.values())
    store.insert_commits(
        tx.conn,
        project_id,
        [CommitRow(commit.oid, tree_oid, parents, generation, seconds)],
    )
    move_ref(tx, project_id, ref, head, commit.oid)
    return NewCommit(commit.oid, tree_oid, head)


def move_ref(tx: Transaction, project_id: str, name: str, old: str | None, new: str | None) -> None:
    """Compare and set a ref: create (`old` None), move, or delete (`new` None). The object must be stored.

    Raises:
        RefMoved: the ref is not at `old`.
    """
    moved = store.move_ref(tx.conn, project_id, name, old, new, tx.now)
    if moved is store.Moved.MIRRORED:
        queue_push(tx, project_id)
    elif moved is store.Moved.NO:
        current = store.ref(tx.conn, project_id, name)
        raise RefMoved(
            f"{name} is at {(current or 'nothing')[:12]}, not at {(old or 'nothing')[:12]}.",
            remedy="Look at what changed, then try again on the new head.",
            current=current,
        )


def _write_trees(
    tx: Transaction,
    project_id: str,
    root: str | None,
    changes: Mapping[str, PreparedBlob | str | None],
    objects: dict[str, PreparedBlob],
) -> str:
    """The new root tree's id; new objects are added to `objects`."""
    top = _Folder(base=root)
    stored: set[str] = set()
    for path, change in changes.items():
        if isinstance(change, PreparedBlob):
            objects[change.oid] = change
            _place(top, path, change.oid)
        else:
            if change is not None:
                stored.add(check_oid(change))
            _place(top, path, change)
    _require_blobs(tx, project_id, stored - objects.keys())
    view = ObjectView(tx.conn, project_id)
    bases = _load_bases(view, top)
    fresh: dict[str, Tree] = {}
    new_root = _rewrite(top, bases, fresh, "")
    for oid, tree in fresh.items():
        if oid not in objects:
            objects[oid] = prepare_tree(tree)
            # Content under its own id: true even if this transaction is rolled back.
            tree_cache.put(oid, tree)
    if new_root is None:
        objects[EMPTY_TREE] = prepare_tree(NO_ENTRIES)
    return new_root or EMPTY_TREE


def _place(top: _Folder, path: str, oid: str | None) -> None:
    parts = encode_path(path).split(b"/")
    problem = next(filter(None, map(name_problem, parts)), None)
    if problem is None and len(parts) > MAX_DEPTH:
        problem = f"more than {MAX_DEPTH} folders"
    if problem is not None:
        raise Invalid(f"{path[:200]!r} cannot be a path in Git: it has {problem}.")
    folder = top
    for part in parts[:-1]:
        folder = folder.folders.setdefault(part, _Folder())
    folder.files[parts[-1]] = oid


def _require_blobs(tx: Transaction, project_id: str, oids: set[str]) -> None:
    if oids:
        types = store.object_types(tx.conn, project_id, oids)
        for oid in sorted(oids):
            if types.get(oid) != BLOB:
                raise NotFound(f"There is no stored file content {oid[:12]} in this project.")


def _load_bases(view: ObjectView, top: _Folder) -> dict[str, Tree]:
    """The trees on the changed paths, level by level; notes in each folder which tree is there now."""
    bases: dict[str, Tree] = {}
    level = [top]
    while level:
        bases.update(view.trees(f.base for f in level if f.base is not None))
        deeper: list[_Folder] = []
        for folder in level:
            tree = bases[folder.base] if folder.base is not None else NO_ENTRIES
            for name, below in folder.folders.items():
                entry = tree.get(name)
                below.base = entry.oid if entry is not None and entry.is_tree else None
                deeper.append(below)
        level = deeper
    return bases


def _rewrite(
    folder: _Folder, bases: Mapping[str, Tree], fresh: dict[str, Tree], where: str
) -> str | None:
    """The folder's new tree id, ``None`` when it is empty now."""
    tree = bases[folder.base] if folder.base is not None else NO_ENTRIES
    entries: dict[bytes, Entry | None] = {}
    for name, below in folder.folders.items():
        oid = _rewrite(below, bases, fresh, where + decode_path(name) + "/")
        entry = tree.get(name)
        if entry is not None and not entry.is_tree and name not in folder.files:
            raise Invalid(f"{where}{decode_path(name)} is a file: nothing can lie below it.")
        if oid is not None:
            entries[name] = Entry(MODE_TREE, oid)
        elif entry is not None:
            entries[name] = None
    for name, new in folder.files.items():
        entry = tree.get(name)
        now = entries.get(name, entry)
        path = where + decode_path(name)
        if new is None:
            if entry is None or entry.is_tree:
                raise NotFound(f"There is no file {path} to remove.")
            entries.setdefault(name, None)
        elif now is not None and now.is_tree:
            raise Invalid(f"{path} is a folder: a file cannot take its name.")
        else:
            executable = entry is not None and entry.mode == MODE_EXECUTABLE
            entries[name] = Entry(MODE_EXECUTABLE if executable else MODE_FILE, new)
    if not entries and folder.base is not None:
        return folder.base
    new_tree = tree.replace(entries)
    if not new_tree:
        return None
    oid = object_id(TREE, new_tree.serialise())
    fresh[oid] = new_tree
    return oid
