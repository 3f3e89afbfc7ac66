"""Anthropic's own endpoint."""

from __future__ import annotations

from promptops_server.providers.kind import Option, Provider
from promptops_server.providers.model import CallError, Target

VERSION = "2023-06-01"
"""The newest that still takes `temperature`, `top_p` and `top_k`; 2026-10-21 answers them with 400."""

BETA = Option("beta", "Names of beta features, separated by commas, sent as `anthropic-beta`.")


def version_option(default: str) -> Option:
    """The target's choice of the protocol's version."""
    return Option(
        "version",
        "Version of the protocol. From 2026-10-21 on, temperature, top_p and top_k are refused.",
        default=default,
    )


def chosen(target: Target, option: str, default: str = "") -> str:
    """What the target says for an option, else `default`."""
    return str(target.options.get(option) or default)


class Anthropic(Provider):
    """Messages at `BASE/v1/messages`; the secret is an API key."""

    name = "anthropic"
    title = "Anthropic"
    protocol = "anthropic"
    base_url = "https://api.anthropic.com"
    options = (
        version_option(VERSION),
        BETA,
        Option("auth", "How the key is sent: `x-api-key`, or `bearer` for a token.", default="x-api-key"),
    )  # fmt: skip

    def url_of(self, target: Target, *, stream: bool) -> str:
        return f"{self._root(target)}/v1/messages"

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        headers = {"anthropic-version": chosen(target, "version", VERSION)}
        if beta := chosen(target, "beta"):
            headers["anthropic-beta"] = beta
        if secret and chosen(target, "auth") == "bearer":
            headers["authorization"] = f"Bearer {secret}"
        elif secret:
            headers["x-api-key"] = secret
        return headers

    def listing_url(self, target: Target) -> str | None:
        return f"{self._root(target)}/v1/models?limit=1000"

    def _root(self, target: Target) -> str:
        """The base URL, with or without the `/v1` at its end that people copy along."""
        base = target.base_url or self.base_url
        if not base:
            raise CallError("invalid_parameter", f"The target {target.name} has no base_url.", parameter="base_url")  # fmt: skip
        return base.rstrip("/").removesuffix("/v1")
