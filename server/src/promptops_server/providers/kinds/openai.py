"""OpenAI."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kind import Option
from promptops_server.providers.kinds.openai_compatible import OpenAICompatible
from promptops_server.providers.model import Target


class OpenAI(OpenAICompatible):
    """OpenAI's own API. For data that stays in Europe set the base URL `https://eu.api.openai.com/v1`."""

    name: ClassVar[str] = "openai"
    title: ClassVar[str] = "OpenAI"
    base_url: ClassVar[str] = "https://api.openai.com/v1"
    needs_credential: ClassVar[bool] = True
    completion_tokens: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option("organization", "the organisation that is billed, where the key has several"),
        Option("project", "the project that is billed, where the key has several"),
    )

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        """The key, and whom it is used for."""
        headers = super().headers_of(target, secret)
        for name in ("organization", "project"):
            value = self.option(target, name)
            if value:
                headers[f"openai-{name}"] = str(value)
        return headers
