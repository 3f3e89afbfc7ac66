"""The event stream: the head first, every release once and in order, resumed or reset, ended when it must be."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from delivery_world import World
from http_delivery import TOKEN, Served, serve
from sqlalchemy import update

from promptops.delivery.header import Header
from promptops_server.infra.tables import installation


@pytest.fixture
def served(world: World) -> Iterator[Served]:
    with serve(world) as running:
        yield running


def test_a_stream_begins_with_the_head_and_tells_every_release_in_order(
    served: Served, world: World
) -> None:
    world.release({"claims/triage": 1})
    with served.events() as stream:
        name, event_id, data = stream.next()
        assert (name, event_id) == ("hello", None)
        assert Header.from_value(data["header"]).position == (1, 1)
        for version in range(2, 6):
            world.release({"claims/triage": version})
            served.delivery.project(world.environment.id)
        for version in range(2, 6):
            name, event_id, data = stream.next()
            assert (name, event_id) == ("release", f"1-{version}")
            header = Header.from_value(data["header"])
            assert header.statement.changes[0].version == version
            assert list(data["artifacts"]) == [header.statement.changes[0].digest]


def test_a_follower_that_comes_back_gets_what_it_missed(served: Served, world: World) -> None:
    for version in range(1, 6):
        world.release({"claims/triage": version})
    for resume in ({"last_event_id": "1-2"}, {"query": "?from=1-2"}):
        with served.events(**resume) as stream:  # type: ignore[arg-type]
            assert stream.next()[0] == "hello"
            assert [stream.next()[1] for _ in range(3)] == ["1-3", "1-4", "1-5"]


def test_what_cannot_be_continued_is_reset_and_then_goes_on(served: Served, world: World) -> None:
    world.release({"claims/triage": 1})
    for asked in ("2-1", "1-7"):
        with served.events(last_event_id=asked) as stream:
            assert stream.next()[0] == "hello"
            assert stream.next() == ("reset", None, {"epoch": 1, "release": 1})
    world.releases("claims/triage", 2, 502)
    served.delivery.project(world.environment.id)
    with served.events(last_event_id="1-1") as stream:
        stream.next()
        assert stream.next()[0] == "reset"
        world.release({"claims/triage": 600})
        served.delivery.project(world.environment.id)
        assert stream.next()[1] == "1-503"
    with served.events(last_event_id="1-3") as stream:
        stream.next()
        assert [stream.next()[1] for _ in range(500)] == [f"1-{n}" for n in range(4, 504)]
    with served.events(last_event_id="yesterday") as stream:
        assert stream.response.status_code == 400


def test_a_large_release_comes_without_its_artifacts(served: Served, world: World) -> None:
    with served.events() as stream:
        stream.next()
        world.release({f"p{n}": 1 for n in range(100)})
        served.delivery.project(world.environment.id)
        name, _, data = stream.next()
        assert name == "release"
        assert data["artifacts"] == {}
        digest = Header.from_value(data["header"]).statement.changes[0].digest
        assert served.get(f"/artifacts/{digest}").status_code == 200


def test_releases_of_other_processes_arrive_by_themselves(any_world: World) -> None:
    with serve(any_world) as served, served.events() as stream:
        stream.next()
        began = time.monotonic()
        any_world.release({"claims/triage": 1})
        assert stream.next()[1] == "1-1"
        assert time.monotonic() - began < 1.0


def test_the_head_is_vouched_for_again_and_streams_hear_it(world: World) -> None:
    world.release({"claims/triage": 1})
    with (
        serve(world, vouch_every_us=200_000, reconcile_seconds=0.05) as served,
        served.events() as stream,
    ):
        before = Header.from_value(stream.next()[2]["header"])
        name, event_id, data = stream.next()
        assert (name, event_id) == ("as_of", None)
        after = Header.from_value(data["header"])
        assert after.as_of > before.as_of
        assert after.statement_text == before.statement_text
        assert world.keys.signed_here(after)


def test_a_revoked_token_ends_its_stream_within_five_seconds(served: Served, world: World) -> None:
    served.access.tokens["pot_other"] = ("retail-bank", "production")
    with served.events("pot_other") as stream, served.events() as kept:
        stream.next()
        kept.next()
        began = time.monotonic()
        del served.access.tokens["pot_other"]
        with pytest.raises(StopIteration):
            stream.next()
        assert time.monotonic() - began < 5
        world.release({"claims/triage": 1})
        served.delivery.project(world.environment.id)
        assert kept.next()[1] == "1-1"
    with served.events("pot_other") as stream:
        assert stream.response.status_code == 401


def test_a_follower_that_does_not_read_is_cut_and_the_others_go_on(
    served: Served, world: World
) -> None:
    port = int(served.url.rpartition(":")[2])
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        slow.sendall(
            b"GET /delivery/v1/retail-bank/production/events HTTP/1.1\r\nhost: x\r\n"
            b"authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        )
        assert slow.recv(1000)
        with served.events() as reader:
            reader.next()
            hub = served.delivery._hub
            releases = 0
            while len(hub._all()) == 2 and releases < 200:
                world.release({"big": releases + 1}, body="x" * 200_000)
                served.delivery.project(world.environment.id)
                releases += 1
                assert reader.next()[1] == f"1-{releases}"
            assert len(hub._all()) == 1
            assert releases > 5


def test_a_hundred_streams_hear_one_release(served: Served, world: World) -> None:
    heard: list[str | None] = []
    ready = threading.Barrier(101)

    def follow() -> None:
        with served.events() as stream:
            stream.next()
            ready.wait(20)
            heard.append(stream.next()[1])

    threads = [threading.Thread(target=follow) for _ in range(100)]
    for thread in threads:
        thread.start()
    ready.wait(20)
    world.release({"claims/triage": 1})
    served.delivery.project(world.environment.id)
    for thread in threads:
        thread.join(20)
    assert heard == ["1-1"] * 100


def test_a_new_epoch_sends_open_streams_to_the_snapshot(served: Served, world: World) -> None:
    world.release({"claims/triage": 1})
    with served.events() as stream:
        stream.next()
        with world.db.write() as tx:
            tx.conn.execute(update(installation).values(epoch=2))
        world.release({"claims/triage": 2})
        served.delivery.project(world.environment.id)
        assert stream.next() == ("reset", None, {"epoch": 2, "release": 2})
        assert served.get().headers["etag"] == '"2-2"'
        world.release({"claims/triage": 3})
        served.delivery.project(world.environment.id)
        assert stream.next()[1] == "2-3"
