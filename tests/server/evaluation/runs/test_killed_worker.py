"""A process killed in the middle of a run: the next one carries on, and repeats at most the calls that were in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from run_ground import Ground, knowing, prompt_text, until_asked

from support.openai_server import OpenAIServer
from support.server import RunningServer

CASES = 60
AT_ONCE = 4


def test_a_killed_server_carries_on_with_its_runs_after_its_start(
    start_server: Callable[..., RunningServer],
) -> None:
    with OpenAIServer(answer=knowing, latency=0.05) as endpoint:
        server = start_server()
        ground = Ground.on(server)
        ground.put(prompt_text(CASES))
        ground.target("local", endpoint, limits={"concurrency": AT_ONCE})
        number = ground.start("local")["number"]
        until_asked(endpoint, CASES // 3)
        server.kill()
        server.start()
        _check(ground, endpoint, number)


def test_another_worker_carries_on_with_the_runs_of_a_dead_one(
    start_server: Callable[..., RunningServer], postgres_url: str
) -> None:
    with OpenAIServer(answer=knowing, latency=0.05) as endpoint:
        args = ("--database-url", postgres_url)
        env = {"PROMPTOPS_JOBS_DEAD_AFTER_SECONDS": "1", "PROMPTOPS_SECRET_KEY": "s" * 43}
        first = start_server(*args, data="first", env=env)
        ground = Ground.on(first)
        ground.put(prompt_text(CASES))
        ground.target("local", endpoint, limits={"concurrency": AT_ONCE})
        number = ground.start("local")["number"]
        until_asked(endpoint, CASES // 3)
        first.kill()
        second = start_server(*args, data="second", env=env)
        _check(Ground(second, second.api(second.token("root", "admin"))), endpoint, number)


def test_a_server_that_is_stopped_hands_its_runs_back(
    start_server: Callable[..., RunningServer],
) -> None:
    with OpenAIServer(answer=knowing, latency=0.05) as endpoint:
        server = start_server()
        ground = Ground.on(server)
        ground.put(prompt_text(CASES))
        ground.target("local", endpoint, limits={"concurrency": AT_ONCE})
        number = ground.start("local")["number"]
        until_asked(endpoint, CASES // 3)
        server.stop()
        asked = len(endpoint.requests)
        assert asked < CASES
        server.start()
        ended = ground.ended(number)
        assert ended["state"] == "done"
        assert ended["attempt"] == 2
        assert len(endpoint.requests) == CASES  # what was in flight was waited for


def _check(ground: Ground, endpoint: OpenAIServer, number: int) -> None:
    ended = ground.ended(number)
    assert ended["state"] == "done"
    assert ended["passed"] is True
    assert [t["passed"] for t in ended["targets"]] == [CASES]
    assert len(ground.results(number, state="done")) == CASES
    assert CASES <= len(endpoint.requests) <= CASES + AT_ONCE
    asked = Counter(str(seen.body["messages"]) for seen in endpoint.requests)
    assert len(asked) == CASES
    assert max(asked.values()) <= 2
