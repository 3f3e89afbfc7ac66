"""Two at once: exactly one wins, and the other is told."""

from __future__ import annotations

import threading
from collections.abc import Callable

from release_world import World

from promptops_server.infra.problems import Conflict
from promptops_server.releases.model import Outcome


def together(*works: Callable[[], Outcome]) -> tuple[list[Outcome], list[Exception]]:
    """Start all at the same moment; what came out and what was refused."""
    start = threading.Barrier(len(works))
    outcomes: list[Outcome] = []
    refused: list[Exception] = []

    def run(work: Callable[[], Outcome]) -> None:
        start.wait()
        try:
            outcomes.append(work())
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes, refused


def test_of_two_that_saw_the_same_head_one_is_told_of_the_other(world: World) -> None:
    world.put("a", "one")
    world.put("b", "one")
    for head in range(3):
        outcomes, refused = together(
            lambda head=head: world.publish("a", expected_head=head),  # type: ignore[misc]
            lambda head=head: world.publish("b", expected_head=head),  # type: ignore[misc]
        )
        assert [o.release.number for o in outcomes] == [head + 1]
        (error,) = refused
        assert isinstance(error, Conflict)
        assert error.type == "head-moved"
        assert error.members["current"]["release"] == head + 1
        world.put("a", f"text {head}")
        world.put("b", f"text {head}")
    world.check()


def test_without_a_head_to_hold_on_to_all_get_their_turn(world: World) -> None:
    paths = [f"p{i}" for i in range(6)]
    for path in paths:
        world.put(path, "one")
    outcomes, refused = together(*[lambda path=path: world.publish(path) for path in paths])
    assert not refused
    assert sorted(o.release.number for o in outcomes) == [1, 2, 3, 4, 5, 6]
    assert world.live() == dict.fromkeys(paths, "1")
    world.check()
