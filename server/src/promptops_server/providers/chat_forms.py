"""What the form of a conversation adds to the tokens of its texts, by model.

Sources: OpenAI's cookbook "How to count tokens with tiktoken" (three for a message, one for a name, three before the
answer), and the chat templates published with the weights of Llama 3, 3.1, 3.2 and 3.3, Qwen 2.5 and Qwen3. A template's
text is written out, so that a token that spans the frame and the content is counted as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Messages: TypeAlias = Sequence[Mapping[str, Any]]
Written: TypeAlias = tuple[int, Sequence[str]]
"""Tokens that are special, and the texts between them."""

ESTIMATE = "estimate"
"""The tokenizer named where there is none: characters are counted."""

_DATED = "\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
"""What the templates of Llama 3.1 to 3.3 begin with; every day has as many tokens as this one."""
_QWEN_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."


def _cookbook(role: str, text: str, first: bool) -> Written:
    return 3, (role, text)


def _headers(role: str, text: str, first: bool) -> Written:
    return 3, (role, "\n\n" + text.strip())


def _dated_headers(role: str, text: str, first: bool) -> Written:
    if first and role == "system":
        return 3, (role, _DATED + text.strip())
    return _headers(role, text, first)


def _chatml(role: str, text: str, first: bool) -> Written:
    return 2, (f"{role}\n{text}", "\n")


def _guessed(role: str, text: str, first: bool) -> Written:
    return 4, (text,)


def _three(messages: Messages) -> Written:
    return 3, ()


def _llama3(messages: Messages) -> Written:
    return 1 + 2, ("assistant", "\n\n")


def _llama31(messages: Messages) -> Written:
    special, texts = _llama3(messages)
    if _has_system(messages):
        return special, texts
    return special + 3, (*texts, "system", _DATED)


def _qwen3(messages: Messages) -> Written:
    return 1, ("assistant\n",)


def _qwen25(messages: Messages) -> Written:
    special, texts = _qwen3(messages)
    if _has_system(messages):
        return special, texts
    added, system = _chatml("system", _QWEN_SYSTEM, True)
    return special + added, (*texts, *system)


def _has_system(messages: Messages) -> bool:
    return bool(messages) and messages[0]["role"] == "system"


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of model is spoken to.

    `message` writes one message, `around` what the whole conversation has beside its messages, up to the place where
    the answer begins. `why` says why a count is an estimate; empty when it is not.
    """

    pattern: str
    family: str | None
    tokenizer: str
    why: str
    message: Callable[[str, str, bool], Written]
    around: Callable[[Messages], Written]
    template: bool = True
    """Whether a server may have a template of its own."""
    named: bool = False
    """Whether the tokens of a speaker's name are published."""


_FRAME = "how the provider frames a conversation is not published"
_OTHER_LLAMA = "it is counted with the tokenizer of Llama 3"
_OTHER_QWEN = "it is counted with the tokenizer of Qwen3"


def _gpt(pattern: str, tokenizer: str, why: str = "", family: str | None = None) -> Form:
    return Form(pattern, family, tokenizer, why, _cookbook, _three, template=False, named=True)


FORMS: tuple[Form, ...] = (
    _gpt(r"gpt-4o(?:-mini)?(?:-20[0-9-]+)?$", "o200k_base"),
    _gpt(r"gpt-(?:3\.?5-turbo|4|4-turbo|4-32k)(?:-16k)?(?:-[0-9-]+)?(?:-preview)?$", "cl100k_base"),
    _gpt(r"gpt-(?:3\.?5|4(?![o.0-9]))", "cl100k_base", _FRAME),
    _gpt(r"gpt-oss", "o200k_harmony", "its template adds a system message of its own"),
    _gpt(r"gpt-|o[1-9]|chatgpt", "o200k_base", _FRAME, "gpt"),
    Form(r"(?:meta-)?llama-?3(?:-(?:8|70)b|:(?:8|70)b|$)", None, "llama3", "", _headers, _llama3),
    Form(r"(?:meta-)?llama-?3[.-][123](?:-|:|$)", None, "llama3", "", _dated_headers, _llama31),
    Form(r"(?:meta-)?llama", "llama", "llama3", _OTHER_LLAMA, _headers, _llama3),
    Form(r"smollm", "smollm", "qwen3", _OTHER_QWEN, _chatml, _qwen3),
    Form(
        r"qwen3(?:-[0-9.]+b|:[0-9.]+b|$)(?!.*(?:vl|omni|embed))", None, "qwen3", "", _chatml, _qwen3
    ),
    Form(r"qwen2\.5(?:-[0-9.]+b|-coder|:|$)", None, "qwen3", "", _chatml, _qwen25),
    Form(r"qw[eq]n?", "qwen", "qwen3", _OTHER_QWEN, _chatml, _qwen3),
    Form(r"claude", "claude", ESTIMATE, "the tokenizer is not published", _guessed, _three),
    Form(r"(?!)", None, ESTIMATE, "the tokenizer is not known here", _guessed, _three),
)
"""The first whose pattern a name begins with; the last is for models nothing is known of."""
