"""Ollama."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kinds.openai_compatible import OpenAICompatible


class Ollama(OpenAICompatible):
    """Ollama, on the server's own machine unless the base URL says otherwise."""

    name: ClassVar[str] = "ollama"
    title: ClassVar[str] = "Ollama"
    base_url: ClassVar[str] = "http://127.0.0.1:11434/v1"
