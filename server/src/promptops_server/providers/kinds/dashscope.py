"""Alibaba Cloud's Model Studio (DashScope), where Qwen is."""

from __future__ import annotations

from typing import ClassVar

from promptops_server.providers.kinds.openai_compatible import OpenAICompatible
from promptops_server.providers.model import Target

_HOSTS = {"cn": "dashscope.aliyuncs.com", "us": "dashscope-us.aliyuncs.com"}


class DashScope(OpenAICompatible):
    """DashScope's compatible mode. Region `intl` (Singapore, also where none is given), `cn` (Beijing) or `us`.

    A key belongs to one region; in another it counts as wrong.
    """

    name: ClassVar[str] = "dashscope"
    title: ClassVar[str] = "DashScope (Qwen)"
    base_url: ClassVar[str] = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    needs_credential: ClassVar[bool] = True

    def base_of(self, target: Target) -> str:
        """The target's base URL, else that of its region."""
        host = _HOSTS.get(target.region.lower())
        if target.base_url or host is None:
            return super().base_of(target)
        return f"https://{host}/compatible-mode/v1"

    def listing_url(self, target: Target) -> str | None:
        """None: the compatible mode lists nothing."""
        return None
