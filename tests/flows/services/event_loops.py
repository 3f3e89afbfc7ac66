"""Event loops: reading needs none and blocks none, so one `PromptOps` serves any number of loops, one after another or in threads."""

import asyncio

from promptops import AsyncPromptOps, PromptOps, Release

ops = PromptOps()


async def answer(claim: str) -> str:
    return ops.get("claims/triage").render(claim=claim)[-1]["content"]


print(asyncio.run(answer("Hail")))
print(asyncio.run(answer("Rain")))
ops.close()


async def main() -> None:
    async with (
        AsyncPromptOps() as ops
    ):  # starts and ends without blocking; callbacks run in this loop

        async def note(release: Release) -> None:
            print("release", release.number)

        ops.on_release(note)
        print(ops.get("claims/triage").version)


asyncio.run(main())
