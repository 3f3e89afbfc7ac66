"""The OpenAI-compatible chat protocol: bodies, answers whole or streamed. Pure; errors are `openai_faults`.

Endpoints differ in what they add, and all of it is read here: reasoning as `reasoning_content` (vLLM, DeepSeek,
DashScope) or `reasoning` (OpenRouter, Groq), cached tokens in four places, tool calls without ids or indices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptops.calls.ask import Ask
from promptops.calls.openai import for_openai
from promptops_server.providers.model import CallError, Delta, Reply, Stop, ToolCall, Usage
from promptops_server.providers.wire.decoded import count_of, text_of
from promptops_server.providers.wire.openai_faults import fault_in, fault_of

__all__ = ["StreamReader", "body_of", "fault_of", "read_answer"]

_STOPS: dict[str, Stop] = {
    "stop": "stop",
    "eos": "stop",  # Together
    "length": "length",
    "model_length": "length",  # Mistral
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "filtered",
}

_NOTHING = Usage()


def body_of(ask: Ask, *, stream: bool) -> dict[str, Any]:
    """The request's body. Parameters the protocol has no name for stand at its top, as the file spells them.

    Raises:
        CannotExpress: the prompt uses what this protocol cannot say.
    """
    call = for_openai(ask, {})
    extra = call.pop("extra_body", {})
    # A parameter that happens to be called `model` or `messages` must not replace these.
    body: dict[str, Any] = {**extra, **call}
    for name in ("stream", "stream_options"):
        body.pop(name, None)
    if stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body


def read_answer(document: Any) -> Reply:
    """A whole answer out of its decoded JSON.

    Raises:
        CallError: it is an error after all (some endpoints say so with status 200), or no answer of this protocol.
    """
    if not isinstance(document, Mapping):
        raise _no_answer("it is no JSON object")
    fault = fault_in(document)
    if fault is not None:
        raise fault
    choice = _first(document.get("choices"))
    message = choice.get("message") if choice else None
    if choice is None or not isinstance(message, Mapping):
        raise _no_answer("it has no message")
    fault = fault_in(choice)
    if fault is not None:
        raise fault
    text, thought = _content(message.get("content"))
    calls = tuple(_whole_calls(message))
    refusal = text_of(message.get("refusal"))
    said = text_of(choice.get("finish_reason"))
    return Reply(
        text=text,
        stop=_stop(said, refusal, bool(calls)),
        stop_said=said,
        tool_calls=calls,
        reasoning=_reasoning(message) or thought,
        refusal=refusal,
        usage=usage_of(document),
        model=text_of(document.get("model")),
        id=text_of(document.get("id")),
        fingerprint=text_of(document.get("system_fingerprint")),
    )


class StreamReader:
    """Puts an answer together from the chunks of its stream."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[_Call] = []
        self._said = ""
        self._usage = Usage()
        self._seen: dict[str, str] = {}

    def feed(self, event: Mapping[str, Any]) -> Sequence[Delta]:
        """What this chunk adds.

        Raises:
            CallError: the chunk says that the call failed.
        """
        fault = fault_in(event)
        if fault is not None:
            raise fault
        for name in ("model", "id", "system_fingerprint"):
            if name not in self._seen and text_of(event.get(name)):
                self._seen[name] = event[name]
        usage = usage_of(event)
        if usage != _NOTHING:
            self._usage = usage  # the last word counts: some servers count along with every chunk
        choice = _first(event.get("choices"))
        if choice is None:
            return ()
        fault = fault_in(choice)
        if fault is not None:
            raise fault
        if choice.get("index") not in (None, 0):
            return ()
        self._said = text_of(choice.get("finish_reason")) or self._said
        delta = choice.get("delta")
        return self._delta(delta) if isinstance(delta, Mapping) else ()

    def _delta(self, delta: Mapping[str, Any]) -> Sequence[Delta]:
        text, thought = _content(delta.get("content"))
        reasoning = _reasoning(delta) or thought
        if text:
            self._text.append(text)
        if reasoning:
            self._reasoning.append(reasoning)
        if delta.get("refusal"):
            self._refusal.append(text_of(delta["refusal"]))
        for fragment in _list(delta.get("tool_calls")):
            self._fragment(fragment)
        old = delta.get("function_call")
        if isinstance(old, Mapping):
            self._fragment({"index": 0, "function": old})
        return (Delta(text, reasoning),) if text or reasoning else ()

    def _fragment(self, fragment: Mapping[str, Any]) -> None:
        index, id = fragment.get("index"), text_of(fragment.get("id"))
        call = next((c for c in reversed(self._calls) if c.index == index), None)
        if index is None and call is None and self._calls and not id:
            call = self._calls[-1]
        # Some endpoints number every call 0, or none: a new id begins a new call.
        if call is None or (id and call.id and id != call.id):
            call = _Call(index)
            self._calls.append(call)
        call.id = call.id or id
        function = fragment.get("function")
        if isinstance(function, Mapping):
            call.name = call.name or text_of(function.get("name"))
            call.arguments.append(_arguments(function.get("arguments")))

    def finish(self) -> Reply:
        """The whole answer, after the stream ended.

        Raises:
            CallError: `network`: the stream ended before the answer did.
        """
        if not self._said:
            raise CallError(
                "network", "The endpoint's stream ended before the answer did: no reason was given."
            )
        refusal = "".join(self._refusal)
        calls = tuple(ToolCall(c.id, c.name, "".join(c.arguments)) for c in self._calls if c.name)
        return Reply(
            text="".join(self._text),
            stop=_stop(self._said, refusal, bool(calls)),
            stop_said=self._said,
            tool_calls=calls,
            reasoning="".join(self._reasoning),
            refusal=refusal,
            usage=self._usage,
            model=self._seen.get("model", ""),
            id=self._seen.get("id", ""),
            fingerprint=self._seen.get("system_fingerprint", ""),
        )


class _Call:
    """A tool call while its fragments come."""

    __slots__ = ("arguments", "id", "index", "name")

    def __init__(self, index: Any) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []


def usage_of(document: Mapping[str, Any]) -> Usage:
    """The tokens an answer or a chunk says were used."""
    usage = document.get("usage")
    if not isinstance(usage, Mapping):
        # Groq, where nobody asked for usage.
        usage = _map(document.get("x_groq")).get("usage")
        if not isinstance(usage, Mapping):
            return Usage()
    given = _map(usage.get("prompt_tokens_details"))
    made = _map(usage.get("completion_tokens_details"))
    input, output = count_of(usage.get("prompt_tokens")), count_of(usage.get("completion_tokens"))
    reasoning = count_of(made.get("reasoning_tokens"))
    total = count_of(usage.get("total_tokens"))
    if (
        input is not None
        and output is not None
        and reasoning
        and total == input + output + reasoning
    ):
        output = output + reasoning  # xAI counts reasoning beside the completion; its total tells
    return Usage(
        input=input,
        output=output,
        cached=_either(
            given.get("cached_tokens"),
            usage.get("prompt_cache_hit_tokens"),  # DeepSeek
            usage.get("cached_tokens"),  # Moonshot
        ),
        cache_written=_either(
            given.get("cache_write_tokens"),  # OpenRouter
            given.get("cache_creation_input_tokens"),  # DashScope
        ),
        reasoning=reasoning,
    )


def _stop(said: str, refusal: str, calls: bool) -> Stop:
    if refusal:
        return "refusal"
    stop = _STOPS.get(said, "other")
    # Ollama and others say `stop` when they call tools.
    return "tool_calls" if calls and stop in ("stop", "other") else stop


def _content(content: Any) -> tuple[str, str]:
    """Text and thoughts of a content, which Mistral's reasoning models give in parts."""
    if isinstance(content, str):
        return content, ""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in _list(content):
        if part.get("type") == "thinking":
            inner = part.get("thinking")
            thoughts.append(inner if isinstance(inner, str) else _content(inner)[0])
        else:
            texts.append(text_of(part.get("text")))
    return "".join(texts), "".join(thoughts)


def _reasoning(message: Mapping[str, Any]) -> str:
    return text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))


def _whole_calls(message: Mapping[str, Any]) -> list[ToolCall]:
    calls = [
        ToolCall(text_of(call.get("id")), text_of(f.get("name")), _arguments(f.get("arguments")))
        for call in _list(message.get("tool_calls"))
        if isinstance(f := call.get("function"), Mapping)
    ]
    old = message.get("function_call")
    if isinstance(old, Mapping):
        calls.append(ToolCall("", text_of(old.get("name")), _arguments(old.get("arguments"))))
    return calls


def _arguments(value: Any) -> str:
    """JSON text; some endpoints send the object itself."""
    if isinstance(value, Mapping):
        import json

        return json.dumps(value, ensure_ascii=False)
    return text_of(value)


def _first(choices: Any) -> Mapping[str, Any] | None:
    found = _list(choices)
    return found[0] if found else None


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _either(*values: Any) -> int | None:
    return next((count for value in values if (count := count_of(value)) is not None), None)


def _no_answer(why: str) -> CallError:
    return CallError(
        "bad_answer",
        f"The endpoint's answer is none of the OpenAI chat protocol: {why}. Check the target's base_url.",
    )
