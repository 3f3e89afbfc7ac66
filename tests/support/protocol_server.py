"""What the test servers of model protocols share: a thread, connections, requests as they came, a script of faults.

A server of a protocol says in `_handle` what a request gets; `_answered` counts it and takes its step.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import ssl
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from aiohttp import web


@dataclass(frozen=True)
class ScriptedStep:
    """What becomes of one request, in every protocol. A piece is a chunk or an event of a stream."""

    status: int = 200
    body: Any = None
    """A whole response instead of an answer: JSON, or bytes as they are."""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    """Seconds before anything is sent."""
    pause: float = 0.0
    """Seconds between two pieces."""
    cut_after: int | None = None
    """Pieces (or, without a stream, bytes) after which the connection is cut."""
    stop_after: int | None = None
    """Pieces after which a stream ends in good order, but without its end."""
    malformed_at: int | None = None
    """The number of the piece that is no JSON; any number spoils a whole answer."""
    error_at: int | None = None
    """The number of the piece in whose place an error comes."""
    model: str | None = None
    """The model named in the answer, in place of the one asked for."""
    padding: int = 0
    """Bytes of text added to the answer."""


@dataclass(frozen=True)
class Seen:
    """A request as it came.

    `path` is as it was sent, `headers` have lower-case names, `body` is the decoded form or JSON (None without one),
    `raw` its bytes; `connection` counts connections from 1.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    connection: int
    at: float


S = TypeVar("S", bound=ScriptedStep)
Model = Callable[[dict[str, Any]], Any]
"""Stands for the model: from a request's body to a text or an `Answer`, or an awaitable of one."""


class ProtocolServer(Generic[S]):
    """A server on loopback; a context manager. Runs in a thread of its own until left.

    Args:
        answer: the model; without one it repeats the last text.
        models: the ids it serves; any id where empty.
        api_key: the key it demands; none where empty.
        latency: seconds before every answer.
        tls: speak https with its certificate.
    """

    def __init__(
        self,
        answer: Model | None = None,
        *,
        models: Iterable[str] = (),
        api_key: str = "",
        latency: float = 0.0,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer: Model = answer or (lambda body: "ok: " + last_text(body))
        self.models = tuple(models)
        self.api_key = api_key
        self.latency = latency
        self.requests: list[Seen] = []
        self.abandoned = 0
        """Answers whose client went away before they were whole."""
        self.most_at_once = 0
        self._at_once = 0
        self._steps: deque[S | None] = deque()
        self._transports: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._port = port
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._ready = threading.Event()
        self._stopped = asyncio.Event()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    @property
    def root(self) -> str:
        """`http://127.0.0.1:PORT`, without a path."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections were ever made."""
        return len(self._transports)

    @property
    def open_connections(self) -> int:
        """How many of them are open."""
        return sum(not transport.is_closing() for transport in self._transports.values())

    def close_connections(self) -> None:
        """Close all that are open, as an idle server does."""

        async def close() -> None:
            for transport in self._transports.values():
                transport.abort()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)

    def script(self, steps: Iterable[S | None]) -> None:
        """What becomes of the next requests, one step each; replaces what was left of an earlier script."""
        self._steps = deque(steps)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )

        async def serve() -> None:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self._port, ssl_context=self._tls).start()
            self._port = runner.addresses[0][1]
            self._ready.set()
            await self._stopped.wait()
            await runner.cleanup()

        self._loop.run_until_complete(serve())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _seen(self, request: web.Request, raw: bytes, body: Any) -> Seen:
        return Seen(
            request.method, request.raw_path.partition("?")[0], dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            body, raw, self._connection(request), time.monotonic(),
        )  # fmt: skip

    def _connection(self, request: web.Request) -> int:
        for number, transport in self._transports.items():
            if transport is request.transport:
                return number
        number = next(self._numbers)
        self._transports[number] = request.transport
        return number

    async def _answered(
        self, usual: S, work: Callable[[S], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """The next step of the script, or the usual one, carried out and counted."""
        step = (self._steps.popleft() if self._steps else None) or usual
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.latency or step.wait:
                await asyncio.sleep(self.latency + step.wait)
            return await work(step)
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        finally:
            self._at_once -= 1

    async def _said(self, body: dict[str, Any], scripted: Any) -> Any:
        """What the model says: the script's answer, or its own."""
        if scripted is not None:
            return scripted
        made = self.answer(body)
        return await made if inspect.isawaitable(made) else made


def last_text(body: Mapping[str, Any]) -> str:
    """The text of the last message, of its parts where it has parts."""
    messages = body.get("messages") or [{}]
    return text_of(messages[-1].get("content"))


def text_of(content: Any) -> str:
    """The text of a message's content."""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def whole(step: ScriptedStep) -> web.Response:
    """The response that a step holds."""
    if isinstance(step.body, bytes):
        return web.Response(status=step.status, body=step.body, headers=dict(step.headers))
    return web.json_response(step.body, status=step.status, headers=dict(step.headers))


async def whole_or_cut(
    request: web.Request, content: bytes, step: ScriptedStep
) -> web.StreamResponse:
    """A whole answer of JSON; spoiled or cut where the step says so."""
    if step.malformed_at is not None:
        content = content[: len(content) // 2]
    if step.cut_after is None:
        return web.Response(
            body=content, content_type="application/json", headers=dict(step.headers)
        )
    response = web.StreamResponse(headers={"content-type": "application/json"})
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: step.cut_after])
    return hang_up(request, response)


def hang_up(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Cut the connection in the middle of a response."""
    assert request.transport is not None
    request.transport.abort()
    return response
