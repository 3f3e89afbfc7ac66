"""What may happen to Redis and to connections, one after the other, around one server and applications over both ways.

The server stays up: what it loses is Redis, in every way there is, and applications lose it. Each time releases go on
meanwhile, and everybody is at the head afterwards by themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from support.fault_stage import Stage, content_of
from support.redis_topologies import until

SERVERS_LOOK = 2.0
"""Seconds in which the server finds out by itself what Redis holds."""


def killed_without_data(stage: Stage) -> None:
    stage.kill_redis(keep=False)


def killed_with_data(stage: Stage) -> None:
    stage.node.client().save()
    stage.kill_redis(keep=True)


def emptied(stage: Stage) -> None:
    stage.node.client().flushall()


def hanging(stage: Stage) -> None:
    stage.pause_redis()


def out_of_memory(stage: Stage) -> None:
    stage.fill_redis()


def cut(stage: Stage) -> None:
    stage.to_redis.cut()
    stage.to_server.cut()


def half_open(stage: Stage) -> None:
    stage.to_redis.hold()
    stage.to_server.hold()


def slow(stage: Stage) -> None:
    for proxy in (stage.to_redis, stage.to_server):
        proxy.slow, proxy.piece = 0.02, 512


@pytest.mark.parametrize(
    "fault",
    [
        killed_without_data, killed_with_data, emptied, hanging, out_of_memory, cut, half_open, slow,
    ],
    ids=lambda fault: fault.__name__,
)  # fmt: skip
def test_releases_go_on_and_all_arrive_without_anybodys_help(
    stage: Stage, fault: Callable[[Stage], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if (
        fault is half_open
    ):  # a stream is given up after 35 silent seconds; the server speaks every 15
        monkeypatch.setattr("promptops.delivery.source_http.SILENCE", 1.0)
        stage.forget()
        stage.watch_both()
        stage.converges()
    fault(stage)
    assert stage.publish(2) == 2
    assert stage.publish(3) == 3
    if fault not in (slow, half_open):
        # Who follows over HTTP does not wait for Redis to come back.
        http = stage.watched[0].ops
        until(lambda: content_of(http)[0] == (1, 3), "r3 arrives over HTTP meanwhile", 10)
    if fault is out_of_memory:
        assert [made["delivery"] for made in stage.acknowledged[1:]] == ["pending", "pending"]
        log = stage.server.log.read_text()
        assert (
            "used memory > 'maxmemory'" in log
        )  # Redis' own words tell the operator what is the matter
    if fault is not slow:
        stage.heal()
    stage.converges()
    assert stage.publish(4) == 4
    stage.converges()
    for one in stage.watched:
        assert one.ops.health().refusals == 0


def test_a_redis_set_back_to_an_old_dump_leads_nobody_back(stage: Stage) -> None:
    stage.node.client().save()  # r1
    assert stage.publish(2) == 2
    assert stage.publish(3) == 3
    stage.converges()
    stage.kill_redis(keep=True)
    stage.heal()
    # For a moment Redis says r1, well signed; who holds r3 keeps it.
    began = time.monotonic()
    stage.converges()
    assert time.monotonic() - began < SERVERS_LOOK + 10
    assert "set back from 1-3 to 1-1" in stage.server.log.read_text()  # and says so
    late = stage.watch("redis")
    until(lambda: content_of(late.ops)[0] == (1, 3), "a process that starts now has r3")
    assert stage.publish(4) == 4
    stage.converges()


def test_an_application_that_starts_while_all_is_down_goes_by_its_copy_and_then_forward(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    stage.watch("http", disk_cache=True, cache_dir=folder).close()
    stage.watched.pop()
    stage.kill_redis(keep=False)
    assert stage.publish(2) == 2
    stage.server.kill()
    began = stage.watch("http", disk_cache=True, cache_dir=folder, start_timeout=1)
    assert content_of(began.ops)[0] == (1, 1)
    assert began.ops.health().source == "disk"
    stage.heal()
    stage.converges()
    assert began.ops.health().source == "live"
    # A copy that was cut short is left aside; the server has the truth.
    began.close()
    stage.watched.remove(began)
    (copy,) = (folder / "environments").iterdir()
    copy.write_bytes(copy.read_bytes()[:-40])
    stage.to_server.cut()
    stage.watch("http", disk_cache=True, cache_dir=folder)
    stage.converges()
