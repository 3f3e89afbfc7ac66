"""vLLM."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kinds.openai_compatible import OpenAICompatible


class VLLM(OpenAICompatible):
    """A vLLM server, base URL `http://HOST:8000/v1`; a credential where it was started with `--api-key`."""

    name: ClassVar[str] = "vllm"
    title: ClassVar[str] = "vLLM"
    completion_tokens: ClassVar[bool] = True
