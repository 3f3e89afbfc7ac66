"""The new objects of one push, before they are stored: checked, complete, and readable as if they were.

Every object is judged by `fsck` while it is unpacked, and what it refers to is noted. `check_complete` then makes sure
that all of that exists here or on the server. Since this holds for every object ever stored, it needs no walk through
history. Objects the server had already are dropped: their first content stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.registry.git import fsck, store
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.objects import (
    BLOB,
    COMMIT,
    TAG,
    TREE,
    TYPE_NAMES,
    PreparedBlob,
    parse_commit,
    tag_target,
    tree_children,
)
from promptops_server.registry.git.spool import Spool
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.unpack import Place, Unpacker
from promptops_server.registry.git.view import ObjectView


class MissingObjects(Invalid):
    """The push refers to objects that neither it nor the server has."""

    slug = "missing-objects"


@dataclass(slots=True)
class Incoming:
    """An `Overlay` over the database. Close it when the push is over."""

    unpacker: Unpacker | None = None
    places: dict[str, Place] = field(default_factory=dict)
    _edges: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    _expected: dict[bytes, int] = field(default_factory=dict)
    _names: dict[bytes, bytes] = field(default_factory=dict)
    _commits: dict[str, CommitRow] = field(default_factory=dict)

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
        fsck.check(oid, kind, content)
        edges: list[bytes] = []
        if kind == TREE:
            for mode, _, child in tree_children(content):
                if mode != b"160000":  # a submodule's commit lives in another repository
                    self._refer(edges, child, TREE if mode == b"40000" else BLOB)
        elif kind == COMMIT:
            info = parse_commit(oid, content)
            self._commits[oid] = CommitRow(oid, info.tree, info.parents, 0, info.commit_time)
            self._refer(edges, bytes.fromhex(info.tree), TREE)
            for parent in info.parents:
                self._refer(edges, bytes.fromhex(parent), COMMIT)
        elif kind == TAG:
            target, target_kind = tag_target(content)
            self._refer(edges, bytes.fromhex(target), target_kind)
        if edges:
            self._edges[oid] = tuple(edges)

    def _refer(self, edges: list[bytes], child: bytes, kind: int) -> None:
        child = self._names.setdefault(child, child)  # one copy of an id named a thousand times
        if self._expected.setdefault(child, kind) != kind:
            raise MissingObjects(f"Object {child.hex()} is referred to as two different types.")
        edges.append(child)

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
            self._edges.pop(oid, None)
        outside: dict[str, int] = {}
        for child, kind in self._expected.items():
            oid = child.hex()
            place = self.places.get(oid)
            if place is None:
                outside[oid] = kind
            elif place.kind != kind:
                raise self._wrong(oid, kind)
        found = known | store.object_types(
            view.conn, view.project_id, (oid for oid in outside if oid not in known)
        )
        for oid, kind in outside.items():
            if found.get(oid) != kind:
                raise self._wrong(oid, kind)
        self._check_depth(limits.tree_depth)
        self._number_commits(view)

    def _wrong(self, oid: str, kind: int) -> MissingObjects:
        child = bytes.fromhex(oid)
        parent = next((p for p, edges in self._edges.items() if child in edges), None)
        name = TYPE_NAMES[kind].decode()
        return MissingObjects(
            f"{parent or 'The push'} refers to {name} {oid}, which is neither in the push nor on the server.",
            remedy="In a shallow clone run `git fetch --unshallow` first; otherwise look at `git fsck`.",
        )

    def _check_depth(self, limit: int) -> None:
        heights: dict[bytes, int] = {}
        trees = [bytes.fromhex(oid) for oid, place in self.places.items() if place.kind == TREE]
        for root in trees:
            stack = [root]
            while stack:
                oid = stack[-1]
                below = [
                    child
                    for child in self._edges.get(oid.hex(), ())
                    if self._expected[child] == TREE and child.hex() in self.places
                ]
                open_ones = [child for child in below if child not in heights]
                if oid in heights or not open_ones:
                    stack.pop()
                    heights[oid] = 1 + max((heights[child] for child in below), default=0)
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

    # -- what is kept

    def reachable(self, tips: Iterable[str]) -> list[str]:
        """New objects reachable from `tips`: only these are stored."""
        found: dict[str, None] = {}
        stack = [tip for tip in tips if tip in self.places]
        while stack:
            oid = stack.pop()
            if oid in found:
                continue
            found[oid] = None
            for child in self._edges.get(oid, ()):
                name = child.hex()
                if name in self.places and name not in found:
                    stack.append(name)
        return list(found)

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
        BrokenPack, BadObject, MissingObjects, TooLarge: with a sentence for the pusher.
    """
    unpacker = Unpacker(body, start, view, limits)
    incoming = Incoming(unpacker, unpacker.places)
    try:
        unpacker.run(incoming.visit)
        incoming.check_complete(view, limits)
    except BaseException:
        incoming.close()
        raise
    return incoming
