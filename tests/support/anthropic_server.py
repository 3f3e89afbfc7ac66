"""A small server of Anthropic's messages protocol on loopback, that can be told to misbehave.

    with AnthropicServer(answer=lambda body: "Paris") as s:
        s.script([rate_limited(0.1), None, slow(2)])  # one step a request, in order; None answers as usual
        ...                                           # s.url is the base URL, s.requests what came

`answer` stands for the model: it is given the request's body and returns a text or an `Answer`. Once the script is
used up, every request is answered as usual. It also answers at the paths of Amazon Bedrock (streams in Amazon's binary
frames) and of Vertex AI, and gives out access tokens at `/token`. `tests/support/test_anthropic_server.py` drives it
with Anthropic's own SDK. Its steps and faults are written in `anthropic_steps`; import them from here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from support.anthropic_steps import (
    Answer,
    Step,
    broken,
    context_too_long,
    cut,
    error,
    error_in_stream,
    forbidden,
    huge,
    invalid_parameter,
    malformed,
    not_found,
    overloaded,
    rate_limited,
    refused,
    slow,
    slow_stream,
    too_large,
    unauthorised,
    unfinished,
    wrong_model,
)
from support.aws_frames import exception_frame, frame_of_event
from support.protocol_server import (
    Model,
    ProtocolServer,
    Seen,
    hang_up,
    last_text,
    text_of,
    whole,
    whole_or_cut,
)

__all__ = [
    "Answer",
    "AnthropicServer",
    "Seen",
    "Step",
    "broken",
    "context_too_long",
    "cut",
    "error",
    "error_in_stream",
    "forbidden",
    "huge",
    "invalid_parameter",
    "last_text",
    "malformed",
    "not_found",
    "overloaded",
    "rate_limited",
    "refused",
    "slow",
    "slow_stream",
    "too_large",
    "unauthorised",
    "unfinished",
    "wrong_model",
]

Event = tuple[str, dict[str, Any]]
NEWEST = "2026-10-21"
"""The version of the protocol that refuses `temperature`, `top_p` and `top_k`; the SDK's own."""


class AnthropicServer(ProtocolServer[Step]):
    """The server; see `ProtocolServer` for its arguments.

    `requests` are those to messages, whatever their path; `tokens` are those for access tokens.
    """

    def __init__(self, answer: Model | None = None, **more: Any) -> None:
        super().__init__(answer, **more)
        self.tokens: list[Seen] = []
        self.token_answer: tuple[int, Any] | None = None
        """Status and JSON of the next answers of `/token`; None gives a token for an hour."""

    @property
    def url(self) -> str:
        """The base URL an SDK takes."""
        return self.root

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        is_json = "json" in request.headers.get("content-type", "")
        seen = self._seen(request, raw, json.loads(raw) if raw and is_json else None)
        if seen.path == "/token":
            self.tokens.append(seen)
            return self._token()
        self.requests.append(seen)
        if seen.path == "/v1/models":
            return self._unwelcome(seen) or self._listing()
        way = _way(seen)
        if way is None:
            return whole(error(404, "not_found_error", "Not Found"))
        if (refusal := self._unwelcome(seen)) is not None:
            return refusal
        return await self._answered(Step(), lambda step: self._messages(request, seen, way, step))

    def _token(self) -> web.Response:
        status, body = self.token_answer or (200, {"access_token": f"token-{len(self.tokens)}", "expires_in": 3600, "token_type": "Bearer"})  # fmt: skip
        return web.json_response(body, status=status)

    def _listing(self) -> web.Response:
        rows = [
            {"id": name, "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
            for name in self.models
        ]  # fmt: skip
        return web.json_response(
            {"data": rows, "has_more": False, "first_id": None, "last_id": None}
        )

    def _unwelcome(self, seen: Seen) -> web.Response | None:
        """401 where the key is not the one demanded."""
        given = (
            seen.headers.get("x-api-key", ""),
            seen.headers.get("authorization", "").removeprefix("Bearer "),
        )
        if self.api_key and self.api_key not in given:
            return whole(unauthorised())
        return None

    async def _messages(self, request: web.Request, seen: Seen, way: Way, step: Step) -> web.StreamResponse:  # fmt: skip
        if step.body is not None:
            return whole(step)
        if (wrong := _wrong_with(seen, way)) is not None:
            return whole(wrong)
        if self.models and way.model not in self.models:
            return whole(not_found(way.model))
        said = await self._said(seen.body, step.answer)
        answer = Answer(said) if isinstance(said, str) else said
        message = _message(seen.body, answer, f"msg_{len(self.requests)}", step.model or way.model, step.padding)  # fmt: skip
        if way.stream:
            return await self._stream(request, step, way, _events(message))
        return await whole_or_cut(request, json.dumps(message).encode(), step)

    async def _stream(
        self, request: web.Request, step: Step, way: Way, events: list[Event]
    ) -> web.StreamResponse:
        kind = "application/vnd.amazon.eventstream" if way.frames else "text/event-stream"
        response = web.StreamResponse(headers={"content-type": kind, **step.headers})
        await response.prepare(request)
        for number, (name, data) in enumerate(events):
            if step.pause and number:
                await asyncio.sleep(step.pause)
            if number == step.cut_after:
                return hang_up(request, response)
            if number == step.stop_after:
                break
            if number == step.error_at:
                await response.write(_error_event(way, *step.error))
                break
            text = json.dumps(data)
            if number == step.malformed_at:
                text = text[: len(text) // 2]
            await response.write(
                frame_of_event(text) if way.frames else f"event: {name}\ndata: {text}\n\n".encode()
            )
        await response.write_eof()
        return response


@dataclass(frozen=True)
class Way:
    """How a request came: for which model, as a stream or not, in Amazon's frames or not."""

    model: str
    stream: bool
    frames: bool = False
    direct: bool = False


_BEDROCK = re.compile(r"/model/(?P<model>[^/]+)/(?P<verb>invoke|invoke-with-response-stream)")
_VERTEX = re.compile(r"(/v1)?/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/(?P<model>[^/:]+):(?P<verb>rawPredict|streamRawPredict)")  # fmt: skip


def _way(seen: Seen) -> Way | None:
    body = seen.body if isinstance(seen.body, dict) else {}
    if seen.path == "/v1/messages":
        return Way(str(body.get("model")), bool(body.get("stream")), direct=True)
    if bedrock := _BEDROCK.fullmatch(seen.path):
        return Way(unquote(bedrock["model"]), bedrock["verb"] != "invoke", frames=True)
    if vertex := _VERTEX.fullmatch(seen.path):
        return Way(unquote(vertex["model"]), vertex["verb"] == "streamRawPredict")
    return None


def _wrong_with(seen: Seen, way: Way) -> Step | None:
    """What the real endpoints demand of every request."""
    body = seen.body if isinstance(seen.body, dict) else {}
    if way.direct and "anthropic-version" not in seen.headers:
        return error(400, "invalid_request_error", "anthropic-version: header is required")
    demanded = ["max_tokens", "messages", "model" if way.direct else "anthropic_version"]
    for name in demanded:
        if not body.get(name):
            return error(400, "invalid_request_error", f"{name}: Field required")
    version = seen.headers.get("anthropic-version") if way.direct else body["anthropic_version"]
    removed = [n for n in ("temperature", "top_p", "top_k") if n in body]
    if version == NEWEST and removed:
        return error(400, "invalid_request_error", f"{removed[0]}: Extra inputs are not permitted")
    if not way.direct and "model" in body:
        return error(400, "invalid_request_error", "model: Extra inputs are not permitted")
    if way.frames and "stream" in body:
        return error(400, "invalid_request_error", "stream: Extra inputs are not permitted")
    return None


def _message(body: Mapping[str, Any], answer: Answer, name: str, model: str, padding: int) -> dict[str, Any]:  # fmt: skip
    content: list[dict[str, Any]] = []
    if answer.reasoning:
        content.append({"type": "thinking", "thinking": answer.reasoning, "signature": "c2ln"})
    if answer.redacted:
        content.append({"type": "redacted_thinking", "data": "aGlkZGVu"})
    if text := answer.text + "x" * padding:
        content.append({"type": "text", "text": text})
    for number, (tool, arguments) in enumerate(answer.tool_calls):
        content.append({"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": json.loads(arguments)})  # fmt: skip
    stop = answer.stop or ("tool_use" if answer.tool_calls else "end_turn")
    details = None
    if stop == "refusal":
        details = {"type": "refusal", "category": answer.category, "explanation": answer.refusal or None}  # fmt: skip
    return {
        "id": name, "type": "message", "role": "assistant", "model": model, "content": content,
        "stop_reason": stop, "stop_sequence": answer.stop_sequence, "stop_details": details,
        "usage": _usage(body, answer),
    }  # fmt: skip


def _usage(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    asked = [{"content": body.get("system")}, *body.get("messages", ())]
    said = answer.text.split() + answer.reasoning.split()
    return {
        "input_tokens": sum(len(text_of(m.get("content")).split()) + 3 for m in asked),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": len(said) + 1,
        **answer.usage,
    }


def _events(message: Mapping[str, Any]) -> list[Event]:
    """The message as the events of a stream, with a ping after its start as the real endpoint sends one."""
    usage = message["usage"]
    start = {
        **message, "content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None,
        "usage": {**usage, "output_tokens": 1},
    }  # fmt: skip
    events: list[Event] = [("message_start", {"message": start}), ("ping", {})]
    for index, block in enumerate(message["content"]):
        empty, deltas = _pieces(block)
        events.append(("content_block_start", {"index": index, "content_block": empty}))
        events += [("content_block_delta", {"index": index, "delta": d}) for d in deltas]
        events.append(("content_block_stop", {"index": index}))
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    events.append(("message_delta", {"delta": ending, "usage": {"output_tokens": usage["output_tokens"]}}))  # fmt: skip
    events.append(("message_stop", {}))
    return [(name, {"type": name, **data}) for name, data in events]


def _pieces(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it starts, and the deltas that fill it."""
    if block["type"] == "text":
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": p} for p in _split(block["text"])]  # fmt: skip
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": p} for p in _split(block["thinking"])]
        signature = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signature]
    if block["type"] == "tool_use":
        arguments = json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": p} for p in ("", *_split(arguments))]
        return {**block, "input": {}}, deltas
    return dict(block), []


def _split(text: str) -> list[str]:
    if len(text) > 10_000:
        return [text[at : at + 10_000] for at in range(0, len(text), 10_000)]
    return re.findall(r"\s*\S+\s*?|\s+", text) or ([text] if text else [])


def _error_event(way: Way, kind: str, message: str) -> bytes:
    if way.frames:
        return exception_frame(kind, message)
    data = {"type": "error", "error": {"type": kind, "message": message}}
    return f"event: error\ndata: {json.dumps(data)}\n\n".encode()
