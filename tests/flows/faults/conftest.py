"""One server and Redis for the faults of a file, and a project of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.fault_stage import Stage, quick_clients


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with quick_clients():
        made = Stage.build(tmp_path_factory.mktemp("faults"))
        yield made
        made.stop()


@pytest.fixture
def stage(shared: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A project of this test alone, at r1, followed over both ways."""
    name = request.node.name.removeprefix("test_").replace("[", "-").rstrip("]").replace("_", "-")
    shared.heal()
    made = shared.another(name[-60:].lstrip("-"))
    assert made.publish(1) == 1
    made.watch_both()
    made.converges()
    yield made
    made.heal()
    made.forget()
