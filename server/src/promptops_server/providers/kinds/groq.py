"""Groq."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kinds.openai_compatible import OpenAICompatible


class Groq(OpenAICompatible):
    """Groq's cloud."""

    name: ClassVar[str] = "groq"
    title: ClassVar[str] = "Groq"
    base_url: ClassVar[str] = "https://api.groq.com/openai/v1"
    needs_credential: ClassVar[bool] = True
    completion_tokens: ClassVar[bool] = True
