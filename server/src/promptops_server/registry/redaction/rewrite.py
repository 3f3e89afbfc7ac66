"""The new history of a project: which Git objects change, and what they become.

Reads every object once (trees once more), in batches, and writes nothing; so it can be done before the lock, and once
more inside it when the project changed meanwhile. Every stored object counts, whether a ref leads to it or not: what is
unreachable today was pushed by somebody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from promptops_server.registry.git import store
from promptops_server.registry.git.objects import (
    BLOB,
    COMMIT,
    TAG,
    TREE,
    Entry,
    PreparedBlob,
    Tree,
    blob_ids,
    decode_path,
    prepare,
    subtree_ids,
    tag_target,
)
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.redaction.replace import (
    Replacer,
    in_commit,
    rewritten_commit,
    rewritten_tag,
    told_apart,
)
from promptops_server.registry.tables import git_commit, git_object

_BATCH = 1_000
_PAGE = (
    select(git_object.c.oid, git_object.c.type, git_object.c.z)
    .where(
        git_object.c.project_id == bindparam("project"),
        git_object.c.oid > bindparam("last"),
        git_object.c.type.in_(bindparam("types", expanding=True)),
    )
    .order_by(git_object.c.oid)
    .limit(_BATCH)
)
_COMMITS = (
    select(
        git_commit.c.oid,
        git_commit.c.tree,
        git_commit.c.parents,
        git_commit.c.generation,
        git_commit.c.commit_time,
    )
    .where(git_commit.c.project_id == bindparam("project"))
    .order_by(git_commit.c.generation, git_commit.c.oid)
)
_SIZE = select(func.count(git_object.c.id), func.max(git_object.c.id)).where(
    git_object.c.project_id == bindparam("project")
)


@dataclass(slots=True)
class Rewrite:
    """What changes. `ids` leads from every object that goes to the one in its place."""

    seen: object
    """The repository it was made from; see `state_of`."""
    ids: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    objects: dict[str, PreparedBlob] = field(default_factory=dict)
    """The new objects, by id."""
    commits: list[CommitRow] = field(default_factory=list)
    refs: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Refs that move: old and new id."""
    names: int = 0
    """Files and folders whose name holds a text; names stay."""
    file_names: dict[str, str] = field(default_factory=dict)
    """A name, without folders, that each rewritten file had somewhere, by its old id."""

    def of_kind(self, kind: int) -> list[str]:
        """Old ids of this type."""
        return [oid for oid, found in self.kinds.items() if found == kind]

    def put(self, old: str, kind: int, new: PreparedBlob) -> None:
        """`new` stands in place of `old`."""
        self.ids[old] = new.oid
        self.kinds[old] = kind
        self.objects[new.oid] = new


def state_of(conn: Connection, project_id: str) -> object:
    """Differs whenever the repository differs."""
    size = conn.execute(_SIZE, {"project": project_id}).one()
    return tuple(size), tuple(store.refs(conn, project_id).items())


def plan_rewrite(conn: Connection, project_id: str, replacer: Replacer) -> Rewrite:
    """Find out what changes.

    Raises:
        NeverEnds: see `Replacer`.
    """
    found = Rewrite(state_of(conn, project_id))
    spoken: set[str] = set()
    tags: dict[str, bytes] = {}
    for row in _objects(conn, project_id, (BLOB, COMMIT, TAG)):
        content = zlib.decompress(row.z)
        if row.type == BLOB:
            if replacer.in_bytes(content):
                found.put(row.oid, BLOB, prepare(BLOB, replacer.bytes(content)))
        elif row.type == TAG:
            tags[row.oid] = content
        elif in_commit(content, replacer):
            spoken.add(row.oid)
    _rewrite_trees(conn, project_id, replacer, found)
    _rewrite_commits(conn, project_id, replacer, found, spoken)
    _rewrite_tags(replacer, found, tags)
    found.refs = {
        name: (oid, found.ids[oid])
        for name, oid in store.refs(conn, project_id).items()
        if oid in found.ids
    }
    return found


def _objects(
    conn: Connection, project_id: str, types: tuple[int, ...]
) -> Iterator[Row[*tuple[Any, ...]]]:
    last = ""
    while rows := conn.execute(_PAGE, {"project": project_id, "last": last, "types": types}).all():
        yield from rows
        last = rows[-1].oid


def _rewrite_trees(conn: Connection, project_id: str, replacer: Replacer, found: Rewrite) -> None:
    blobs = {bytes.fromhex(oid) for oid in found.ids}
    holding: set[bytes] = set()
    above: dict[bytes, list[bytes]] = {}
    for row in _objects(conn, project_id, (TREE,)):
        content = zlib.decompress(row.z)
        own = bytes.fromhex(row.oid)
        if replacer.in_bytes(content):  # an id may look like a text
            found.names += sum(map(replacer.in_bytes, Tree.parse(content).raw))
        if not blobs:
            continue
        if not blobs.isdisjoint(blob_ids(content)):
            holding.add(own)
        for child in subtree_ids(content):
            if child:
                above.setdefault(child, []).append(own)
    affected: set[bytes] = set()
    waiting = list(holding)
    while waiting:
        tree = waiting.pop()
        if tree not in affected:
            affected.add(tree)
            waiting += above.get(tree, ())
    del above
    trees = {
        stored.oid: Tree.parse(zlib.decompress(stored.z))
        for stored in store.load_objects(conn, project_id, (oid.hex() for oid in affected))
    }
    for start in trees:
        stack = [start]
        while stack:
            oid = stack[-1]
            if oid in found.ids:
                stack.pop()
                continue
            entries = list(trees[oid].entries())
            for name, entry in entries:
                if entry.is_blob and entry.oid in found.ids:
                    found.file_names[entry.oid] = decode_path(name)
            below = [e.oid for _, e in entries if e.is_tree and e.oid in trees]
            waits = [child for child in below if child not in found.ids]
            if waits:
                stack += waits
                continue
            changed = {
                name: Entry(entry.mode, found.ids[entry.oid])
                for name, entry in entries
                if entry.oid in found.ids and (entry.is_tree or entry.is_blob)
            }
            found.put(oid, TREE, prepare(TREE, trees[oid].replace(changed).serialise()))
            stack.pop()


def _rewrite_commits(
    conn: Connection, project_id: str, replacer: Replacer, found: Rewrite, spoken: set[str]
) -> None:
    rows: list[CommitRow] = []
    affected: set[str] = set()
    kept: set[str] = set()
    for row in conn.execute(_COMMITS, {"project": project_id}):
        parents = tuple(row.parents.split())
        if row.oid in spoken or row.tree in found.ids or not affected.isdisjoint(parents):
            affected.add(row.oid)
            rows.append(CommitRow(row.oid, row.tree, parents, row.generation, row.commit_time))
        else:
            kept.add(row.oid)
    taken = set(kept)
    for at in range(0, len(rows), _BATCH):
        some = rows[at : at + _BATCH]
        contents = {
            stored.oid: zlib.decompress(stored.z)
            for stored in store.load_objects(conn, project_id, [r.oid for r in some])
        }
        for commit in some:  # parents before children
            content = rewritten_commit(contents[commit.oid], found.ids, replacer)
            new = prepare(COMMIT, content)
            twins = 1
            while new.oid in taken:
                twins += 1
                new = prepare(COMMIT, told_apart(content, twins))
            taken.add(new.oid)
            found.put(commit.oid, COMMIT, new)
            found.commits.append(
                CommitRow(
                    new.oid,
                    found.ids.get(commit.tree, commit.tree),
                    tuple(found.ids.get(parent, parent) for parent in commit.parents),
                    commit.generation,
                    commit.commit_time,
                )
            )


def _rewrite_tags(replacer: Replacer, found: Rewrite, tags: dict[str, bytes]) -> None:
    for start in tags:
        chain = [start]  # a tag may point to a tag
        while (target := tag_target(tags[chain[-1]])[0]) in tags and target not in found.ids:
            chain.append(target)
        for oid in reversed(chain):
            if oid in found.ids:
                continue
            content = tags[oid]
            if tag_target(content)[0] in found.ids or in_commit(content, replacer):
                found.put(oid, TAG, prepare(TAG, rewritten_tag(content, found.ids, replacer)))
