"""OpenRouter."""

from __future__ import annotations

from typing import Any, ClassVar

from promptops_server.providers.kind import Option
from promptops_server.providers.kinds.openai_compatible import OpenAICompatible
from promptops_server.providers.model import Target


class OpenRouter(OpenAICompatible):
    """OpenRouter, which passes requests on to others; only to those who keep no data, unless told otherwise."""

    name: ClassVar[str] = "openrouter"
    title: ClassVar[str] = "OpenRouter"
    base_url: ClassVar[str] = "https://openrouter.ai/api/v1"
    needs_credential: ClassVar[bool] = True
    completion_tokens: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "data_collection",
            "deny: only providers that keep nothing; allow: all of them",
            default="deny",
        ),
    )

    def body_of(self, target: Target, body: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """With the choice of providers; what the prompt says of them stays."""
        body = super().body_of(target, body, stream=stream)
        if self.option(target, "data_collection") != "allow":
            asked = body.get("provider")
            # Last, so that no prompt file opens what the installation closed.
            body["provider"] = {
                **(asked if isinstance(asked, dict) else {}),
                "data_collection": "deny",
            }
        return body
