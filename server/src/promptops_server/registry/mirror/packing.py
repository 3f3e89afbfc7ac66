"""The pack for a mirror: what goes out and is not reachable from the refs the host already has."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from promptops_server.registry.git import walk
from promptops_server.registry.git.objects import BLOB, COMMIT, TREE
from promptops_server.registry.git.pack import PackSpool
from promptops_server.registry.git.view import ObjectView


def write_pack(view: ObjectView, wants: Collection[str], haves: Iterable[str]) -> PackSpool:
    """A spooled pack; close it. Objects lie in a temporary file, only ids in memory.

    Args:
        wants: objects that refs are set to.
        haves: objects the host's refs point to; those not known here are passed over.

    Raises:
        LookupError: the database lacks an object that a stored one names.
    """
    wanted = walk.peel(view, wants)
    held = walk.peel(view, haves)
    tips = [end for _, end, kind in wanted.values() if kind == COMMIT]
    lacking = walk.missing(view, tips, [end for _, end, kind in held.values() if kind == COMMIT])
    known = {tag for chain, _, _ in held.values() for tag in chain}
    known |= {end for _, end, _ in held.values()}
    tags = sorted({tag for chain, _, _ in wanted.values() for tag in chain} - known)
    roots = {row.tree for row in lacking.commits}
    roots |= {end for _, end, kind in wanted.values() if kind == TREE} - known
    files = {end for _, end, kind in wanted.values() if kind == BLOB} - known
    pack = PackSpool()
    try:
        walk.send_objects(view, pack.add, [*(row.oid for row in lacking.commits), *tags])
        walk.send_trees(view, pack.add, roots, lacking.had_trees, files)
    except BaseException:
        pack.close()
        raise
    return pack
