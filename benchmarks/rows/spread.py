"""A release on its way to 1, 100 and 500 followers, beside a bare PUBLISH of the same bytes to as many subscribers.

Followers are the SDK with its own connection each, many in a process; they verify every release. A bare subscriber is a
connection and a thread of the same Redis library that does nothing with what comes. All of them share this machine's
cores with the server, so that at 500 the figure is the machine's time to do the work of 500 processes; the rows of CPU
tell how much of it is the followers' own.

`python -m benchmarks spread` also tells what receipts cost: the same with `receipts=False`, by turns.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from benchmarks.crowd import Crowd, crowd, processes_for, redis_server
from benchmarks.row import Row, millis, quantile
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server

SIZES = {1: (25, 200), 100: (8, 50), 500: (4, 30)}
"""Followers → releases measured, quick and whole."""


def run(quick: bool) -> list[Row]:
    """p50 and p99 over all followers and releases, over Redis and over server-sent events."""
    rows: list[Row] = []
    with (
        redis_server() as redis_url,
        server("--redis-url", redis_url) as running,
        project(running) as api,
    ):
        stage = _Stage(api, running, redis_url)
        for count, (few, many) in SIZES.items():
            rounds = few if quick else many
            with crowd("subscriber", count, redis_url=redis_url) as subscribers:
                bare = stage.bare(subscribers, rounds, count)
            for transport in ("Redis", "server-sent events"):
                with crowd("follower", count, **stage.options(transport)) as followers:
                    _settle(count)
                    found = stage.spread(followers, rounds, count)
                rows += _rows(transport, count, found, bare)
        rows += _receipts(stage, quick)
    return rows


class Figures:
    """Seconds to each follower, from the acknowledgement and from the request; and of CPU of each, until all had it."""

    def __init__(self) -> None:
        self.after_ack: list[float] = []
        self.whole: list[float] = []
        self.cpu: list[float] = []

    def both(self, values: list[float]) -> str:
        """p50 and p99."""
        return f"{millis(quantile(values, 0.5))} / {millis(quantile(values, 0.99))}"


class _Stage:
    """A server whose prompt `claims/triage` is released back and forth between two versions."""

    def __init__(self, api: Any, running: Any, redis_url: str) -> None:
        self._api, self._redis_url, self._turn = api, redis_url, 0
        self._versions = [put(api, "claims/triage", prompt_text(0))]
        self._versions.append(put(api, "claims/triage", prompt_text(1), self._versions[0]))
        self.release()
        self.size = self._bytes_of_a_release()
        token = running.token("app", "delivery", PROJECT, "staging")
        keys = api.get(f"{running.url}/delivery/v1/keys").json()["keys"]
        self._options = {
            "url": running.url, "token": token, "project": PROJECT, "environment": "staging",
            "trust_key": keys[0]["public"],
        }  # fmt: skip

    def options(self, transport: str, **more: Any) -> dict[str, Any]:
        """What a client is made with."""
        over = {"redis_url": self._redis_url} if transport == "Redis" else {}
        return {**self._options, **over, **more}

    def release(self) -> int:
        """Publish the other version; the release's number."""
        version = self._versions[self._turn % 2]
        self._turn += 1
        return int(publish(self._api, "staging", "claims/triage", version)["number"])

    def spread(self, followers: Crowd, rounds: int, count: int) -> Figures:
        """Release so many times, each when the last one and its receipts are through."""
        found = Figures()
        for turn in range(rounds + 1):
            used = followers.cpu()
            begin = time.perf_counter()
            number = self.release()
            acknowledged = time.perf_counter()
            times = followers.times(number)
            used = followers.cpu() - used
            if turn:  # the first one reads what is kept afterwards
                found.cpu.append(used / count)
                found.after_ack += [max(0.0, at - acknowledged) for at in times]
                found.whole += [at - begin for at in times]
            _rest(count)
        return found

    def bare(self, subscribers: Crowd, rounds: int, count: int) -> Figures:
        """From PUBLISH to each subscriber having as many bytes."""
        import redis

        found = Figures()
        with redis.Redis.from_url(self._redis_url) as publisher:
            publisher.ping()
            for turn in range(1, rounds + 2):
                payload = f"{turn:08}".ljust(self.size, "x")
                used = subscribers.cpu()
                begin = time.perf_counter()
                publisher.publish("floor", payload)
                times = subscribers.times(turn)
                used = subscribers.cpu() - used
                if turn > 1:
                    found.cpu.append(used / count)
                    found.whole += [at - begin for at in times]
                _rest(count)
        return found

    def _bytes_of_a_release(self) -> int:
        import redis

        from promptops_server.delivery.layout import Names

        with redis.Redis.from_url(self._redis_url) as client, client.pubsub() as subscription:
            subscription.subscribe(Names.of(PROJECT, "staging").nudge)
            subscription.get_message(timeout=5)
            self.release()
            message = subscription.get_message(timeout=5)
            assert message is not None
            return len(message["data"])


def _rest(count: int) -> None:
    """Until followers have reported: the server asks for about 500 reports a second."""
    time.sleep(0.1 + 2.2 * count / 1000)


def _settle(count: int) -> None:
    """Until the first look at the list of keys is over, which each does soon after it began to follow."""
    if count > 1:
        time.sleep(3.5 + count / 250)


def _rows(transport: str, count: int, found: Figures, floor: Figures) -> Iterator[Row]:
    p99, bare = quantile(found.after_ack, 0.99), quantile(floor.whole, 0.99)
    p50 = quantile(found.after_ack, 0.5)
    processes = processes_for(count)
    among = "" if count == 1 else f" in {processes} processes"
    if count == 1:
        target, met = "≤ 2 ms / ≤ 20 ms", p50 <= 0.002 and p99 <= 0.020
    elif count == 500:
        target, met = "p99 ≤ 3×", p99 <= 3 * bare
    else:
        target, met = "", None
    who = "1 follower" if count == 1 else f"{count} followers{among}"
    yield Row(
        f"release acknowledged → {who} over {transport}, p50 / p99",
        f"{found.both(found.after_ack)} (from request: {found.both(found.whole)})",
        f"bare PUBLISH {floor.both(floor.whole)}",
        p99 / bare, target, met,
    )  # fmt: skip
    if count > 100:
        ours, theirs = quantile(found.cpu, 0.5), quantile(floor.cpu, 0.5)
        yield Row(f"CPU of each of {count} followers over {transport} until all have a release",
                  millis(ours), f"bare subscriber {millis(theirs)}", ours / theirs, "", None)  # fmt: skip


def _receipts(stage: _Stage, quick: bool) -> Iterator[Row]:
    """Two releases a second to 100 followers that report, and to as many that do not, by turns."""
    count, turns, each = 100, (1 if quick else 3), (8 if quick else 20)
    found = {True: Figures(), False: Figures()}
    for _ in range(turns):
        for receipts in (False, True):
            options = stage.options("server-sent events", receipts=receipts)
            with crowd("follower", count, **options) as followers:
                _settle(count)
                more = stage.spread(followers, each, count)
            found[receipts].after_ack += more.after_ack
            found[receipts].whole += more.whole
    on, off = found[True], found[False]
    ratio = quantile(on.whole, 0.5) / quantile(off.whole, 0.5)
    yield Row(f"request → {count} followers over server-sent events that report, p50 / p99",
              on.both(on.whole), f"without receipts {off.both(off.whole)}", ratio, "≤ 1.10", ratio <= 1.10)  # fmt: skip
