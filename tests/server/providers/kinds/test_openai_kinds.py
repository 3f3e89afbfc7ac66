"""Where each OpenAI-compatible provider is asked, and how."""

from __future__ import annotations

from typing import Any

import pytest

from promptops_server.providers.kinds.registry import all_providers
from promptops_server.providers.model import Target
from promptops_server.providers.request import request_of
from server.providers.calling import an_ask


def asked(provider: str, *, stream: bool = False, parameters: Any = None, **target: Any) -> Any:
    """URL, headers and body of a request."""
    members = {"id": "1", "name": "t", "provider": provider, "model": "m", **target}
    ask = an_ask(parameters=parameters or {})
    built = request_of(all_providers()[provider], Target(**members), ask, "key", stream=stream)
    return built.outgoing.url, dict(built.outgoing.headers), built.body


@pytest.mark.parametrize(
    ("provider", "target", "url"),
    [
        ("openai", {}, "https://api.openai.com/v1/chat/completions"),
        ("openai", {"base_url": "https://eu.api.openai.com/v1/"}, "https://eu.api.openai.com/v1/chat/completions"),
        ("dashscope", {}, "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("dashscope", {"region": "cn"}, "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("groq", {}, "https://api.groq.com/openai/v1/chat/completions"),
        ("together", {}, "https://api.together.xyz/v1/chat/completions"),
        ("openrouter", {}, "https://openrouter.ai/api/v1/chat/completions"),
        ("ollama", {}, "http://127.0.0.1:11434/v1/chat/completions"),
        ("llamacpp", {}, "http://127.0.0.1:8080/v1/chat/completions"),
        ("vllm", {"base_url": "http://gpu:8000/v1"}, "http://gpu:8000/v1/chat/completions"),
        ("openai_compatible", {"base_url": "https://x.example/a/chat/completions"}, "https://x.example/a/chat/completions"),
        ("azure_openai", {"base_url": "https://n.openai.azure.com/"}, "https://n.openai.azure.com/openai/v1/chat/completions"),
        ("azure_openai", {"base_url": "https://n.openai.azure.com/openai/v1"}, "https://n.openai.azure.com/openai/v1/chat/completions"),
        (
            "azure_openai",
            {"base_url": "https://n.openai.azure.com", "model": "my gpt", "options": {"api_version": "2024-10-21"}},
            "https://n.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
        ),
    ],
)  # fmt: skip
def test_goes_to(provider: str, target: dict[str, Any], url: str) -> None:
    assert asked(provider, **target)[0] == url


def test_azure_takes_keys_and_tokens() -> None:
    place = {"base_url": "https://n.openai.azure.com"}
    assert asked("azure_openai", **place)[1]["api-key"] == "key"
    headers = asked("azure_openai", **place, options={"auth": "token"})[1]
    assert headers["authorization"] == "Bearer key"
    assert "api-key" not in headers


def test_openai_is_told_whom_to_bill() -> None:
    headers = asked("openai", options={"organization": "org-1", "project": "proj-1"})[1]
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-1")


def test_the_limit_is_spelt_as_the_endpoint_knows_it() -> None:
    limit = {"maxTokens": 5}
    gpt = {"catalogue_id": "gpt-4o", "parameters": limit}
    assert asked("openai", **gpt)[2]["max_completion_tokens"] == 5
    body = asked("ollama", **gpt)[2]
    assert body["max_tokens"] == 5
    assert "max_completion_tokens" not in body
    assert asked("together", parameters=limit, catalogue_id="qwen-max")[2]["max_tokens"] == 5


def test_usage_is_not_asked_for_where_that_is_refused() -> None:
    place = {"base_url": "https://x.example/v1"}
    assert "stream_options" in asked("openai_compatible", stream=True, **place)[2]
    body = asked("openai_compatible", stream=True, **place, options={"stream_usage": "no"})[2]
    assert "stream_options" not in body
    assert body["stream"] is True


def test_openrouter_passes_nothing_to_those_who_keep_it_unless_told_to() -> None:
    mine = {"provider": {"order": ["a"], "data_collection": "allow"}}
    body = asked("openrouter", parameters=mine)[2]
    assert body["provider"] == {"order": ["a"], "data_collection": "deny"}
    body = asked("openrouter", parameters=mine, options={"data_collection": "allow"})[2]
    assert body["provider"]["data_collection"] == "allow"
