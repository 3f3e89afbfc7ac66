"""Counts of tokens: exact against the published templates, and estimates that say so."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.calls.ask import Ask
from promptops_server.providers import tokens
from promptops_server.providers.tokens import count, length

Messages = list[dict[str, Any]]

TALK: Messages = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "\n  Grüß Gott, 你好 "},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "Again: 1234567?"},
]

_DAY = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
_turns = st.lists(st.text(max_size=30), min_size=1, max_size=4)


def llama(messages: Messages, *, dated: bool) -> str:
    """The chat template of Llama 3, or of 3.1 and later, written out."""
    text = "<|begin_of_text|>"
    if dated:
        system = messages[0]["content"].strip() if messages[0]["role"] == "system" else ""
        text += f"<|start_header_id|>system<|end_header_id|>\n\n{_DAY}{system}<|eot_id|>"
    for number, message in enumerate(messages):
        if dated and number == 0 and message["role"] == "system":
            continue
        role = message["role"]
        text += (
            f"<|start_header_id|>{role}<|end_header_id|>\n\n{message['content'].strip()}<|eot_id|>"
        )
    return text + "<|start_header_id|>assistant<|end_header_id|>\n\n"


def chatml(messages: Messages) -> str:
    """The chat template of Qwen3, written out."""
    body = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    return body + "<|im_start|>assistant\n"


def special(text: str, tokenizer: str) -> int:
    return len(tokens._tokenizer(tokenizer).encode_with_special(text))


def conversation(turns: list[str]) -> Messages:
    roles = ["system", "user", "assistant", "user"]
    return [{"role": r, "content": t} for r, t in zip(roles, turns, strict=False) if "<|" not in t]


@settings(deadline=None)
@given(_turns)
def test_llama_and_qwen_are_counted_as_their_templates_write(turns: list[str]) -> None:
    messages = conversation(turns)
    if not messages or messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": "x"})
    for model, dated in (("llama3:8b", False), ("meta-llama/Llama-3.3-70B-Instruct", True)):
        found = count(messages, model)
        assert found.exact, found.why
        assert found.count == special(llama(messages, dated=dated), "llama3")
    found = count(messages, "Qwen/Qwen3-32B")
    assert found.exact, found.why
    assert found.count == special(chatml(messages), "qwen3")


def test_gpt_is_counted_as_the_cookbook_says() -> None:
    # The cookbook's example conversation, whose count it gives for these models.
    example: Messages = [
        {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
        {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
        {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
        {"role": "system", "name": "example_user", "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
        {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
        {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."},
    ]  # fmt: skip
    old, new = count(example, "gpt-4-0613"), count(example, "openai/gpt-4o-mini-2024-07-18")
    assert (old.count, old.exact, old.tokenizer) == (129, True, "cl100k_base")
    assert (new.count, new.exact, new.tokenizer) == (124, True, "o200k_base")


@pytest.mark.parametrize(
    ("model", "tokenizer", "exact"),
    [
        ("gpt-4", "cl100k_base", True),
        ("gpt-4-32k-0613", "cl100k_base", True),
        ("gpt-3.5-turbo-16k-0613", "cl100k_base", True),
        ("gpt-35-turbo", "cl100k_base", True),
        ("gpt-4-vision-preview", "cl100k_base", False),
        ("gpt-4o-2024-08-06", "o200k_base", True),
        ("gpt-4.1-mini", "o200k_base", False),
        ("gpt-4.5-preview", "o200k_base", False),
        ("gpt-4o-audio-preview", "o200k_base", False),
        ("o4-mini", "o200k_base", False),
        ("chatgpt-4o-latest", "o200k_base", False),
        ("llama-3.1-8b-instant", "llama3", True),
        ("llama-3.3-70b-versatile", "llama3", True),
        ("meta.llama3-1-8b-instruct-v1:0", "llama3", True),
        ("llama-2-70b-chat", "llama3", False),
        ("qwen3.8-27b", "qwen3", False),
        ("qwen3-vl-235b", "qwen3", False),
        ("qwen3-coder-plus", "qwen3", False),
        ("qwq-32b", "qwen3", False),
    ],
)
def test_every_model_has_its_tokenizer(model: str, tokenizer: str, exact: bool) -> None:
    found = count([{"role": "user", "content": "Hi"}], model)
    assert (found.tokenizer, found.exact) == (tokenizer, exact), found.why


@pytest.mark.parametrize(
    ("model", "provider", "tokenizer", "why"),
    [
        ("gpt-5", None, "o200k_base", "not published"),
        ("openai/gpt-oss-20b", None, "o200k_harmony", "system message of its own"),
        ("claude-opus-4-7", None, "estimate", "not published"),
        ("llama-4-scout", None, "llama3", "Llama 3"),
        ("llama3.2:3b", "ollama", "llama3", "template of its own"),
        ("qwen-max", None, "qwen3", "Qwen3"),
        ("bank-7", None, "estimate", "not known"),
    ],
)
def test_an_estimate_says_that_it_is_one_and_why(
    model: str, provider: str | None, tokenizer: str, why: str
) -> None:
    found = count(TALK, model, provider)
    assert (found.exact, found.tokenizer) == (False, tokenizer)
    assert why in found.why
    assert 20 < found.count < 80


def test_tools_schemas_images_and_parts_make_it_an_estimate() -> None:
    plain = Ask("a", "gpt-4o", TALK, {}, [], None, None)
    assert count(plain, "gpt-4o").exact
    tool = {"name": "look", "description": "Looks", "parameters": {"type": "object"}}
    for more in (
        Ask("a", "gpt-4o", TALK, {}, [tool], None, None),
        Ask("a", "gpt-4o", TALK, {}, [], "json_schema", {"name": "x", "schema": {}}),
        Ask("a", "gpt-4o", [{"role": "user", "content": [{"type": "image_url"}]}], {}, [], None, None),
        Ask("a", "gpt-4o", [*TALK, {"role": "tool", "content": "3"}], {}, [], None, None),
    ):  # fmt: skip
        found = count(more, "gpt-4o")
        assert not found.exact and "estimated" in found.why
    one = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    assert count(one, "gpt-4o") == count([{"role": "user", "content": "Hello"}], "gpt-4o")


def test_marks_of_a_template_in_a_text_are_text() -> None:
    assert length("<|im_end|>", "qwen3") > 1
    assert length("<|endoftext|>", "o200k_base") > 1


@settings(deadline=None)
@given(st.text(max_size=200))
def test_every_text_can_be_counted(text: str) -> None:
    for tokenizer in ("o200k_base", "llama3", "qwen3", tokens.ESTIMATE):
        found = length(text, tokenizer)
        assert (found > 0) is bool(text)
        assert found <= max(4 * len(text.encode("utf-8", "replace")), 0)


def test_large_texts_and_many_threads() -> None:
    text = "The claim of 2026-11-27, 你好. " * 60_000
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(length(text, "o200k_base"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and found[0] > 600_000
