"""llama.cpp's server."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kinds.openai_compatible import OpenAICompatible


class LlamaCpp(OpenAICompatible):
    """llama-server, on the server's own machine unless the base URL says otherwise."""

    name: ClassVar[str] = "llamacpp"
    title: ClassVar[str] = "llama.cpp"
    base_url: ClassVar[str] = "http://127.0.0.1:8080/v1"
