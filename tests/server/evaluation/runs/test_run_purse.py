"""A run's purse: whatever calls cost, what is spent and set aside never goes over the limit."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from promptops_server.evaluation.runs.money import Purse

calls = st.tuples(st.integers(0, 50), st.integers(0, 100), st.integers(0, 3))


@given(limit=st.integers(0, 300), asked=st.lists(calls, max_size=20))
def test_a_limit_holds_whatever_is_asked_at_once(
    limit: int, asked: list[tuple[int, int, int]]
) -> None:
    """Each call sets aside the most, costs a share of it, and takes some turns of the loop."""

    async def scenario() -> tuple[Purse, int]:
        purse = Purse(limit, 0)
        granted = 0

        async def call(most: int, share: int, turns: int) -> None:
            nonlocal granted
            if not await purse.reserve(most):
                return
            granted += 1
            assert purse.spent + purse.reserved <= limit
            for _ in range(turns):
                await asyncio.sleep(0)
            purse.settle(most, most * share // 100)

        async with asyncio.TaskGroup() as tasks:
            for each in asked:
                tasks.create_task(call(*each))
        return purse, granted

    purse, granted = asyncio.run(scenario())
    assert purse.spent <= limit
    assert purse.reserved == 0
    if sum(most for most, _, _ in asked) <= limit:
        assert granted == len(asked)


def test_a_call_that_does_not_fit_yet_waits_for_what_may_turn_out_cheaper() -> None:
    async def scenario() -> list[bool]:
        purse = Purse(100, 0)
        assert await purse.reserve(80)
        second = asyncio.create_task(purse.reserve(60))
        await asyncio.sleep(0)
        assert not second.done()
        purse.settle(80, 10)
        third = await asyncio.gather(second)
        return [*third, await purse.reserve(0)]

    assert asyncio.run(scenario()) == [True, True]


def test_what_is_not_wanted_any_more_is_not_waited_for() -> None:
    async def scenario() -> bool:
        purse = Purse(10, 0)
        wanted = True
        await purse.reserve(10)
        waiting = asyncio.create_task(purse.reserve(5, lambda: not wanted))
        await asyncio.sleep(0)
        wanted = False
        purse.wake()
        return await waiting

    assert asyncio.run(scenario()) is False


def test_without_a_limit_everything_fits() -> None:
    assert asyncio.run(Purse(None, 5).reserve(10**12))
