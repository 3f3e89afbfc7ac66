"""The entry tree: its root follows changes one bucket at a time and always equals the recomputed
one.
"""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.delivery import entries as e
from promptops.delivery.header import Entry

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,3}", fullmatch=True)
PATHS = st.lists(NAMES, min_size=1, max_size=2).map("/".join)
LIVE = st.builds(
    lambda path, version, release: Entry(
        path, "live", version, release, "sha256:" + hashlib.sha256(path.encode()).hexdigest(), ""
    ),
    PATHS,
    st.integers(1, 9),
    st.integers(1, 9),
)
STOPPED = st.builds(
    lambda path, state, reason: Entry(path, state, 1, 1, "", reason),
    PATHS,
    st.sampled_from(["suspended", "removed"]),
    st.text(st.characters(exclude_categories=["Cs"])),
)
CHANGES = st.lists(LIVE | STOPPED, max_size=30)


def written_out_root(entries: dict[str, Entry]) -> str:
    """The protocol's words, computed the plain way."""
    buckets: list[list[bytes]] = [[] for _ in range(256)]
    for path, entry in entries.items():
        text = json.dumps(list(entry), separators=(",", ":"), ensure_ascii=False)
        buckets[hashlib.sha256(path.encode()).digest()[0]].append(
            hashlib.sha256(text.encode()).digest()
        )
    hashes = [
        hashlib.sha256(b"".join(sorted(leaves))).digest() if leaves else b"\0" * 32
        for leaves in buckets
    ]
    return hashlib.sha256(b"".join(hashes)).hexdigest()


@given(st.lists(CHANGES, max_size=5))
def test_the_incremental_root_is_the_recomputed_root(steps: list[list[Entry]]) -> None:
    tree, plain = e.EntryTree.empty(), dict[str, Entry]()
    for step in steps:
        before, before_root = tree, tree.root
        tree = tree.apply(step)
        for change in step:
            if change.state == "removed":
                plain.pop(change.path, None)
            else:
                plain[change.path] = change
        assert tree.root == written_out_root(plain)
        assert tree.count == len(tree) == len(plain)
        assert {entry.path: entry for entry in tree} == plain
        assert before.root == before_root
        assert e.EntryTree.of(plain.values()).root == tree.root


@given(CHANGES, CHANGES)
def test_a_server_gets_the_root_from_stored_bucket_hashes_and_the_buckets_touched(
    first: list[Entry], second: list[Entry]
) -> None:
    tree = e.EntryTree.of(entry for entry in first if entry.state != "removed")
    after = tree.apply(second)
    stored = list(tree.bucket_hashes)
    for number in {e.bucket_of(change.path) for change in second}:
        stored[number] = e.bucket_hash(
            e.leaf(entry) for entry in after if e.bucket_of(entry.path) == number
        )
    assert e.root_of(stored) == after.root


def test_the_empty_root_is_the_hash_of_256_empty_buckets() -> None:
    assert hashlib.sha256(bytes(32 * 256)).hexdigest() == e.EMPTY_ROOT == e.EntryTree.empty().root


def test_a_change_leaves_the_tree_it_came_from_as_it_was() -> None:
    one = Entry("a", "live", 1, 1, "sha256:" + "0" * 64, "")
    tree = e.EntryTree.of([one])
    gone = tree.apply([Entry("a", "removed", 1, 2, "", "")])
    assert "a" in tree
    assert "a" not in gone
    assert tree.get("a") == one
    assert gone.root == e.EMPTY_ROOT


def test_a_root_is_over_exactly_256_buckets() -> None:
    with pytest.raises(ValueError, match="256"):
        e.root_of([bytes(32)])
