"""A release on its way to one follower, over Redis and over HTTP, beside a bare PUBLISH of as many bytes.

"Acknowledged" is the moment the publisher has the answer in hand. A follower often has the release before that,
since the server projects before it answers; such a difference counts as zero.
"""

from __future__ import annotations

import queue
import threading
import time

from benchmarks.row import Row, millis, quantile
from benchmarks.stage import PROJECT, project, prompt_text, publish, put, server


def run(quick: bool) -> list[Row]:
    """p50 and p99 over Redis and over server-sent events."""
    rounds = 60 if quick else 400
    floor = _bare_publish(rounds)
    rows = []
    for transport in ("Redis", "HTTP"):
        after_ack, whole = _spread(transport, rounds)
        p50, p99 = quantile(after_ack, 0.5), quantile(after_ack, 0.99)
        rows.append(
            Row(f"release acknowledged → one follower over {transport}, p50 / p99",
                f"{millis(p50)} / {millis(p99)} (from request: {millis(quantile(whole, 0.5))})",
                f"bare PUBLISH {millis(quantile(floor, 0.5))} / {millis(quantile(floor, 0.99))}",
                p50 / quantile(floor, 0.5), "≤ 2 ms / ≤ 20 ms", p50 <= 0.002 and p99 <= 0.020)
        )  # fmt: skip
    return rows


def _spread(transport: str, rounds: int) -> tuple[list[float], list[float]]:
    import tempfile
    from pathlib import Path

    from promptops import PromptOps
    from promptops_server.infra.redis_process import RedisProcess

    applied: queue.Queue[tuple[int, float]] = queue.Queue()
    after_ack, whole = [], []
    with tempfile.TemporaryDirectory(prefix="po-") as folder:
        redis = RedisProcess(Path(folder))
        redis.start()
        try:
            with server("--redis-url", redis.url) as running, project(running) as api:
                versions = [put(api, "claims/triage", prompt_text(0))]
                versions.append(put(api, "claims/triage", prompt_text(1), versions[0]))
                first = publish(api, "staging", "claims/triage", versions[0])
                token = running.token("app", "delivery", PROJECT, "staging")
                over = {"redis_url": redis.url} if transport == "Redis" else {}
                with PromptOps(url=running.url, token=token, project=PROJECT, environment="staging",
                               disk_cache=False, **over) as ops:  # fmt: skip
                    ops.on_release(
                        lambda r: applied.put((ops.health().release, time.perf_counter()))
                    )
                    number = first["number"]
                    for turn in range(rounds):
                        begin = time.perf_counter()
                        release = publish(api, "staging", "claims/triage", versions[(turn + 1) % 2])
                        acknowledged = time.perf_counter()
                        number = release["number"]
                        while True:
                            seen, at = applied.get(timeout=10)
                            if seen >= number:
                                break
                        after_ack.append(max(0.0, at - acknowledged))
                        whole.append(at - begin)
        finally:
            redis.stop()
    return after_ack, whole


def _bare_publish(rounds: int) -> list[float]:
    import tempfile
    from pathlib import Path

    import redis as redis_client

    from promptops_server.infra.redis_process import RedisProcess

    payload = "x" * 4000  # about a signed header and a small artifact
    times: list[float] = []
    with tempfile.TemporaryDirectory(prefix="po-") as folder:
        process = RedisProcess(Path(folder))
        process.start()
        try:
            publisher = redis_client.Redis.from_url(process.url)
            subscriber = redis_client.Redis.from_url(process.url).pubsub()
            subscriber.subscribe("floor")
            subscriber.get_message(timeout=1)
            arrived = threading.Event()
            moments: list[float] = []

            def listen() -> None:
                while len(moments) < rounds:
                    message = subscriber.get_message(ignore_subscribe_messages=True, timeout=5)
                    if message:
                        moments.append(time.perf_counter())
                        arrived.set()

            thread = threading.Thread(target=listen, daemon=True)
            thread.start()
            for _ in range(rounds):
                arrived.clear()
                begin = time.perf_counter()
                publisher.publish("floor", payload)
                arrived.wait(5)
                times.append(moments[-1] - begin)
            thread.join(5)
        finally:
            process.stop()
    return times
