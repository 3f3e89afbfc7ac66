"""Any other endpoint that speaks Anthropic's messages: gateways, local servers, other makers' models."""

from __future__ import annotations

from promptops_server.providers.kinds import anthropic


class AnthropicCompatible(anthropic.Anthropic):
    """Messages at `BASE/v1/messages`; the target says where that is, and needs no key unless the endpoint asks."""

    name = "anthropic_compatible"
    title = "Anthropic-compatible endpoint"
    base_url = ""
    needs_credential = False
