"""Anthropic's messages: the body of a request, and an answer read whole or event by event. Pure.

The body is what `promptops.calls.anthropic` makes for the SDK, as the SDK would send it. Bedrock and Vertex AI speak the
same with another envelope, which is their providers' (`kinds`). Faults are `anthropic_faults`'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptops.calls.anthropic import for_anthropic
from promptops.calls.ask import Ask
from promptops_server.providers.model import CallError, Delta, Reply, Stop, ToolCall, Usage
from promptops_server.providers.wire.anthropic_faults import fault_of, fault_said

__all__ = ["StreamReader", "body_of", "fault_of", "read_answer"]

STOPS: dict[str, Stop] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "other",
}
"""Why an answer ended, in our words; a word not listed is `other`."""


def body_of(ask: Ask, *, stream: bool) -> dict[str, Any]:
    """The request's body. Raises `promptops.errors.CannotExpress` for what the protocol has no way to say."""
    body = for_anthropic(ask, None, {})
    body.pop("extra_headers", None)  # the SDK's; ours are the provider's
    body.update(body.pop("extra_body", {}))
    if stream:
        body["stream"] = True
    return body


@dataclass(slots=True)
class _Block:
    """A piece of the answer. `pieces` are of its text, its thinking or, for a tool, the JSON of its input.

    `given` is the JSON of the input a tool came with, which holds where a stream adds none.
    """

    kind: str
    pieces: list[str] = field(default_factory=list)
    id: str = ""
    name: str = ""
    given: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces) or self.given


def read_answer(answer: Any) -> Reply:
    """A whole answer out of its decoded JSON. Raises `CallError`: `bad_answer` where it is none, or the fault it tells of."""
    if not isinstance(answer, dict):
        raise _bad("is no JSON object")
    if answer.get("type") == "error":
        raise _told(answer)
    content = answer.get("content")
    if not isinstance(content, list):
        raise _bad("has no content")
    return _reply(answer, [_block(item) for item in content])


class StreamReader:
    """Reads one streamed answer. Feed it every event, then call `finish`."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, _Block] = {}
        self._stopped = False

    def feed(self, event: Mapping[str, Any]) -> Sequence[Delta]:
        """What this event adds. `event` is the decoded JSON of its data.

        Raises:
            CallError: `bad_answer` for what is not as the protocol says, else the fault the event tells of.
        """
        kind = event.get("type")
        if kind == "error":
            raise _told(event)
        if kind == "message_start":
            self._message = dict(_object(event, "message"))
        elif kind == "content_block_start":
            return self._begin(event)
        elif kind == "content_block_delta":
            return self._add(event)
        elif kind == "message_delta":
            self._end(event)
        elif kind == "message_stop":
            self._stopped = True
        return ()  # ping, content_block_stop, and what the protocol may yet add

    def finish(self) -> Reply:
        """The whole answer. Raises `CallError` `network` where the stream ended before it was whole."""
        if not self._stopped and not self._message.get("stop_reason"):
            raise CallError("network", "The connection ended before the answer was whole.")
        return _reply(self._message, [self._blocks[index] for index in sorted(self._blocks)])

    def _begin(self, said: Mapping[str, Any]) -> Sequence[Delta]:
        block = _block(_object(said, "content_block"))
        self._blocks[_index(said)] = block
        return _deltas(block.kind, block.text)

    def _add(self, said: Mapping[str, Any]) -> Sequence[Delta]:
        block = self._blocks.get(_index(said))
        if block is None:
            raise _bad("adds to a part that was not begun")
        delta = _object(said, "delta")
        member = _PIECES.get(str(delta.get("type")))
        if member is None:
            return ()  # signatures and citations
        piece = delta.get(member)
        if not isinstance(piece, str):
            raise _bad(f"has a {delta['type']} without its text")
        block.pieces.append(piece)
        return _deltas(block.kind, piece)

    def _end(self, said: Mapping[str, Any]) -> None:
        for name, value in _object(said, "delta").items():
            if value is not None:
                self._message[name] = value
        usage = said.get("usage")
        if isinstance(usage, dict):  # running totals; what is not named again still holds
            known = {name: value for name, value in usage.items() if value is not None}
            self._message["usage"] = {**(self._message.get("usage") or {}), **known}


_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


def _deltas(kind: str, piece: str) -> Sequence[Delta]:
    if piece and kind == "text":
        return (Delta(text=piece),)
    if piece and kind == "thinking":
        return (Delta(reasoning=piece),)
    return ()


def _block(item: Any) -> _Block:
    if not isinstance(item, dict):
        raise _bad("has a part that is no JSON object")
    kind = str(item.get("type"))
    if kind in ("text", "thinking"):
        return _Block(kind, [str(item.get(kind) or "")])
    if kind == "tool_use":
        given = item.get("input")
        text = json.dumps(given if isinstance(given, dict) else {}, ensure_ascii=False)
        return _Block(kind, [], str(item.get("id") or ""), str(item.get("name") or ""), text)
    return _Block(kind)  # hidden thinking, and what the provider's own tools did


def _reply(message: Mapping[str, Any], blocks: list[_Block]) -> Reply:
    said = str(message.get("stop_reason") or "")
    details = message.get("stop_details")
    details = details if isinstance(details, dict) else {}
    return Reply(
        text="".join(block.text for block in blocks if block.kind == "text"),
        stop=STOPS.get(said, "other"),
        stop_said=said,
        tool_calls=tuple(
            ToolCall(block.id, block.name, block.text)
            for block in blocks
            if block.kind == "tool_use"
        ),
        reasoning="".join(block.text for block in blocks if block.kind == "thinking"),
        refusal=str(details.get("explanation") or details.get("category") or ""),
        usage=_usage(message.get("usage")),
        model=str(message.get("model") or ""),
        id=str(message.get("id") or ""),
    )  # fmt: skip


def _usage(said: Any) -> Usage:
    """Tokens in our sense: Anthropic counts what the cache read and wrote beside the input, we within it."""
    if not isinstance(said, dict):
        return Usage()
    fresh, cached, written = (
        _count(said.get(name))
        for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    )
    details = said.get("output_tokens_details")
    return Usage(
        input=None if fresh is None else fresh + (cached or 0) + (written or 0),
        output=_count(said.get("output_tokens")),
        cached=cached,
        cache_written=written,
        reasoning=_count(details.get("thinking_tokens")) if isinstance(details, dict) else None,
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _index(said: Mapping[str, Any]) -> int:
    index = _count(said.get("index"))
    if index is None:
        raise _bad("has a part without its number")
    return index


def _object(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = said.get(name)
    if not isinstance(value, dict):
        raise _bad(f"has an event {said.get('type')} without {name}")
    return value


def _told(said: Mapping[str, Any]) -> CallError:
    """The fault that an answer or event of the type `error` tells of."""
    error = said.get("error")
    error = error if isinstance(error, dict) else {}
    return fault_said(str(error.get("type") or ""), str(error.get("message") or ""))


def _bad(what: str) -> CallError:
    return CallError("bad_answer", f"The endpoint's answer {what}; does it speak Anthropic's messages?")  # fmt: skip
