"""The walk over generations gives what sets over the whole graph give, for graphs of any shape."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops_server.infra.database import Database
from promptops_server.registry.git import ancestry, store, walk
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.view import ObjectView
from support.repositories import make_repository

Graph = dict[int, tuple[int, ...]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Commits 0…n-1, each with up to three earlier parents."""
    size = draw(st.integers(1, 24))
    return {
        node: tuple(draw(st.sets(st.integers(0, node - 1), max_size=3))) if node else ()
        for node in range(size)
    }


def oid(node: int) -> str:
    return f"{node:040x}"


def number(oids: Iterable[str]) -> set[int]:
    return {int(text, 16) for text in oids}


def ancestors(graph: Graph, starts: Iterable[int], cut: Iterable[int] = ()) -> set[int]:
    found: set[int] = set()
    stack = list(starts)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(() if node in cut else graph[node])
    return found


class Stored:
    """Writes graphs into one database, a project each."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.count = 0

    def view(self, graph: Graph) -> tuple[Database, str]:
        self.count += 1
        repository = make_repository(self.db, f"p{self.count}")
        generations: dict[int, int] = {}
        for node, parents in graph.items():
            generations[node] = 1 + max((generations[p] for p in parents), default=0)
        with self.db.write() as tx:
            store.insert_commits(
                tx.conn,
                repository.id,
                [
                    CommitRow(
                        oid(node),
                        f"{node + 1000:040x}",
                        tuple(map(oid, parents)),
                        generations[node],
                        0,
                    )
                    for node, parents in graph.items()
                ],
            )
        return self.db, repository.id


@pytest.fixture
def stored(database: Database) -> Stored:
    return Stored(database)


quick = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quick
@given(graph=graphs(), data=st.data())
def test_missing_commits_are_the_difference_of_two_closures(
    stored: Stored, graph: Graph, data: st.DataObject
) -> None:
    nodes = st.sets(st.sampled_from(sorted(graph)), max_size=4)
    wants, haves = data.draw(nodes), data.draw(nodes)
    db, project = stored.view(graph)
    with db.read() as conn:
        view = ObjectView(conn, project)
        found = walk.missing(view, set(map(oid, wants)), set(map(oid, haves)))
        expected = ancestors(graph, wants) - ancestors(graph, haves)
        assert number(row.oid for row in found.commits) == expected
        order = [int(row.oid, 16) for row in found.commits]
        for position, node in enumerate(order):
            assert not set(graph[node]) & set(order[:position])  # children before parents
        assert number(ancestry.reachable_among(view, map(oid, wants), set(map(oid, haves)))) == (
            ancestors(graph, wants) & haves
        )
        if wants:
            reached = all(ancestors(graph, {want}) & haves for want in wants)
            answer = walk.enough_in_common(view, list(map(oid, wants)), list(map(oid, haves)))
            assert answer == reached
        if wants:
            new, old = max(wants), min(haves, default=None)
            fresh, complete = walk.new_commits(
                view, None if old is None else oid(old), oid(new), 100
            )
            assert complete
            assert number(fresh) == ancestors(graph, {new}) - ancestors(
                graph, () if old is None else (old,)
            )


@quick
@given(graph=graphs(), data=st.data(), depth=st.integers(1, 8), deeper=st.integers(1, 12))
def test_shallow_history_deepened_holds_exactly_what_the_depth_says(
    stored: Stored, graph: Graph, data: st.DataObject, depth: int, deeper: int
) -> None:
    want = {data.draw(st.sampled_from(sorted(graph)))}
    db, project = stored.view(graph)
    with db.read() as conn:
        view = ObjectView(conn, project)
        held: set[int] = set()
        shallow: set[int] = set()
        for step in (depth, deeper, walk.INFINITE_DEPTH):
            tips = set(map(oid, want))
            client_shallow = set(map(oid, shallow))
            ends = walk.boundary(view, tips, client_shallow, step, relative=False)
            sent = walk.missing(view, tips, set(map(oid, held & want)), client_shallow, ends)
            held |= number(row.oid for row in sent.commits)
            shallow = (shallow - number(ends.unshallow)) | number(ends.shallow)
            # Within the depth everything is there, and no commit lacks a parent unless it is marked.
            near, level = set(want), set(want)
            for _ in range(min(step, 30) - 1):
                level = {p for node in level for p in graph[node]}
                near |= level
            assert near <= held
            assert all(set(graph[node]) <= held for node in held - shallow)
        assert held == ancestors(graph, want)
        assert not shallow
