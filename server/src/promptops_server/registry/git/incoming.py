"""The new objects of one push, before they are stored: checked, complete, and readable as if they were.

Every object is judged by `fsck` while it is unpacked, and what it refers to is noted. `check_complete` then makes sure
that all of that exists here or on the server. Since this holds for every object ever stored, it needs no walk through
history. Objects the server had already are dropped: their first content stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.registry.git import fsck, store, tombstones
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.objects import (
    BLOB,
    COMMIT,
    TAG,
    TREE,
    TYPE_NAMES,
    PreparedBlob,
    blob_ids,
    parse_commit,
    subtree_ids,
    tag_target,
)
from promptops_server.registry.git.spool import Spool
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.unpack import Place, Unpacker
from promptops_server.registry.git.view import ObjectView

_IN_MEMORY = 32 * 1024 * 1024
"""Compressed bytes of a push that are read before the lock; a larger one is read while it is stored."""


class MissingObjects(Invalid):
    """The push refers to objects that neither it nor the server has."""

    slug = "missing-objects"


@dataclass(frozen=True, slots=True)
class Kept:
    """New objects to be stored: how many, the graph's nodes among them, and the objects themselves."""

    count: int
    commits: list[CommitRow]
    objects: Callable[[], Iterable[PreparedBlob]]


@dataclass(slots=True)
class Incoming:
    """An `Overlay` over the database. Close it when the push is over."""

    unpacker: Unpacker | None = None
    places: dict[str, Place] = field(default_factory=dict)
    _commits: dict[str, CommitRow] = field(default_factory=dict)
    # What each new object refers to: folders of a tree apart, since depth asks for them alone. Ids are binary, one copy
    # each (`_names`): a thousand versions of a folder name the same files.
    _edges: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    _folders: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    _expected: dict[int, set[bytes]] = field(
        default_factory=lambda: {COMMIT: set(), TREE: set(), BLOB: set(), TAG: set()}
    )
    _names: dict[bytes, bytes] = field(default_factory=dict)
    _good_entries: set[bytes] = field(default_factory=set)

    def close(self) -> None:
        """Free the resolved objects."""
        if self.unpacker is not None:
            self.unpacker.close()

    # -- what the view reads

    def get(self, oid: str) -> PreparedBlob | None:
        place = self.places.get(oid)
        return None if place is None else place.stored(oid)

    def commit(self, oid: str) -> CommitRow | None:
        return self._commits.get(oid)

    def kind(self, oid: str) -> int | None:
        """The type of a new object."""
        place = self.places.get(oid)
        return None if place is None else place.kind

    # -- filling

    def visit(self, oid: str, kind: int, content: bytes) -> None:
        """Check an object and note what it refers to. Raises BadObject."""
        fsck.check(oid, kind, content, self._good_entries)
        own = bytes.fromhex(oid)
        if kind == TREE:
            # A submodule's commit lives in another repository: neither pattern takes it.
            folders = self._refer(TREE, filter(None, subtree_ids(content)))
            self._edges[own] = self._refer(BLOB, filter(None, blob_ids(content)))
            if folders:
                self._folders[own] = folders
        elif kind == COMMIT:
            info = parse_commit(oid, content)
            self._commits[oid] = CommitRow(oid, info.tree, info.parents, 0, info.commit_time)
            self._edges[own] = self._refer(TREE, (bytes.fromhex(info.tree),)) + self._refer(
                COMMIT, map(bytes.fromhex, info.parents)
            )
        elif kind == TAG:
            target, target_kind = tag_target(content)
            self._edges[own] = self._refer(target_kind, (bytes.fromhex(target),))

    def _refer(self, kind: int, children: Iterable[bytes]) -> tuple[bytes, ...]:
        ids = tuple(children)
        known = tuple(map(self._names.setdefault, ids, ids))
        self._expected[kind].update(known)
        return known

    # -- judging

    def check_complete(self, view: ObjectView, limits: Limits) -> None:
        """Drop what the server has, then require that everything referred to exists with the right type.

        Raises:
            MissingObjects: something is nowhere, or of another type.
            TooLarge: folders nest too deep.
        """
        known = store.object_types(view.conn, view.project_id, self.places)
        for oid in known:
            del self.places[oid]
            self._commits.pop(oid, None)
            self._folders.pop(bytes.fromhex(oid), None)
        kinds = {bytes.fromhex(oid): kind for oid, kind in known.items()}
        kinds.update((bytes.fromhex(oid), place.kind) for oid, place in self.places.items())
        outside = set().union(*self._expected.values()).difference(kinds)
        for oid, kind in store.object_types(
            view.conn, view.project_id, (child.hex() for child in outside)
        ).items():
            kinds[bytes.fromhex(oid)] = kind
        for kind, children in self._expected.items():
            for child in children:
                if kinds.get(child) != kind:
                    raise self._wrong(child, kind)
        self._check_depth(limits.tree_depth)
        self._number_commits(view)

    def _wrong(self, child: bytes, kind: int) -> MissingObjects:
        edges = chain(self._edges.items(), self._folders.items())
        parent = next((p.hex() for p, children in edges if child in children), "The push")
        return MissingObjects(
            f"{parent} refers to {TYPE_NAMES[kind].decode()} {child.hex()}, which is neither in the push nor on the "
            "server.",
            remedy="In a shallow clone run `git fetch --unshallow` first; otherwise look at `git fsck`.",
        )

    def _check_depth(self, limit: int) -> None:
        heights: dict[bytes, int] = {}
        for root in self._folders:
            stack = [root]
            while stack:
                oid = stack[-1]
                below = [child for child in self._folders.get(oid, ()) if child in self._folders]
                open_ones = [child for child in below if child not in heights]
                if oid in heights or not open_ones:
                    stack.pop()
                    # A folder without folders is one level itself.
                    heights[oid] = 1 + max((heights[child] for child in below), default=1)
                    if heights[oid] > limit:
                        raise TooLarge(f"Folders nest deeper than {limit}.")
                else:
                    stack.extend(open_ones)

    def _number_commits(self, view: ObjectView) -> None:
        """Generations of the new commits."""
        outside = {p for row in self._commits.values() for p in row.parents} - self._commits.keys()
        known = store.commit_rows(view.conn, view.project_id, outside)
        done: dict[str, int] = {oid: row.generation for oid, row in known.items()}
        for start in self._commits:
            stack = [start]
            while stack:
                row = self._commits.get(stack[-1])
                if row is None or row.oid in done:
                    stack.pop()
                    continue
                open_ones = [p for p in row.parents if p not in done]
                if open_ones:
                    stack.extend(open_ones)
                else:
                    stack.pop()
                    done[row.oid] = 1 + max((done[p] for p in row.parents), default=0)
        self._commits = {
            oid: CommitRow(oid, row.tree, row.parents, done[oid], row.commit_time)
            for oid, row in self._commits.items()
        }

    def mentioned(self) -> Iterator[str]:
        """The new objects and all that they refer to."""
        yield from self.places
        for children in self._expected.values():
            for child in children:
                yield child.hex()

    # -- what is kept

    def keep(self, tips: Iterable[str]) -> Kept:
        """What is to be stored for `tips`, made ready as far as memory allows."""
        oids = self.reachable(tips)
        size = sum(self.places[oid].length for oid in oids)
        ready = list(self.stored(oids)) if size <= _IN_MEMORY else None
        return Kept(
            len(oids),
            self.commit_rows(oids),
            lambda: self.stored(oids) if ready is None else ready,
        )

    def reachable(self, tips: Iterable[str]) -> list[str]:
        """New objects reachable from `tips`: only these are stored. Sorted, as the database's index wants them."""
        fresh = set(map(bytes.fromhex, self.places))
        found: set[bytes] = set()
        level = fresh.intersection(map(bytes.fromhex, tips))
        while level:
            found |= level
            below: set[bytes] = set()
            for oid in level:
                below.update(self._edges.get(oid, ()), self._folders.get(oid, ()))
            level = (below & fresh) - found
        return sorted(oid.hex() for oid in found)

    def stored(self, oids: Iterable[str]) -> Iterator[PreparedBlob]:
        """The objects themselves, one after another."""
        for oid in oids:
            yield self.places[oid].stored(oid)

    def commit_rows(self, oids: Iterable[str]) -> list[CommitRow]:
        """Graph nodes of those of the objects that are commits, parents first."""
        rows = [self._commits[oid] for oid in oids if oid in self._commits]
        return sorted(rows, key=lambda row: (row.generation, row.oid))


def unpack(body: Spool, start: int, view: ObjectView, limits: Limits) -> Incoming:
    """Read, check and complete the pack at `start`.

    Raises:
        BrokenPack, BadObject, MissingObjects, RedactedContent, TooLarge: with a sentence for the pusher.
    """
    unpacker = Unpacker(body, start, view, limits)
    incoming = Incoming(unpacker, unpacker.places)
    try:
        unpacker.run(incoming.visit)
        tombstones.refuse_push(view.conn, view.project_id, incoming.places)
        incoming.check_complete(view, limits)
    except BaseException:
        incoming.close()
        raise
    return incoming
