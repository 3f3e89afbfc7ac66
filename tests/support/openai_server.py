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
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from support.openai_steps import (
    Answer,
    Step,
    broken,
    context_too_long,
    cut,
    error,
    error_in_stream,
    filtered,
    forbidden,
    huge,
    invalid_parameter,
    malformed,
    not_found,
    overloaded,
    rate_limited,
    redirect,
    refused,
    slow,
    slow_stream,
    unauthorised,
    unfinished,
    wrong_model,
)
from support.protocol_server import ProtocolServer, hang_up, last_text, text_of, whole, whole_or_cut

__all__ = [
    "Answer",
    "OpenAIServer",
    "Step",
    "broken",
    "context_too_long",
    "cut",
    "error",
    "error_in_stream",
    "filtered",
    "forbidden",
    "huge",
    "invalid_parameter",
    "last_text",
    "malformed",
    "not_found",
    "overloaded",
    "rate_limited",
    "redirect",
    "refused",
    "slow",
    "slow_stream",
    "unauthorised",
    "unfinished",
    "wrong_model",
]

CREATED = 1_790_000_000


class OpenAIServer(ProtocolServer[Step]):
    """The server; see `ProtocolServer` for its arguments."""

    @property
    def url(self) -> str:
        """The base URL an SDK takes, with `/v1`."""
        return self.root + "/v1"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        form = request.content_type == "application/x-www-form-urlencoded"
        body = dict(parse_qsl(raw.decode())) if form else json.loads(raw) if raw else None
        self.requests.append(self._seen(request, raw, body))
        keys = (request.headers.get("authorization", ""), request.headers.get("api-key", ""))
        if self.api_key and self.api_key not in (keys[0].removeprefix("Bearer "), keys[1]):
            return whole(unauthorised())
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
            return whole(error(404, f"Invalid URL ({request.method} {request.path})"))
        return await self._answered(Step(), lambda step: self._chat(request, body, step))

    async def _chat(
        self, request: web.Request, body: dict[str, Any], step: Step
    ) -> web.StreamResponse:
        if step.body is not None:
            return whole(step)
        if self.models and body.get("model") not in self.models:
            return whole(not_found(str(body.get("model"))))
        said = await self._said(body, step.answer)
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
                return hang_up(request, response)
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


def _usage(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    asked = sum(len(text_of(m.get("content")).split()) + 3 for m in body.get("messages", ()))
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
    return await whole_or_cut(request, json.dumps(document).encode(), step)


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
