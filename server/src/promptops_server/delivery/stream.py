"""The event stream of one connection: the head, what was missed, then every release as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import Executor
from typing import Any

from promptops.delivery.header import Position
from promptops.errors import InvalidHeader
from promptops_server.delivery import events
from promptops_server.delivery.asgi_types import Receive, Send
from promptops_server.delivery.environments import LiveEnvironment, View
from promptops_server.delivery.hub import Hub, Stream
from promptops_server.delivery.layout import LOG_LENGTH
from promptops_server.delivery.timeline import Timeline
from promptops_server.delivery.tokens import TokenKey
from promptops_server.infra.problems import BadRequest

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    # A proxy that compresses would hold events back until it has enough of them.
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


def asked_position(last_event_id: bytes | None, query: bytes) -> Position | None:
    """The position to continue from: `Last-Event-ID`, else `?from=`; None to begin at the head.

    Raises:
        BadRequest: neither is written `epoch-release`.
    """
    text = (last_event_id or b"").decode("latin-1")
    if not text:
        for part in query.decode("latin-1").split("&"):
            name, _, value = part.partition("=")
            if name == "from":
                text = value
    if not text:
        return None
    try:
        return Position.parse(text)
    except InvalidHeader as error:
        raise BadRequest(
            str(error), remedy="Send the id of the last event, e.g. Last-Event-ID: 1-42."
        ) from None


def may_continue(asked: Position, head: Position) -> bool:
    """Whether the releases after the position asked for can be told one by one."""
    return (
        asked.epoch == head.epoch
        and asked.release <= head.release
        and head.release - asked.release <= LOG_LENGTH
    )


async def serve_stream(
    environment: LiveEnvironment,
    key: TokenKey,
    asked: Position | None,
    hub: Hub,
    timeline: Timeline,
    executor: Executor,
    receive: Receive,
    send: Send,
) -> None:
    """Answer `GET …/events` until the client goes, falls behind, or may no longer read."""
    stream = hub.open(
        environment.facts.id, key
    )  # first, so that nothing falls between it and the head
    writer: asyncio.Task[None] | None = None
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        view = environment.view
        missed = await _missed(environment, view, asked, timeline, executor)
        stream.sent = view.position
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        writer = asyncio.ensure_future(_write(stream, view, missed, send))
        ends: list[asyncio.Future[Any]] = [writer, gone, stream.ended]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        hub.close(stream)  # before the farewell, which may take a second: nothing more is queued
        if not gone.done():
            await _finish(writer, send)
    finally:
        hub.close(stream)
        for task in (writer, gone):
            if task is not None and not task.done():
                task.cancel()
        if writer is not None:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await writer


async def _missed(
    environment: LiveEnvironment,
    view: View,
    asked: Position | None,
    timeline: Timeline,
    executor: Executor,
) -> list[bytes]:
    head = view.position
    if asked is None or asked == head:
        return []
    if not may_continue(asked, head):
        return [events.reset(head).data]
    steps = await asyncio.get_running_loop().run_in_executor(
        executor, timeline.after, environment.facts.id, asked.release
    )
    wanted = [step for step in steps if step.position <= head]
    numbers = [step.position for step in wanted]
    if numbers != [Position(head.epoch, n) for n in range(asked.release + 1, head.release + 1)]:
        return [events.reset(head).data]
    return [events.release(step).data for step in wanted]


async def _write(stream: Stream, view: View, missed: list[bytes], send: Send) -> None:
    first = [events.hello(view.header), *missed]
    for piece in first:
        await _send(stream, piece, send)
    while True:
        await _send(stream, await stream.take(), send)


async def _send(stream: Stream, piece: bytes, send: Send) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": True})
    stream.written_at = time.monotonic()


async def _finish(writer: asyncio.Task[None], send: Send) -> None:
    """End the answer properly, unless the client does not read: then the connection is simply closed."""
    writer.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await writer
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(
            send({"type": "http.response.body", "body": b"", "more_body": False}), 1.0
        )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
