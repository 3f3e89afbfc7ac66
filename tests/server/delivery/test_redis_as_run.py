"""One contract over every way enterprises run Redis: the server's delivery writes there, the real client follows there.

Standalone on a port, Sentinels with a failover, a cluster of three nodes, TLS with a client's certificate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest
import redis
from delivery_world import World
from http_delivery import Served, serve
from redis.crc import key_slot

from promptops import PromptOps
from promptops_server.delivery.layout import Names
from promptops_server.infra.redis import RedisAddress, connect
from support.redis_topologies import Cluster, Node, SentinelSet, TlsEnd, until

NAMES = Names.of("retail-bank", "production")


Behind = TypeVar("Behind")


@dataclass
class Running(Generic[Behind]):
    """One way of running Redis: its address, and the processes behind it."""

    url: str
    behind: Behind

    def client(self) -> redis.Redis:
        return connect(RedisAddress(self.url), timeout=3)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    made = Node(tmp_path_factory.mktemp("node")).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def standalone(node: Node) -> Running[Node]:
    return Running(f"redis://127.0.0.1:{node.port}/0", node)


@pytest.fixture(scope="module")
def tls(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running[TlsEnd]]:
    end = TlsEnd(tmp_path_factory.mktemp("tls"), node.port)
    yield Running(end.url(), end)
    end.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running[Cluster]]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield Running(made.url, made)
    made.stop()


@pytest.fixture(scope="module")
def sentinel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running[SentinelSet]]:
    made = SentinelSet(tmp_path_factory.mktemp("sentinel"))
    yield Running(made.url, made)
    made.stop()


@pytest.fixture(params=["standalone", "tls", "cluster", "sentinel"])
def running(request: pytest.FixtureRequest) -> Running[Any]:
    found: Running[Any] = request.getfixturevalue(request.param)
    return found


@contextmanager
def served_by(world: World, running: Running[Any]) -> Iterator[Served]:
    """Delivery that writes to an empty Redis."""
    with running.client() as client:
        client.flushall()
    with serve(world, running.url, reconcile_seconds=0.1) as delivery:
        yield delivery


@pytest.fixture
def served(world: World, running: Running[Any]) -> Iterator[Served]:
    with served_by(world, running) as delivery:
        yield delivery


@pytest.fixture
def follow(world: World) -> Iterator[Callable[..., PromptOps]]:
    """Starts clients that know nothing but Redis and the key."""
    made: list[PromptOps] = []

    def start(running: Running[Any], **more: Any) -> PromptOps:
        ops = PromptOps(
            redis_url=running.url, trust_key=world.trust_key, project="retail-bank",
            environment="production", disk_cache=False, **{"start_timeout": 20, **more},
        )  # fmt: skip
        made.append(ops)
        return ops

    yield start
    for ops in made:
        ops.close()


def release(served: Served, world: World, version: int) -> None:
    world.release({"claims/triage": version})
    until(
        lambda: served.delivery.project(world.environment.id) == "applied",
        f"version {version} is in Redis",
    )


def test_releases_arrive_receipts_come_back_and_an_emptied_redis_heals(
    served: Served, world: World, running: Running[Any], follow: Callable[..., PromptOps]
) -> None:
    release(served, world, 1)
    ops = follow(running)
    assert ops.get("claims/triage").version == 1
    for version in range(2, 12):
        began = time.monotonic()
        release(served, world, version)
        until(lambda v=version: ops.get("claims/triage").version == v, f"version {version} arrives")  # type: ignore[misc]
        assert time.monotonic() - began < 1, "a nudge brings it, not the next look"
    with running.client() as client:
        client.flushall()
        until(lambda: client.exists(NAMES.state), "Redis is written anew")
    release(served, world, 12)
    until(lambda: ops.get("claims/triage").version == 12, "the version after that arrives")
    assert ops.health().refusals == 0
    until(lambda: world.followers() == [(12, "redis")], "the receipt of the last release is kept")


def test_a_release_of_many_prompts_is_read_whole(
    served: Served, world: World, running: Running[Any], follow: Callable[..., PromptOps]
) -> None:
    world.release({f"m{n % 7}/p{n}": 1 for n in range(600)}, body="x" * 900)
    assert served.delivery.project(world.environment.id) in ("applied", "pending")
    until(lambda: served.delivery.health().ok, "all of it is in Redis")
    assert len(follow(running).snapshot().paths()) == 600


def test_all_keys_of_an_environment_are_in_one_slot(
    served: Served, world: World, running: Running[Any], follow: Callable[..., PromptOps]
) -> None:
    release(served, world, 1)
    follow(running)
    until(lambda: world.followers(), "there is a receipt")
    with running.client() as client:
        names = [*client.scan_iter(match="promptops:*"), NAMES.nudge]
        slots = {key_slot(name.encode()) for name in names}
    assert len(names) >= 5
    assert slots == {key_slot(NAMES.state.encode())}


def test_who_brings_no_certificate_or_trusts_nobody_is_told_so(
    tls: Running[TlsEnd], world: World
) -> None:
    bare = f"rediss://127.0.0.1:{tls.behind.port}/0"
    for url, words in (
        (f"{bare}?ca_file={tls.behind.pki.ca_file}", ""),  # how that shows depends on who is faster
        (bare, "certificate verify failed"),
    ):
        with pytest.raises((redis.ConnectionError, OSError)) as refused:
            connect(RedisAddress(url), timeout=3).ping()
        assert words in str(refused.value)
        with PromptOps(
            redis_url=url, trust_key=world.trust_key, project="retail-bank",
            environment="production", disk_cache=False, start_timeout=0.1,
        ) as ops:  # fmt: skip
            until(lambda: "cannot be reached: " in ops.health().last_error, "the client says so")
            assert words in ops.health().last_error


def test_a_failover_is_followed_by_server_and_client(
    world: World, sentinel: Running[SentinelSet], follow: Callable[..., PromptOps]
) -> None:
    with served_by(world, sentinel) as served:
        release(served, world, 1)
        ops = follow(sentinel)
        assert ops.get("claims/triage").version == 1
        fallen = sentinel.behind.master
        fallen.kill()
        release(served, world, 2)
        until(lambda: ops.get("claims/triage").version == 2, "the next release arrives")
        assert sentinel.behind.master is not fallen
        fallen.start()  # comes back as a replica; nobody goes back with it
        release(served, world, 3)
        until(lambda: ops.get("claims/triage").version == 3, "the release after it arrives")
        master = sentinel.behind.master
        until(sentinel.behind.has_replica, "the Sentinels know the replica")
        sentinel.behind.hand_over()  # planned: the old master lives on as a replica
        until(lambda: sentinel.behind.master is not master, "they changed places")
        release(served, world, 4)
        until(lambda: ops.get("claims/triage").version == 4, "that arrives too")
        assert ops.health().refusals == 0


def test_a_node_of_a_cluster_that_returns_empty_is_written_anew(
    world: World, cluster: Running[Cluster], follow: Callable[..., PromptOps]
) -> None:
    with served_by(world, cluster) as served:
        release(served, world, 1)
        ops = follow(cluster)
        slot = key_slot(NAMES.state.encode())
        owner = cluster.behind.nodes[slot // (16384 // 3 + 1)]
        owner.kill()
        world.release({"claims/triage": 2})
        assert served.delivery.project(world.environment.id) == "pending"
        assert ops.get("claims/triage").version == 1
        owner.start()
        until(lambda: served.delivery.project(world.environment.id) == "applied", "Redis has it")
        until(lambda: ops.get("claims/triage").version == 2, "the release arrives")
