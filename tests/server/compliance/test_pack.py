"""A pack holds what was released and verifies, by the client and by its own program."""

from __future__ import annotations

from promptops.evidence.check import check
from server.compliance.pack_world import PackWorld


def test_a_pack_verifies(world: PackWorld) -> None:
    pack = world.pack()
    found = check(pack.content)
    assert found.ok, found.lines()
