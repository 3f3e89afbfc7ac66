"""The asyncio client: the same promises, and the loop never waits."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from publisher import ENVIRONMENT, PROJECT

from promptops import AsyncPromptOps, NotConnected, Release

if TYPE_CHECKING:
    from conftest import Setting


def client(setting: Setting, **more: Any) -> AsyncPromptOps:
    settings = {
        "project": PROJECT,
        "environment": ENVIRONMENT,
        "trust_key": setting.publisher.trust_key,
        "cache_dir": setting.folder / "cache",
        **setting.addresses,
        **more,
    }
    return AsyncPromptOps(**settings)


async def until(condition: Any, what: str) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"it did not come about that {what}")


def test_releases_arrive_in_the_loop(setting: Setting) -> None:
    setting.publisher.publish(triage="one")

    async def main() -> list[int]:
        seen = []
        async with client(setting) as ops:
            assert ops.get("claims/triage").render()[0]["content"] == "one"
            assert ops.snapshot().release == 1
            releases = ops.releases()
            await asyncio.to_thread(setting.publisher.publish, triage="two")
            await asyncio.to_thread(setting.publisher.publish, triage="three")
            for _ in range(2):
                seen.append((await asyncio.wait_for(anext(releases), 5)).number)
            assert ops.get("claims/triage").render()[0]["content"] == "three"
            assert ops.health().connected
            await releases.aclose()
        return seen

    assert asyncio.run(main()) == [2, 3]


def test_the_loop_goes_on_while_a_client_starts(http_setting: Setting) -> None:
    http_setting.target.stop()

    async def main() -> tuple[float, int]:
        ticks, longest = 0, 0.0

        async def tick() -> None:
            nonlocal ticks, longest
            while True:
                began = time.perf_counter()
                await asyncio.sleep(0.01)
                longest = max(longest, time.perf_counter() - began)
                ticks += 1

        ticking = asyncio.ensure_future(tick())
        async with client(http_setting, start_timeout=0.6) as ops:
            with pytest.raises(NotConnected):
                ops.get("claims/triage")
            assert ops.get("claims/triage", fallback="x").render()[0]["content"] == "x"
        ticking.cancel()
        return longest, ticks

    longest, ticks = asyncio.run(main())
    assert ticks > 15
    assert longest < 0.4


def test_functions_and_coroutine_functions_are_called_and_may_fail(http_setting: Setting) -> None:
    http_setting.publisher.publish(triage="one")

    async def main() -> None:
        called: list[tuple[str, int]] = []

        async def later(release: Release) -> None:
            await asyncio.sleep(0)
            called.append(("coroutine", release.number))

        async def failing(release: Release) -> None:
            raise RuntimeError("not the follower's trouble")

        async with client(http_setting) as ops:
            ops.on_release(failing)
            stop = ops.on_release(later)
            ops.on_release(lambda release: called.append(("function", release.number)))
            await asyncio.to_thread(http_setting.publisher.publish, triage="two")
            await until(lambda: len(called) == 2, "both are called")
            stop()
            await asyncio.to_thread(http_setting.publisher.publish, triage="three")
            await until(lambda: ("function", 3) in called, "the other goes on")
            assert ("coroutine", 3) not in called

    asyncio.run(main())


def test_leaving_ends_those_who_wait_for_releases(http_setting: Setting) -> None:
    async def main() -> list[Release]:
        async with client(http_setting) as ops:

            async def gather() -> list[Release]:
                return [release async for release in ops.releases()]

            gathering = asyncio.ensure_future(gather())
            await asyncio.sleep(0.01)
        return await asyncio.wait_for(gathering, 5)

    assert asyncio.run(main()) == []


def test_outside_async_with_it_says_so() -> None:
    ops = AsyncPromptOps(url="http://localhost:1", project="p", environment="e")
    with pytest.raises(RuntimeError, match="async with"):
        ops.get("a")


def test_a_client_is_entered_once(http_setting: Setting) -> None:
    async def main() -> None:
        async with client(http_setting) as ops:
            with pytest.raises(RuntimeError, match="entered before"):
                await ops.__aenter__()
            with pytest.raises(TypeError, match="not NoneType"):
                ops.on_release(None)  # type: ignore[arg-type]

    asyncio.run(main())


def test_a_start_that_is_cancelled_keeps_nobody_waiting() -> None:
    async def main(port: int) -> None:
        url = f"http://127.0.0.1:{port}"
        starting = AsyncPromptOps(url, "t", PROJECT, ENVIRONMENT, start_timeout=8, disk_cache=False)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(starting.__aenter__(), 0.2)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        asyncio.run(main(silent.getsockname()[1]))  # waits for its threads
        assert time.monotonic() - began < 2
