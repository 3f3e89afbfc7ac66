"""The server's clock is set back or ahead between releases: order and followers do not depend on it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from delivery_world import World
from http_delivery import TOKEN, serve

from promptops import NotConnected, PromptOps
from promptops.delivery import follower
from promptops.delivery.header import Header
from promptops_server.infra import clock, database

HOUR = 3_600_000_000


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How far the server's clock is off, in microseconds."""
    off = [0]

    def now_us() -> int:
        return time.time_ns() // 1000 + off[0]

    monkeypatch.setattr(clock, "now_us", now_us)
    monkeypatch.setattr(database, "now_us", now_us)
    return off


def until_version(ops: PromptOps, version: int) -> None:
    ends = time.monotonic() + 10
    while ops.snapshot().get("claims/triage").version != version:
        assert time.monotonic() < ends, ops.health()
        time.sleep(0.01)


@pytest.mark.parametrize("jumps", [(-5, 0, -48), (26, 0, -1), (24 * 400, -24 * 400, 0)])
@pytest.mark.parametrize("via", ["http", "redis"])
def test_releases_keep_their_order_and_arrive_whatever_the_clock_says(
    world: World, valkey: str, jump: list[int], jumps: tuple[int, ...], via: str
) -> None:
    world.release({"claims/triage": 1})
    with serve(world, valkey, reconcile_seconds=0.1) as served:
        ways = {"url": served.url, "token": TOKEN} | (
            {"redis_url": valkey} if via == "redis" else {}
        )
        with PromptOps(
            project="retail-bank", environment="production", disk_cache=False, start_timeout=10, **ways
        ) as ops:  # fmt: skip
            times: list[str] = []
            for version, hours in enumerate(jumps, 2):
                jump[0] = hours * HOUR
                world.release({"claims/triage": version})
                assert served.delivery.project(world.environment.id) == "applied"
                until_version(ops, version)
                header: Header = world.header()
                times.append(header.statement.acknowledged_at)
                health = ops.health()
                assert (health.connected, health.refusals) == (True, 0)
                assert health.age is not None and health.age < 60 * 60 * 100
            assert times == sorted(set(times)), "acknowledgement times only go forward"


def test_an_application_whose_own_clock_is_days_ahead_goes_on_and_a_new_one_says_what_it_refuses(
    world: World, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(days=2)

    world.release({"claims/triage": 1})
    with serve(world, valkey, reconcile_seconds=0.1) as served:
        given: dict[str, Any] = {
            "redis_url": valkey, "trust_key": world.trust_key, "project": "retail-bank",
            "environment": "production", "disk_cache": False,
        }  # fmt: skip
        with PromptOps(**given, start_timeout=10) as running:
            until_version(running, 1)
            with monkeypatch.context() as ahead:
                ahead.setattr(follower, "datetime", Ahead)
                world.release({"claims/triage": 2})
                assert served.delivery.project(world.environment.id) == "applied"
                until_version(running, 2)
                assert running.health().refusals == 0
                new = PromptOps(**given, start_timeout=0.5)
                with pytest.raises(NotConnected):
                    new.snapshot()
                refused = new.health().last_refusal
                assert refused is not None and refused.code == "stale"
            # The clock is set right.
            ends = time.monotonic() + 15
            while not new.health().connected:
                assert time.monotonic() < ends, new.health()
                time.sleep(0.02)
            until_version(new, 2)
            new.close()
