"""Any endpoint of the OpenAI-compatible chat protocol, and what the known ones have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from promptops_server.providers.kind import Option, Provider
from promptops_server.providers.model import ProtocolName, Target

STREAM_USAGE = Option(
    "stream_usage", "no: for endpoints that refuse stream_options; usage is then unknown", default="yes"
)  # fmt: skip


class OpenAICompatible(Provider):
    """An endpoint at the target's base URL, with a bearer token where the target has a credential."""

    name: ClassVar[str] = "openai_compatible"
    title: ClassVar[str] = "Any OpenAI-compatible endpoint"
    protocol: ClassVar[ProtocolName] = "openai"
    needs_credential: ClassVar[bool] = False
    options: ClassVar[tuple[Option, ...]] = (STREAM_USAGE,)
    completion_tokens: ClassVar[bool] = False
    """Whether it knows `max_completion_tokens`; others are told `max_tokens`."""

    def url_of(self, target: Target, *, stream: bool) -> str:
        """`chat/completions` below the base URL."""
        base = self.base_of(target)
        return base if base.endswith("/chat/completions") else f"{base}/chat/completions"

    def base_of(self, target: Target) -> str:
        """The target's base URL, else the provider's, without a closing slash."""
        return (target.base_url or self.base_url).rstrip("/")

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        """A bearer token."""
        return {"authorization": f"Bearer {secret}"} if secret else {}

    def body_of(self, target: Target, body: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """Without what the endpoint does not know."""
        if stream and str(self.option(target, "stream_usage")).lower() in ("no", "false"):
            body.pop("stream_options", None)
        if not self.completion_tokens and "max_completion_tokens" in body:
            body.setdefault("max_tokens", body.pop("max_completion_tokens"))
        return body

    def listing_url(self, target: Target) -> str | None:
        """`models` below the base URL."""
        return f"{self.base_of(target).removesuffix('/chat/completions')}/models"

    def option(self, target: Target, name: str) -> Any:
        """What the target says for an option, else its default."""
        value = target.options.get(name)
        if value not in (None, ""):
            return value
        return next((option.default for option in self.options if option.name == name), "")
