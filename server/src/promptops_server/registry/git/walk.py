"""What a client lacks: which commits, which trees and files, where its history ends.

The commit graph is walked from high generations to low, so that every commit is met after all of its children and
one pass decides; trees are compared level by level in batches. Owns the decisions of a fetch, knows no wire format.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from promptops_server.registry.git import store
from promptops_server.registry.git.ancestry import descending
from promptops_server.registry.git.objects import (
    TAG,
    PreparedBlob,
    blob_ids,
    subtree_ids,
    tag_target,
)
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.view import ObjectView

INFINITE_DEPTH = 0x7FFFFFFF
"""What Git sends for ``--unshallow``."""

_NEAR_HAVES = 8
_MAX_TAG_CHAIN = 16


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a shallow history ends after this fetch."""

    shallow: frozenset[str] = frozenset()
    """Commits sent (or kept) without their parents."""
    unshallow: frozenset[str] = frozenset()
    """Commits that were such an end for the client and are not any more."""


@dataclass(slots=True)
class Missing:
    """Commits to send, children before parents, and trees near them the client has."""

    commits: list[CommitRow] = field(default_factory=list)
    had_trees: set[str] = field(default_factory=set)


def peel(view: ObjectView, oids: Iterable[str]) -> dict[str, tuple[list[str], str, int]]:
    """Per object: the annotated tags on the way (itself first), the object they end at, and its type.

    Objects that do not exist are left out. A chain of more than 16 tags ends at a tag; pushes with one are refused.
    """
    wanted = set(oids)
    kinds = store.object_types(view.conn, view.project_id, wanted)
    if view.overlay is not None:
        new = {oid: view.overlay.get(oid) for oid in wanted - kinds.keys()}
        kinds.update((oid, found.type) for oid, found in new.items() if found is not None)
    ends = {oid: (oid, kind) for oid, kind in kinds.items()}
    chains: dict[str, list[str]] = {oid: [] for oid in kinds}
    for _ in range(_MAX_TAG_CHAIN):
        tags = {end for end, kind in ends.values() if kind == TAG}
        if not tags:
            break
        targets = {o.oid: tag_target(zlib.decompress(o.z)) for o in view.objects(tags)}
        for oid, (end, kind) in ends.items():
            if kind == TAG:
                chains[oid].append(end)
                ends[oid] = targets[end]
    return {oid: (chains[oid], end, kind) for oid, (end, kind) in ends.items()}


def boundary(
    view: ObjectView,
    wants: Collection[str],
    client_shallow: Collection[str],
    depth: int,
    *,
    relative: bool,
) -> Boundary:
    """The new end of a history of `depth` commits from `wants` (or, `relative`, from where it ends now)."""
    ends = store.commit_rows(view.conn, view.project_id, client_shallow)
    if depth >= INFINITE_DEPTH:
        return Boundary(unshallow=frozenset(ends))
    if relative:
        starts, limit = ends, depth + 1
    else:
        starts, limit = store.commit_rows(view.conn, view.project_id, wants), depth
    depths = dict.fromkeys(starts, 1)
    waiting = set(starts)
    shallow: set[str] = set()
    unshallow: set[str] = set()
    if not waiting:
        return Boundary()
    for row in descending(view, max(row.generation for row in starts.values())):
        if row.oid not in waiting:
            continue
        waiting.discard(row.oid)
        here = depths[row.oid]
        if here >= limit:
            if row.parents:
                shallow.add(row.oid)
        else:
            if row.oid in ends:
                unshallow.add(row.oid)
            for parent in row.parents:
                depths[parent] = min(depths.get(parent, here + 1), here + 1)
                waiting.add(parent)
        if not waiting:
            break
    return Boundary(frozenset(shallow), frozenset(unshallow))


def missing(
    view: ObjectView,
    wants: Collection[str],
    haves: Collection[str],
    client_shallow: Collection[str] = (),
    ends: Boundary | None = None,
    limit: int | None = None,
) -> Missing:
    """Stored commits reachable from `wants` that a client with `haves` and the given shallow ends lacks.

    With a `limit` the walk ends as soon as it has found more.
    """
    ends = ends or Boundary()
    rows = store.commit_rows(view.conn, view.project_id, {*wants, *haves, *client_shallow})
    theirs = frozenset(client_shallow) & rows.keys()
    cut = (theirs - ends.unshallow) | ends.shallow
    reopened = theirs & ends.unshallow
    found = Missing()
    near = sorted((rows[h] for h in set(haves) & rows.keys()), key=lambda r: -r.generation)
    found.had_trees.update(row.tree for row in near[:_NEAR_HAVES])
    had = (set(haves) & rows.keys()) | theirs
    wanted = set(wants) & rows.keys()
    # Commits that still have to be met: the wanted ones, and those whose parents the client now gets.
    waiting = wanted | reopened
    if not waiting:
        return found
    for row in descending(view, max(row.generation for row in rows.values())):
        oid = row.oid
        if oid in had:
            if oid not in theirs:
                had.update(row.parents)
            if oid in waiting:
                found.had_trees.add(row.tree)
                if oid in reopened:
                    wanted.update(row.parents)
                    waiting.update(row.parents)
        elif oid in wanted:
            found.commits.append(row)
            if oid not in cut:
                wanted.update(row.parents)
                waiting.update(row.parents)
        else:
            continue
        waiting.discard(oid)
        if not waiting or (limit is not None and len(found.commits) > limit):
            break
    return found


def new_commits(view: ObjectView, old: str | None, new: str, limit: int) -> tuple[list[str], bool]:
    """At most `limit` commits reachable from `new` and not from `old`, parents first; and whether these are all.

    Sees commits of a push that are not stored yet.
    """
    unstored: list[CommitRow] = []
    stored: set[str] = set()
    stack, seen = [new], {new}
    while stack:
        row = view.overlay.commit(stack[-1]) if view.overlay is not None else None
        if row is None:
            stored.add(stack.pop())
            continue
        stack.pop()
        unstored.append(row)
        fresh = [parent for parent in row.parents if parent not in seen]
        seen.update(fresh)
        stack.extend(fresh)
    unstored.sort(key=lambda row: -row.generation)
    haves = (old,) if old is not None else ()
    lacking = missing(view, stored, haves, limit=limit).commits if len(unstored) <= limit else []
    found = [row.oid for row in (*unstored, *lacking)]
    return found[:limit][::-1], len(found) <= limit


def enough_in_common(view: ObjectView, wants: Collection[str], common: Collection[str]) -> bool:
    """Whether every wanted commit has a common one among its ancestors: then asking on brings nothing."""
    rows = store.commit_rows(view.conn, view.project_id, {*wants, *common})
    tips = [oid for oid in dict.fromkeys(wants) if oid in rows]
    shared = set(common) & rows.keys()
    if not shared:
        return False
    reached = {oid: 1 << index for index, oid in enumerate(tips)}
    everything = (1 << len(tips)) - 1
    satisfied = 0
    if not tips:
        return True
    low = min(rows[oid].generation for oid in shared) - 1
    for row in descending(view, max(rows[oid].generation for oid in tips), low):
        mask = reached.pop(row.oid, 0)
        if not mask:
            continue
        if row.oid in shared:
            satisfied |= mask
            if satisfied == everything:
                return True
        for parent in row.parents:
            reached[parent] = reached.get(parent, 0) | mask
    return False


def send_trees(
    view: ObjectView,
    send: Callable[[PreparedBlob], None],
    roots: Iterable[str],
    had_roots: Iterable[str],
    files: Iterable[str] = (),
) -> None:
    """Send the trees and files below `roots` that are not at the same level below `had_roots`, and `files`.

    Raises:
        LookupError: the database lacks an object that a stored one names.
    """
    had_level = {bytes.fromhex(oid) for oid in had_roots}
    level = {bytes.fromhex(oid) for oid in roots} - had_level
    sent: set[bytes] = set()
    blobs: set[bytes] = {bytes.fromhex(oid) for oid in files}
    had_blobs: set[bytes] = set()
    while level:
        sent |= level
        below: set[bytes] = set()
        had_below: set[bytes] = set()
        count = 0
        for stored in _load(view, level | had_level):
            content = zlib.decompress(stored.z)
            if bytes.fromhex(stored.oid) in level:
                send(stored)
                count += 1
                below.update(subtree_ids(content))
                blobs.update(blob_ids(content))
            else:
                had_below.update(subtree_ids(content))
                had_blobs.update(blob_ids(content))
        if count != len(level):
            raise LookupError("a tree is missing")
        for ids in (below, had_below, blobs, had_blobs):
            ids.discard(b"")
        had_level = had_below - below
        level = below - had_below - sent
    blobs -= had_blobs
    count = 0
    for stored in _load(view, blobs):
        send(stored)
        count += 1
    if count != len(blobs):
        raise LookupError("a file's content is missing")


def send_objects(view: ObjectView, send: Callable[[PreparedBlob], None], oids: list[str]) -> None:
    """Send these very objects. Raises LookupError when one is missing."""
    count = 0
    for stored in store.load_objects(view.conn, view.project_id, oids):
        send(stored)
        count += 1
    if count != len(oids):
        raise LookupError("a commit or tag is missing")


def _load(view: ObjectView, oids: set[bytes]) -> Iterable[PreparedBlob]:
    # In the index's order, which is that of a large push's rows too.
    return store.load_objects(view.conn, view.project_id, (oid.hex() for oid in sorted(oids)))
