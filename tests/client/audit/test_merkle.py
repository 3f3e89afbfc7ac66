"""The hash tree against the RFC's own recursive definitions."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.audit import merkle


def leaves(size: int) -> tuple[bytes, ...]:
    return tuple(merkle.leaf_hash(b"%d" % number) for number in range(size))


@cache
def naive_root(hashes: tuple[bytes, ...]) -> bytes:
    """MTH of RFC 9162, 2.1.1, over leaf hashes."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(m: int, hashes: tuple[bytes, ...]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*naive_path(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_subproof(m: int, hashes: tuple[bytes, ...], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if m == len(hashes):
        return [] if whole else [naive_root(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, hashes[:k], whole), naive_root(hashes[k:])]
    return [*naive_subproof(m - k, hashes[k:], False), naive_root(hashes[:k])]


def nodes_of(hashes: tuple[bytes, ...]) -> merkle.Node:
    def node(level: int, number: int) -> bytes:
        covered = hashes[number << level : (number + 1) << level]
        assert len(covered) == 1 << level, "only complete subtrees are asked for"
        return naive_root(covered)

    return node


ALL = leaves(70)


@pytest.mark.parametrize("size", range(1, 71))
def test_every_proof_of_a_small_tree_is_the_rfcs_and_holds(size: int) -> None:
    hashes, node = ALL[:size], nodes_of(ALL[:size])
    root = naive_root(hashes)
    grown = merkle.GrowingTree()
    for leaf in hashes:
        grown.append(leaf)
    assert grown.root == merkle.subtree_root(0, size, node) == root
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, node)
        assert proof == naive_path(index, hashes)
        assert merkle.inclusion_holds(hashes[index], index, size, proof, root)
    for first in range(1, size + 1):
        proof = merkle.consistency_proof(first, size, node)
        assert proof == naive_subproof(first, hashes, True)
        assert merkle.consistency_holds(first, naive_root(hashes[:first]), size, root, proof)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.GrowingTree().root == hashlib.sha256(b"").digest()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_proofs_of_large_trees_hold_and_no_other_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 3000))
    hashes, index = leaves(size), data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size - 1))
    node, root = nodes_of(hashes), naive_root(hashes)
    proof = merkle.inclusion_proof(index, size, node)
    assert merkle.inclusion_holds(hashes[index], index, size, proof, root)
    assert not merkle.inclusion_holds(hashes[index - 1], index, size, proof, root)
    assert not merkle.inclusion_holds(hashes[index], index, size, proof[:-1], root)
    assert not merkle.inclusion_holds(hashes[index], index, size, [*proof, root], root)
    assert not merkle.inclusion_holds(hashes[index], (index + 1) % size, size, proof, root)
    old, grows = naive_root(hashes[:first]), merkle.consistency_proof(first, size, node)
    assert merkle.consistency_holds(first, old, size, root, grows)
    assert not merkle.consistency_holds(first, root, size, root, grows)
    assert not merkle.consistency_holds(first, old, size, old, grows)
    assert not merkle.consistency_holds(first, old, size, root, [*grows, root])
    assert not merkle.consistency_holds(first, old, size, root, grows[:-1])
    begun = merkle.GrowingTree(first, [node(*at) for at in merkle.cover(0, first)])
    for leaf in hashes[first:]:
        begun.append(leaf)
    assert begun.root == root


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    node = nodes_of(ALL)
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(ValueError):
            merkle.inclusion_proof(index, size, node)
        assert not merkle.inclusion_holds(ALL[0], index, size, [], ALL[0])
    for first, second in ((0, 5), (6, 5)):
        with pytest.raises(ValueError):
            merkle.consistency_proof(first, second, node)
        assert not merkle.consistency_holds(first, ALL[0], second, ALL[0], [])
    with pytest.raises(ValueError):
        merkle.GrowingTree(3, [ALL[0]])
