"""Anthropic's own endpoint."""

from __future__ import annotations

from promptops_server.providers.kind import Option, Provider
from promptops_server.providers.model import Target

VERSION = "2023-06-01"
BETA = Option("beta", "Names of beta features, separated by commas, sent as `anthropic-beta`.")


class Anthropic(Provider):
    """Messages at `BASE/v1/messages`; the secret is an API key."""

    name = "anthropic"
    title = "Anthropic"
    protocol = "anthropic"
    base_url = "https://api.anthropic.com"
    options = (
        BETA,
        Option("auth", "How the key is sent: `x-api-key`, or `bearer` for a token.", default="x-api-key"),
    )  # fmt: skip

    def url_of(self, target: Target, *, stream: bool) -> str:
        return f"{self._root(target)}/v1/messages"

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        headers = {"anthropic-version": VERSION}
        if beta := target.options.get("beta"):
            headers["anthropic-beta"] = str(beta)
        if secret and target.options.get("auth") == "bearer":
            headers["authorization"] = f"Bearer {secret}"
        elif secret:
            headers["x-api-key"] = secret
        return headers

    def listing_url(self, target: Target) -> str | None:
        return f"{self._root(target)}/v1/models?limit=1000"

    def _root(self, target: Target) -> str:
        """The base URL, with or without the `/v1` at its end that people copy along."""
        return (target.base_url or self.base_url).rstrip("/").removesuffix("/v1")
