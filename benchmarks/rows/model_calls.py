"""What one call of a model costs this process: processor time of `Calls`, against the same request by bare aiohttp."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

import aiohttp
from aiohttp import web

from benchmarks.row import Row, millis
from promptops.calls.ask import Ask
from promptops_server.infra.sections.models import ModelSettings
from promptops_server.providers.calls import Calls
from promptops_server.providers.kinds.registry import all_providers
from promptops_server.providers.model import Limits, Target
from promptops_server.providers.wire.http import Http

_AT_ONCE = 32
_ANSWER = {
    "id": "c", "model": "m", "object": "chat.completion", "system_fingerprint": "f",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "word " * 100}}],
    "usage": {"prompt_tokens": 120, "completion_tokens": 100, "total_tokens": 220},
}  # fmt: skip
_PIECES = 50
_ASK = Ask(
    name="bench/prompt",
    model="m",
    messages=[{"role": "system", "content": "rule " * 100}, {"role": "user", "content": "Hello"}],
    parameters={"temperature": 0, "maxTokens": 100},
    tools=[],
    response_format=None,
    json_schema=None,
)


def run(quick: bool) -> list[Row]:
    """Whole answers, and streams of fifty pieces."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        return asyncio.run(_measured(ours.recv(), 500 if quick else 3000))
    finally:
        server.kill()
        server.join()


async def _measured(url: str, calls: int) -> list[Row]:
    target = Target("1", "bench", "openai_compatible", "m", base_url=url, limits=Limits(concurrency=_AT_ONCE))  # fmt: skip
    caller = Calls(Http(ModelSettings()), all_providers(), lambda target: None)
    async with aiohttp.ClientSession() as session:

        async def bare() -> None:
            body = {"model": "m", "messages": _ASK.messages, "temperature": 0, "max_tokens": 100}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                await response.json()

        async def whole() -> None:
            await caller.call(target, _ASK, deadline=60)

        async def streamed() -> None:
            await caller.call(target, _ASK, deadline=60, on_delta=lambda delta: None)

        for work in (bare, whole, streamed):
            await _processor_seconds(work, 2 * _AT_ONCE)  # connections are made, modules loaded
        floor = await _processor_seconds(bare, calls)
        one = await _processor_seconds(whole, calls)
        stream = await _processor_seconds(streamed, calls // 3)
    await caller.close()
    beside = f"bare aiohttp {millis(floor)}"
    return [
        Row("processor time of one call of a model", millis(one), beside, one / floor, "≤ 1 ms", one <= 0.001),
        Row(f"the same, streamed in {_PIECES} pieces", millis(stream), beside, stream / floor, "≤ 2.5 ms", stream <= 0.0025),
    ]  # fmt: skip


async def _processor_seconds(work: Callable[[], Awaitable[None]], calls: int) -> float:
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await work()

    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
    return (time.process_time() - began) / calls


def _serve(pipe: Connection) -> None:
    """A server in a process of its own, so that its time is not counted."""
    whole = json.dumps(_ANSWER).encode()
    chunks = [_event({"choices": [{"index": 0, "delta": {"content": "word "}}]})] * _PIECES
    chunks.append(_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    chunks.append(b"data: [DONE]\n\n")

    async def answer(request: web.Request) -> web.StreamResponse:
        if not (await request.json()).get("stream"):
            return web.Response(body=whole, content_type="application/json")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
        return response

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
        await asyncio.Event().wait()

    asyncio.run(serve())


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({"id": "c", "model": "m", **chunk}).encode() + b"\n\n"
