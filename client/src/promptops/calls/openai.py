"""Arguments for `client.chat.completions.create` of the OpenAI SDK, and of servers that speak
the same.

Owns the mapping of messages, tools, response format and parameters. `maxTokens` becomes
`max_completion_tokens` for OpenAI's own models (family gpt), where `max_tokens` is deprecated
and refused by the reasoning models, and `max_tokens` for every other family, which other
servers understand. A parameter the SDK has no argument for goes into `extra_body`, as the file
spells it. Marks for prompt caches (`cache_control`) are left out: this protocol caches by
itself, and they are no part of what a model reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.calls.ask import Ask, snake_case

_PROTOCOL = "OpenAI's chat completions"

_KNOWN = frozenset(
    [
        "audio",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "reasoning_effort",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
        "safety_identifier",
    ]
)
_LIMIT = frozenset(("maxTokens", "maxOutputTokens", "max_output_tokens"))
_STOP = frozenset(("stop_sequences", "stop"))
_PARTS = frozenset(("text", "image_url", "file", "input_audio"))


def for_openai(ask: Ask, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments. `overrides` replace whole arguments. Raises `CannotExpress`."""
    call: dict[str, Any] = {
        "model": ask.model,
        "messages": [_message(ask, n, message) for n, message in enumerate(ask.messages)],
    }
    extra: dict[str, Any] = {}
    for name, value in ask.parameters.items():
        known = _argument(ask, name)
        if known in _KNOWN:
            call[known] = value
        else:
            extra[name] = value
    if ask.tools:
        call["tools"] = [_tool(tool) for tool in ask.tools]
    form = _response_format(ask)
    if form is not None:
        call["response_format"] = form
    if extra:
        call["extra_body"] = extra
    call.update(overrides)
    if "max_tokens" in overrides:
        call.pop("max_completion_tokens", None)
    elif "max_completion_tokens" in overrides:
        call.pop("max_tokens", None)
    return call


def _argument(ask: Ask, name: str) -> str:
    if name in _LIMIT:
        from promptops.format import family_of

        return "max_completion_tokens" if family_of(ask.model) == "gpt" else "max_tokens"
    spelled = snake_case(name)
    return "stop" if spelled in _STOP else spelled


def _message(ask: Ask, number: int, message: Mapping[str, Any]) -> dict[str, Any]:
    said = {k: v for k, v in message.items() if k != "cache_control"}
    content = said.get("content")
    if isinstance(content, list):
        said["content"] = [
            _part(ask, f"messages[{number}].content[{n}]", part) for n, part in enumerate(content)
        ]
    return said


def _part(ask: Ask, where: str, part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind not in _PARTS:
        raise ask.refuse(f"{where} of type {kind!r}", _PROTOCOL, "use text, image_url or file")
    if kind == "file":
        file = part.get("file") or {}
        if "url" in file:
            raise ask.refuse(
                f"{where}.file.url", _PROTOCOL, "give file_data or the file_id of an uploaded file"
            )
        return {"type": "file", "file": {k: v for k, v in file.items() if k != "format"}}
    return {k: v for k, v in part.items() if k != "cache_control"}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool["name"]}
    for member in ("description", "parameters", "strict"):
        if tool.get(member) not in (None, "", {}):
            function[member] = tool[member]
    return {"type": "function", "function": function}


def _response_format(ask: Ask) -> dict[str, Any] | None:
    if ask.response_format is None:
        return None
    if ask.response_format == "json_schema":
        return {"type": "json_schema", "json_schema": dict(ask.json_schema or {})}
    return {"type": ask.response_format}
