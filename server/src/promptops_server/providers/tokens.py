"""How many tokens a request has before it is sent.

Exact where the tokenizer and the form of a conversation are both published (`chat_forms`): GPT-3.5, GPT-4, GPT-4o,
Llama 3 to 3.3, Qwen 2.5 and Qwen3. Everything else is an estimate and says why. A tokenizer (quicktok) is loaded when
first used and stays: 35 to 90 MB each.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from promptops.calls.ask import Ask, snake_case
from promptops.format.families import family_of
from promptops_server.providers.catalogue.names import names_of
from promptops_server.providers.chat_forms import ESTIMATE, FORMS, Form

_OWN_TEMPLATES = frozenset(("ollama", "lmstudio"))
"""Servers whose templates are written anew for each model."""
_PART_TOKENS = 1000
"""For an image or a file, whose tokens depend on its size."""
_lock = threading.Lock()
_loaded: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Tokens:
    """A count of the tokens going in. `why` says what makes it an estimate; empty when exact."""

    count: int
    exact: bool
    tokenizer: str
    why: str = ""


def count(
    ask: Ask | Sequence[Mapping[str, Any]], model: str, provider: str | None = None
) -> Tokens:
    """The tokens of a request or of a list of messages, with what the form of a conversation adds.

    Args:
        model: the catalogue's id, or as the endpoint names it.
        provider: as targets name it: some serve a model with a template of their own.
    """
    messages = ask.messages if isinstance(ask, Ask) else ask
    form = form_of(model)
    reasons = [form.why] if form.why else []
    if form.template and not form.why and provider in _OWN_TEMPLATES:
        reasons.append(f"{provider} may use a template of its own")
    total, texts = form.around(messages)
    total += sum(length(text, form.tokenizer) for text in texts)
    for number, message in enumerate(messages):
        total += _message(form, message, number, len(messages), reasons)
    if isinstance(ask, Ask):
        total += _extras(ask, form, reasons)
    return Tokens(total, not reasons, form.tokenizer, "; ".join(dict.fromkeys(reasons)))


def form_of(model: str) -> Form:
    """How a model is spoken to; the last form is for models nothing is known of."""
    names = names_of(model)
    for form in FORMS:
        if any(re.match(form.pattern, name) for name in names):
            return form
    family = family_of(model)
    return next((f for f in FORMS if f.family is not None and f.family == family), FORMS[-1])


def length(text: str, tokenizer: str) -> int:
    """The tokens of a text alone, special marks in it read as text."""
    if not text:
        return 0
    if tokenizer == ESTIMATE:
        return _guess(text)
    return int(_tokenizer(tokenizer).count(text.encode("utf-8", "replace").decode()))


def _tokenizer(name: str) -> Any:
    found = _loaded.get(name)
    if found is None:
        with _lock:  # two at once would both load it
            if name not in _loaded:
                quicktok: Any = import_module("quicktok")  # it has no types
                _loaded[name] = quicktok.get_encoding(name)
            found = _loaded[name]
    return found


def _guess(text: str) -> int:
    """Three characters a token, rather too many than too few, and one token for each character beyond ASCII."""
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // 3) + len(text) - plain


def _message(
    form: Form, message: Mapping[str, Any], number: int, messages: int, reasons: list[str]
) -> int:
    role, content = str(message["role"]), message.get("content") or ""
    total = 0
    if not isinstance(content, str):
        content, others = _parts(content, reasons)
        total += others * _PART_TOKENS
    special, texts = form.message(role, content, number == 0)
    total += special + sum(length(text, form.tokenizer) for text in texts)
    if message.get("name") is not None:
        total += 1 + length(str(message["name"]), form.tokenizer)
        if not form.named:
            reasons.append("names of speakers are estimated")
    if message.get("tool_calls"):
        total += length(_json(message["tool_calls"]), form.tokenizer)
        reasons.append("calls of tools are estimated")
    if role not in ("system", "user", "assistant"):
        reasons.append(f"messages of the role {role} are estimated")
    if form.template and role == "assistant" and (number == messages - 1 or "</think>" in content):
        reasons.append("templates write a last answer, and thoughts in one, in their own way")
    return total


def _parts(content: Sequence[Mapping[str, Any]], reasons: list[str]) -> tuple[str, int]:
    """The text of a content in parts, and how many parts are something else."""
    texts = [str(part.get("text", "")) for part in content if part.get("type") == "text"]
    others = len(content) - len(texts)
    if others:
        reasons.append("images and files are estimated")
    if len(texts) > 1:
        reasons.append("several texts in one message are estimated")
    return "".join(texts), others


def _extras(ask: Ask, form: Form, reasons: list[str]) -> int:
    total = 0
    if ask.tools:
        total += length(_json(ask.tools), form.tokenizer)
        reasons.append("tools are estimated")
    if ask.json_schema:
        total += length(_json(ask.json_schema), form.tokenizer)
        reasons.append("the schema is estimated")
    if any("thinking" in snake_case(name) for name in ask.parameters) and form.template:
        total += 4  # an empty thought, where thinking is switched off
        reasons.append("a switch for thinking is estimated")
    return total


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
