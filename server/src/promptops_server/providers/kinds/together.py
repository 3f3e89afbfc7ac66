"""Together AI."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kinds.openai_compatible import OpenAICompatible


class Together(OpenAICompatible):
    """Together AI's cloud."""

    name: ClassVar[str] = "together"
    title: ClassVar[str] = "Together AI"
    base_url: ClassVar[str] = "https://api.together.xyz/v1"
    needs_credential: ClassVar[bool] = True
