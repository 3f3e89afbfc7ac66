"""The real client follows the real delivery, over HTTP and over Redis alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from delivery_world import World
from http_delivery import TOKEN, Served, serve

from promptops import PromptNotLive, PromptOps, PromptSuspended


@pytest.fixture
def served(world: World, valkey: str) -> Iterator[Served]:
    with serve(world, valkey, reconcile_seconds=0.05) as running:
        yield running


@pytest.fixture(params=["http", "redis"])
def follow(request: pytest.FixtureRequest, served: Served, valkey: str) -> Callable[[], PromptOps]:
    """A client over either transport."""
    options: dict[str, Any] = {"url": served.url, "token": TOKEN}
    if request.param == "redis":
        options["redis_url"] = valkey

    def make() -> PromptOps:
        return PromptOps(
            project="retail-bank", environment="production", disk_cache=False, **options
        )

    return make


def test_a_release_is_in_the_applications_memory_within_milliseconds(
    served: Served, world: World, follow: Callable[[], PromptOps]
) -> None:
    world.release({"claims/triage": 1})
    served.delivery.project(world.environment.id)
    with follow() as ops:
        assert ops.get("claims/triage").version == 1
        for version in range(2, 22):
            world.release({"claims/triage": version})
            began = time.monotonic()
            assert served.delivery.project(world.environment.id) == "applied"
            while ops.get("claims/triage").version != version:
                assert time.monotonic() - began < 2
                time.sleep(0.0005)
        assert ops.health().release == 21


def test_suspend_and_unpublish_stop_the_prompt(
    served: Served, world: World, follow: Callable[[], PromptOps]
) -> None:
    world.release({"claims/triage": 1, "claims/letter": 1})
    served.delivery.project(world.environment.id)
    with follow() as ops:
        assert ops.get("claims/letter").version == 1
        world.release(suspend={"claims/triage": "it promised money"}, remove={"claims/letter": "x"})
        served.delivery.project(world.environment.id)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and ops.health().release != 2:
            time.sleep(0.005)
        with pytest.raises(PromptSuspended, match="it promised money"):
            ops.get("claims/triage")
        with pytest.raises(PromptNotLive):
            ops.get("claims/letter", fallback="never")


def test_a_thousand_prompts_in_one_release_reach_a_running_application(
    served: Served, world: World, follow: Callable[[], PromptOps]
) -> None:
    with follow() as ops:
        world.release({f"m{n % 9}/p{n}": 1 for n in range(1000)}, body="x" * 500)
        served.delivery.project(world.environment.id)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and ops.health().release != 1:
            time.sleep(0.01)
        assert ops.get("m0/p0").version == 1
        assert ops.get("m0/p999").version == 1
