"""Arguments for `client.messages.create` of the Anthropic SDK.

Owns the mapping of messages, tools, response format and parameters: leading system and
developer messages become `system`, later ones stay in place as `system` messages, a tool's
answer becomes a `tool_result` block of the user, neighbours of the same role become one
message. `max_tokens`, which this protocol demands, is the argument, else the prompt's
`maxTokens`, else 1024. `temperature`, `top_p` and `top_k` go into `extra_body`: the SDK from
version 2 has no arguments for them. With them goes the version of the protocol that takes them (`extra_headers`): the
version that this SDK asks for by itself refuses them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from promptops.calls.ask import Ask, snake_case

DEFAULT_MAX_TOKENS = 1024
_PROTOCOL = "Anthropic's messages"
_WITHOUT = "give the prompt a variant for claude that sets it to null"
_UNSAID = "leave it out in the messages of a variant for claude"

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)
_SAMPLING = frozenset(("temperature", "top_p", "top_k"))
_SAMPLED = {"anthropic-version": "2023-06-01"}
_DIRECT = frozenset(("metadata", "service_tier", "thinking"))
_LIMIT = frozenset(
    ("max_tokens", "max_completion_tokens", "max_output_tokens"),
)
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_CHOICES = {"auto": "auto", "required": "any", "none": "none"}

Block: TypeAlias = dict[str, Any]


def for_anthropic(ask: Ask, max_tokens: int | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments. `overrides` replace whole arguments. Raises `CannotExpress`."""
    system, messages = _conversation(ask)
    call: dict[str, Any] = {
        "model": ask.model,
        "max_tokens": DEFAULT_MAX_TOKENS,
        "messages": messages,
    }
    if system:
        call["system"] = system
    extra: dict[str, Any] = {}
    output: dict[str, Any] = {}
    for name, value in ask.parameters.items():
        _parameter(ask, name, value, call, extra, output)
    if ask.tools:
        call["tools"] = [_tool(tool) for tool in ask.tools]
    if ask.response_format == "json_schema":
        schema = (ask.json_schema or {}).get("schema", {})
        output["format"] = {"type": "json_schema", "schema": schema}
    elif ask.response_format == "json_object":
        raise ask.refuse("responseFormat json_object", _PROTOCOL, "use json_schema with a schema")
    if output:
        call["output_config"] = output
    if max_tokens is not None:
        call["max_tokens"] = max_tokens
    for name, value in overrides.items():
        (extra if name in _SAMPLING else call)[name] = value
    if extra:
        call["extra_body"] = {**extra, **(overrides.get("extra_body") or {})}
        if not _SAMPLING.isdisjoint(extra):
            call["extra_headers"] = {**_SAMPLED, **(overrides.get("extra_headers") or {})}
    return call


def _parameter(ask: Ask, name: str, value: Any, call: Block, extra: Block, output: Block) -> None:
    spelled = snake_case(name)
    if spelled in _LIMIT:
        call["max_tokens"] = value
    elif spelled == "temperature" and isinstance(value, int | float) and value > 1:
        raise ask.refuse(f"temperature {value}", _PROTOCOL, "it takes 0 to 1")
    elif spelled in _SAMPLING:
        extra[spelled] = value
    elif spelled in ("stop", "stop_sequences"):
        call["stop_sequences"] = [value] if isinstance(value, str) else list(value)
    elif spelled == "tool_choice":
        call["tool_choice"] = _tool_choice(ask, value)
    elif spelled == "reasoning_effort" and value in _EFFORTS:
        output["effort"] = value
    elif spelled in _DIRECT:
        call[spelled] = value
    elif spelled != "n" or value != 1:
        raise ask.refuse(f"the parameter {name}", _PROTOCOL, _WITHOUT)


def _tool_choice(ask: Ask, value: Any) -> Block:
    if isinstance(value, str) and value in _CHOICES:
        return {"type": _CHOICES[value]}
    if isinstance(value, Mapping):
        if isinstance(value.get("function"), Mapping) and "name" in value["function"]:
            return {"type": "tool", "name": value["function"]["name"]}
        if value.get("type") in ("auto", "any", "none", "tool"):
            return dict(value)
    raise ask.refuse(f"toolChoice {value!r}", _PROTOCOL, "use auto, required, none or a function")


def _tool(tool: Mapping[str, Any]) -> Block:
    said: Block = {
        "name": tool["name"],
        "input_schema": tool.get("parameters") or {"type": "object", "properties": {}},
    }
    for member in ("description", "strict"):
        if tool.get(member) not in (None, ""):
            said[member] = tool[member]
    return said


def _conversation(ask: Ask) -> tuple[str | list[Block], list[Block]]:
    """`system` and the messages, in order and with neighbours of one role joined."""
    leading: list[Block] = []
    messages: list[Block] = []
    for number, message in enumerate(ask.messages):
        role, blocks = _message(ask, f"messages[{number}]", message)
        if role == "system" and not messages:
            leading.extend(blocks)
        elif messages and messages[-1]["role"] == role:
            messages[-1]["content"].extend(blocks)
        else:
            messages.append({"role": role, "content": blocks})
    if not any(message["role"] == "user" for message in messages):
        raise ask.refuse(
            "a prompt without any user message",
            _PROTOCOL,
            "give one, or put messages into its placeholder",
        )
    for message in messages:
        message["content"] = _as_plain(message["content"])
    system = _as_plain(leading) if len(leading) == 1 else leading
    return system, messages


def _message(ask: Ask, where: str, message: Mapping[str, Any]) -> tuple[str, list[Block]]:
    role = message["role"]
    if message.get("name") is not None and role != "tool":
        raise ask.refuse(f"{where}.name", _PROTOCOL, "write the name into the text")
    blocks = _content(ask, where, message.get("content"))
    if role in ("system", "developer"):
        for block in blocks:
            if block["type"] != "text":
                raise ask.refuse(
                    f"{where}: a {block['type']} in a system message", _PROTOCOL, "use text"
                )
        role = "system"
    elif role == "tool":
        result: Block = {"type": "tool_result", "tool_use_id": message.get("tool_call_id")}
        if blocks:
            result["content"] = _as_plain(blocks)
        role, blocks = "user", [result]
    elif role == "assistant":
        blocks.extend(_tool_uses(ask, where, message.get("tool_calls") or ()))
    if message.get("cache_control") is not None and blocks:
        blocks[-1]["cache_control"] = message["cache_control"]
    return role, blocks


def _tool_uses(ask: Ask, where: str, calls: Sequence[Mapping[str, Any]]) -> list[Block]:
    uses: list[Block] = []
    for number, call in enumerate(calls):
        function = call.get("function") or {}
        arguments = function.get("arguments") or "{}"
        try:
            given = json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
        except ValueError:
            raise ask.refuse(
                f"{where}.tool_calls[{number}]: arguments that are not JSON",
                _PROTOCOL,
                "write JSON",
            ) from None
        uses.append(
            {"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": given}
        )
    return uses


def _content(ask: Ask, where: str, content: Any) -> list[Block]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_part(ask, f"{where}.content[{n}]", part) for n, part in enumerate(content)]


def _part(ask: Ask, where: str, part: Mapping[str, Any]) -> Block:
    convert = _PARTS.get(str(part.get("type")))
    if convert is None:
        raise ask.refuse(
            f"{where} of type {part.get('type')!r}", _PROTOCOL, "use text, image_url or file"
        )
    block = convert(ask, where, part)
    if part.get("cache_control") is not None:
        block["cache_control"] = part["cache_control"]
    return block


def _text(ask: Ask, where: str, part: Mapping[str, Any]) -> Block:
    return {"type": "text", "text": part["text"]}


def _image(ask: Ask, where: str, part: Mapping[str, Any]) -> Block:
    image = part["image_url"]
    if isinstance(image, str):
        image = {"url": image}
    if image.get("detail") not in (None, "auto"):
        raise ask.refuse(f"{where}.image_url.detail", _PROTOCOL, _UNSAID)
    return {"type": "image", "source": _source(ask, where, image["url"])}


def _file(ask: Ask, where: str, part: Mapping[str, Any]) -> Block:
    file = part["file"]
    block: Block = {"type": "document"}
    if file.get("filename"):
        block["title"] = file["filename"]
    if file.get("file_id"):
        block["source"] = {"type": "file", "file_id": file["file_id"]}
    elif file.get("url"):
        block["source"] = _source(ask, where, file["url"])
    else:
        data = str(file.get("file_data", ""))
        if not data.startswith("data:"):
            data = f"data:{file.get('format') or 'application/pdf'};base64,{data}"
        block["source"] = _source(ask, where, data)
    kind = block["source"].get("media_type", "application/pdf")
    if kind != "application/pdf":
        raise ask.refuse(f"{where}: a file of type {kind}", _PROTOCOL, "give a PDF, or its text")
    return block


def _source(ask: Ask, where: str, url: str) -> Block:
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    data = _DATA_URL.fullmatch(url)
    if data is None:
        raise ask.refuse(f"{where}: {url[:40]!r}", _PROTOCOL, "give an https or base64 data URL")
    return {"type": "base64", "media_type": data["type"], "data": data["data"]}


_PARTS: dict[str, Callable[[Ask, str, Mapping[str, Any]], Block]] = {
    "text": _text,
    "image_url": _image,
    "file": _file,
}


def _as_plain(blocks: list[Block]) -> str | list[Block]:
    """One plain text as a string, which is what people expect to see; everything else as blocks."""
    if len(blocks) == 1 and set(blocks[0]) == {"type", "text"}:
        text: str = blocks[0]["text"]
        return text
    return blocks
