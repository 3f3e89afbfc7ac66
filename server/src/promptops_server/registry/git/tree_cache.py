"""A process-wide memory of parsed trees. A tree's id names its content for ever, so nothing is ever stale.

The cache says what a tree contains, never that a project has it: whoever takes an id from outside asks the store.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from promptops_server.registry.git.objects import Tree

MAX_ENTRIES = 60_000
"""Tree entries kept, over all trees: about 15 MB."""


class TreeCache:
    """Least recently used trees leave first; a tree weighs as many units as it has entries (plus one)."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._max = max_entries
        self._weight = 0
        self._trees: OrderedDict[str, Tree] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, oid: str) -> Tree | None:
        """The tree, if it is remembered."""
        with self._mutex:
            tree = self._trees.get(oid)
            if tree is not None:
                self._trees.move_to_end(oid)
            return tree

    def put(self, oid: str, tree: Tree) -> None:
        """Remember a tree. Larger ones than a quarter of the cache are not worth the others."""
        weight = len(tree) + 1
        if weight > self._max // 4:
            return
        with self._mutex:
            if oid in self._trees:
                return
            self._trees[oid] = tree
            self._weight += weight
            while self._weight > self._max:
                _, old = self._trees.popitem(last=False)
                self._weight -= len(old) + 1


trees = TreeCache()
