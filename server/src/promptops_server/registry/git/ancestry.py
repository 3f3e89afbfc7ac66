"""Questions to the commit graph: who descends from whom, and by which steps.

A generation is one more than the highest of the parents, so going down generation by generation meets every commit
after all of its children. Rows are read in windows of generations that grow, never one SELECT per commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promptops_server.registry.git import store
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.view import ObjectView

_FIRST_WINDOW, _LAST_WINDOW = 32, 4096


def descending(view: ObjectView, high: int, low: int = 0) -> Iterator[CommitRow]:
    """Stored commits with ``low < generation <= high``, children before parents; stop asking when you know enough."""
    window = _FIRST_WINDOW
    while high > low:
        bottom = max(high - window, low)
        yield from store.commits_by_generation(view.conn, view.project_id, high=high, low=bottom)
        high = bottom
        window = min(window * 2, _LAST_WINDOW)


def is_ancestor(view: ObjectView, ancestor: str, descendant: str) -> bool:
    """Whether `ancestor` is `descendant` or reachable from it. Raises NotFound for `descendant`."""
    return ancestor in reachable_among(view, (descendant,), {ancestor})


def reachable_among(view: ObjectView, starts: Iterable[str], wanted: set[str]) -> set[str]:
    """Those of `wanted` that are reachable from `starts` (a start reaches itself).

    Raises:
        NotFound: a start is no commit.
    """
    found: set[str] = set()
    pending: dict[str, CommitRow] = {}
    # Commits of a push lie in memory: follow them until the stored ones are reached.
    stack, seen = list(starts), set[str]()
    while stack:
        oid = stack.pop()
        if oid in seen:
            continue
        seen.add(oid)
        if oid in wanted:
            found.add(oid)
        row = view.overlay.commit(oid) if view.overlay is not None else None
        if row is not None:
            stack.extend(row.parents)
        else:
            pending[oid] = view.commit_row(oid)
    missing = wanted - found
    if not missing or not pending:
        return found
    rows = store.commit_rows(view.conn, view.project_id, missing)
    if not rows:
        return found
    low = min(row.generation for row in rows.values()) - 1
    reached = set(pending)
    for row in descending(view, max(r.generation for r in pending.values()), low):
        if row.oid not in reached:
            continue
        if row.oid in missing:
            found.add(row.oid)
            if len(found) == len(wanted):
                break
        reached.update(row.parents)
    return found


def first_parent_steps(view: ObjectView, old: str | None, new: str) -> list[tuple[str | None, str]]:
    """The steps by which versions are numbered, oldest first, each ``(before, after)``.

    When `old` is on the first-parent chain of `new` there is one step per commit of that chain. The empty line (`old`
    None) is the beginning of every chain: the first step is ``(None, root)``. Otherwise (a merge that put the old head
    on another side) the whole push is one step.

    Raises:
        NotFound: `new` or `old` is no commit.
    """
    return [
        (None if before is None else before.oid, after.oid)
        for before, after in first_parent_rows(view, old, new)
    ]


def first_parent_rows(
    view: ObjectView, old: str | None, new: str
) -> list[tuple[CommitRow | None, CommitRow]]:
    """`first_parent_steps` with the commits' rows, so that nobody asks for thousands of them one by one."""
    if old == new:
        return []
    start = None if old is None else view.commit_row(old)
    chain: list[CommitRow] = []
    oid: str | None = new
    # Commits of a push lie in memory, those below them in the database.
    while oid is not None and oid != old:
        row = view.overlay.commit(oid) if view.overlay is not None else None
        if row is None:
            break
        chain.append(row)
        oid = row.parents[0] if row.parents else None
    if oid is not None and oid != old:
        low = 0 if start is None else start.generation
        for row in descending(view, view.commit_row(oid).generation, low):
            if row.oid == oid:
                chain.append(row)
                oid = row.parents[0] if row.parents else None
                if oid is None:
                    break
    if oid != old:
        assert start is not None
        return [(start, chain[0] if chain else view.commit_row(new))]
    chain.reverse()
    return list(zip([start, *chain], chain, strict=False))
