"""A small server of the OpenAI-compatible chat protocol on loopback, that can be told to misbehave.

    with OpenAIServer(answer=lambda body: "Paris") as s:
        s.script([rate_limited(0.1), None, slow(2)])  # one step a request, in order; None answers as usual
        ...                                           # s.url is the base URL, s.requests what came

`answer` stands for the model: it is given the request's body and returns a text or an `Answer`. Once the script is
used up, every request is answered as usual. `tests/support/test_openai_server.py` drives it with OpenAI's own SDK.
Its steps are written in `openai_steps`; import them from here.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

from support.openai_steps import (
    Answer as Answer,
)
from support.openai_steps import (
    Step as Step,
)
from support.openai_steps import (
    broken as broken,
)
from support.openai_steps import (
    context_too_long as context_too_long,
)
from support.openai_steps import (
    cut as cut,
)
from support.openai_steps import (
    error as error,
)
from support.openai_steps import (
    error_in_stream as error_in_stream,
)
from support.openai_steps import (
    filtered as filtered,
)
from support.openai_steps import (
    forbidden as forbidden,
)
from support.openai_steps import (
    huge as huge,
)
from support.openai_steps import (
    invalid_parameter as invalid_parameter,
)
from support.openai_steps import (
    malformed as malformed,
)
from support.openai_steps import (
    not_found as not_found,
)
from support.openai_steps import (
    overloaded as overloaded,
)
from support.openai_steps import (
    rate_limited as rate_limited,
)
from support.openai_steps import (
    redirect as redirect,
)
from support.openai_steps import (
    refused as refused,
)
from support.openai_steps import (
    slow as slow,
)
from support.openai_steps import (
    slow_stream as slow_stream,
)
from support.openai_steps import (
    unauthorised as unauthorised,
)
from support.openai_steps import (
    unfinished as unfinished,
)
from support.openai_steps import (
    wrong_model as wrong_model,
)

CREATED = 1_790_000_000


@dataclass(frozen=True)
class Seen:
    """A request as it came. `body` is its decoded JSON, None for GET; `connection` counts connections from 1."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    connection: int
    at: float


Model = Callable[[dict[str, Any]], "str | Answer | Awaitable[str | Answer]"]


class OpenAIServer:
    """The server; a context manager. Runs in a thread of its own until left.

    Args:
        answer: the model.
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
        self._steps: deque[Step | None] = deque()
        self._transports: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._port = port
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="openai-server", daemon=True)
        self._ready = threading.Event()
        self._stopped = asyncio.Event()

    @property
    def root(self) -> str:
        """`http://127.0.0.1:PORT`, without a path."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The base URL an SDK takes, with `/v1`."""
        return self.root + "/v1"

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

    def script(self, steps: Iterable[Step | None]) -> None:
        """What becomes of the next chat requests, one step each; replaces what was left of an earlier script."""
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
        self._loop.close()

    def _connection(self, request: web.Request) -> int:
        for number, transport in self._transports.items():
            if transport is request.transport:
                return number
        number = next(self._numbers)
        self._transports[number] = request.transport
        return number

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        form = request.content_type == "application/x-www-form-urlencoded"
        body = dict(parse_qsl(raw.decode())) if form else json.loads(raw) if raw else None
        self.requests.append(
            Seen(
                request.method, request.path, dict(request.query), dict(request.headers), body,
                self._connection(request), time.monotonic(),
            )
        )  # fmt: skip
        keys = (request.headers.get("authorization", ""), request.headers.get("api-key", ""))
        if self.api_key and self.api_key not in (keys[0].removeprefix("Bearer "), keys[1]):
            return _whole(unauthorised())
        if request.path.endswith("/models"):
            return web.json_response(
                {
                    "object": "list",
                    "data": [
                        {"id": name, "object": "model", "created": CREATED, "owned_by": "test"}
                        for name in self.models
                    ],
                }
            )
        if not request.path.endswith("/chat/completions"):
            return _whole(error(404, f"Invalid URL ({request.method} {request.path})"))
        step = (self._steps.popleft() if self._steps else None) or Step()
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._chat(request, body, step)
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        finally:
            self._at_once -= 1

    async def _chat(
        self, request: web.Request, body: dict[str, Any], step: Step
    ) -> web.StreamResponse:
        if self.latency or step.wait:
            await asyncio.sleep(self.latency + step.wait)
        if step.body is not None:
            return _whole(step)
        if self.models and body.get("model") not in self.models:
            return _whole(not_found(str(body.get("model"))))
        said = step.answer
        if said is None:
            made = self.answer(body)
            said = await made if inspect.isawaitable(made) else made
        answer = Answer(said) if isinstance(said, str) else said
        number = len(self.requests)
        head = {
            "id": f"chatcmpl-{number}",
            "created": CREATED,
            "model": step.model or body.get("model"),
            "system_fingerprint": "fp_test",
        }
        if body.get("stream"):
            return await self._stream(request, body, step, answer, head)
        return await _complete(request, body, step, answer, head)

    async def _stream(
        self, request: web.Request, body: dict[str, Any], step: Step, answer: Answer, head: dict[str, Any]
    ) -> web.StreamResponse:  # fmt: skip
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **step.headers})
        await response.prepare(request)
        events = _chunks(body, answer, head, step.padding)
        for number, event in enumerate(events):
            if step.pause and number:
                await asyncio.sleep(step.pause)
            if number == step.cut_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            if number == step.stop_after:
                break
            data = json.dumps(event) if not isinstance(event, str) else event
            if number == step.malformed_at:
                data = data[: len(data) // 2]
            elif number == step.error_at:
                data = json.dumps(
                    {"error": {"message": "The server had an error", "type": "server_error"}}
                )
            await response.write(f"data: {data}\n\n".encode())
        await response.write_eof()
        return response


def last_text(body: Mapping[str, Any]) -> str:
    """The text of the last message, of its parts where it has parts."""
    messages = body.get("messages") or [{}]
    return _text(messages[-1].get("content"))


def _text(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def _whole(step: Step) -> web.Response:
    if isinstance(step.body, bytes):
        return web.Response(status=step.status, body=step.body, headers=dict(step.headers))
    return web.json_response(step.body, status=step.status, headers=dict(step.headers))


def _usage(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    asked = sum(len(_text(m.get("content")).split()) + 3 for m in body.get("messages", ()))
    said = len(answer.text.split()) + len(answer.reasoning.split()) + len(answer.refusal.split())
    return {
        "prompt_tokens": asked,
        "completion_tokens": said,
        "total_tokens": asked + said,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": len(answer.reasoning.split())},
        **answer.usage,
    }


def _finish(answer: Answer) -> str:
    return answer.finish or ("tool_calls" if answer.tool_calls else "stop")


async def _complete(
    request: web.Request, body: dict[str, Any], step: Step, answer: Answer, head: dict[str, Any]
) -> web.StreamResponse:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": (answer.text + "x" * step.padding) or None,
        "refusal": answer.refusal or None,
    }
    if answer.reasoning:
        message[answer.reasoning_field] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": f"call_{n}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for n, (name, arguments) in enumerate(answer.tool_calls)
        ]
    document = {
        "object": "chat.completion",
        **head,
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
        ],
        "usage": _usage(body, answer),
    }
    raw = json.dumps(document).encode()
    if step.malformed_at is not None:
        raw = raw[: len(raw) // 2]
    response = web.Response(body=raw, content_type="application/json", headers=dict(step.headers))
    if step.cut_after is None:
        return response
    cut_response = web.StreamResponse(headers={"content-type": "application/json"})
    cut_response.content_length = len(raw)
    await cut_response.prepare(request)
    await cut_response.write(raw[: step.cut_after])
    assert request.transport is not None
    request.transport.abort()
    return cut_response


def _chunks(
    body: Mapping[str, Any], answer: Answer, head: dict[str, Any], padding: int
) -> list[dict[str, Any] | str]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {"object": "chat.completion.chunk", **head, "choices": [choice]}

    events: list[dict[str, Any] | str] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({answer.reasoning_field: piece}) for piece in _pieces(answer.reasoning)]
    events += [chunk({"content": piece}) for piece in _pieces(answer.text)]
    events += [chunk({"content": "x" * 4096}) for _ in range(padding // 4096)]
    events += [chunk({"refusal": piece}) for piece in _pieces(answer.refusal)]
    for n, (name, arguments) in enumerate(answer.tool_calls):
        function = {"name": name, "arguments": ""}
        events.append(
            chunk(
                {
                    "tool_calls": [
                        {"index": n, "id": f"call_{n}", "type": "function", "function": function}
                    ]
                }
            )
        )
        events += [
            chunk({"tool_calls": [{"index": n, "function": {"arguments": arguments[at : at + 5]}}]})
            for at in range(0, len(arguments), 5)
        ]
    events.append(chunk({}, _finish(answer)))
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append(
            {
                "object": "chat.completion.chunk",
                **head,
                "choices": [],
                "usage": _usage(body, answer),
            }
        )
    events.append("[DONE]")
    return events


def _pieces(text: str) -> list[str]:
    """The text in words, each with the space before it."""
    words = text.split(" ")
    return [words[0], *(" " + word for word in words[1:])] if text else []
