"""Delivery through what stands between: proxies that cut idle connections, hold small pieces back, or go away; caches that ask again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from delivery_world import World
from http_delivery import TOKEN, Events, Served, serve

from promptops import PromptOps
from promptops_server.delivery import hub, snapshot
from support.tcp_proxy import TcpProxy


@pytest.fixture
def served(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(hub, "KEEP_ALIVE_SECONDS", 0.2)
    monkeypatch.setattr(hub, "_TICK_SECONDS", 0.1)
    with serve(world) as running:
        yield running


def port_of(served: Served) -> int:
    port = urlsplit(served.url).port
    assert port is not None
    return port


def test_heartbeats_keep_a_quiet_stream_open_through_a_proxy_that_cuts_idle_ones(
    served: Served, world: World
) -> None:
    world.release({"claims/triage": 1})
    headers = {"authorization": f"Bearer {TOKEN}"}
    with (
        TcpProxy(port_of(served), idle=0.8) as proxy,
        httpx2.Client(base_url=proxy.url, headers=headers, timeout=20) as client,
        client.stream("GET", "/delivery/v1/retail-bank/production/events") as response,
    ):
        stream = Events(response)
        assert stream.next()[0] == "hello"
        time.sleep(2.0)  # longer than twice what the proxy allows
        assert proxy.cut_idle == 0
        world.release({"claims/triage": 2})
        served.delivery.project(world.environment.id)
        assert stream.next()[:2] == ("release", "1-2")


def test_a_stream_says_that_it_must_not_be_held_back_compressed_or_stored(served: Served) -> None:
    with served.events(accept_encoding="gzip, br") as stream:
        headers = stream.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert "content-encoding" not in headers
        assert headers["cache-control"] == "no-store, no-transform"
        assert headers["x-accel-buffering"] == "no"


def test_a_client_whose_connections_are_cut_goes_on_where_it_was(
    served: Served, world: World
) -> None:
    world.release({"claims/triage": 1})
    seen: list[int] = []
    with (
        TcpProxy(port_of(served)) as proxy,
        PromptOps(
            proxy.url, TOKEN, "retail-bank", "production", disk_cache=False, receipts=False
        ) as ops,
    ):
        assert ops.get("claims/triage").version == 1
        ops.on_release(lambda release: seen.append(release.number))
        for version in (2, 3):
            before = proxy.connections
            proxy.cut()
            world.release({"claims/triage": version})
            world.release({"claims/other": version})
            served.delivery.project(world.environment.id)
            deadline = time.monotonic() + 15
            while len(seen) < 2 * version - 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert ops.get("claims/triage").version == version
            assert proxy.connections > before
    assert seen == [2, 3, 4, 5]  # one by one: continued by Last-Event-ID, no snapshot in between


def test_who_asks_again_is_told_that_nothing_changed(served: Served, world: World) -> None:
    world.release({"claims/triage": 1})
    served.delivery.project(world.environment.id)
    digest = served.get("/prompts/claims/triage").json()["digest"]
    for path in ("", "/prompts/claims/triage", f"/artifacts/{digest}"):
        first = served.get(path)
        tag = first.headers["etag"]
        for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = served.get(path, if_none_match=asked)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        other = served.get(path, if_none_match='"other"')
        assert (other.status_code, other.content) == (200, first.content)
        head = served.client.head(served.base + path)
        assert (head.status_code, head.headers["etag"], head.content) == (200, tag, b"")
    assert "immutable" in served.get(f"/artifacts/{digest}").headers["cache-control"]
    assert served.get().headers["vary"] == "accept-encoding"


def test_a_snapshot_is_packed_once_however_many_ask(
    served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.release({f"many/p{n}": 1 for n in range(300)}, body="é" * 300)
    served.delivery.project(world.environment.id)
    built: list[int] = []
    build = snapshot.build

    def counted(*parts: Any) -> snapshot.Snapshot:
        built.append(1)
        return build(*parts)

    monkeypatch.setattr(snapshot, "build", counted)
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda _: served.get(accept_encoding="gzip"), range(30)))
    assert {(one.status_code, one.headers["content-encoding"]) for one in found} == {(200, "gzip")}
    assert len({one.content for one in found}) == 1
    assert len(built) == 1
    world.release({"many/p0": 2})
    served.delivery.project(world.environment.id)
    assert served.get().headers["etag"] == '"1-2"'
    assert len(built) == 2
