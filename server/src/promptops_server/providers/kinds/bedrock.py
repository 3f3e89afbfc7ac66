"""Claude on Amazon Bedrock: Anthropic's messages at Amazon's address, signed with AWS keys or with a Bedrock API key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from promptops_server.providers.kind import Outgoing, Provider, StreamDecoder
from promptops_server.providers.kinds.anthropic import BETA, chosen, version_option
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.wire.aws_frames import Decoder
from promptops_server.providers.wire.aws_signature import Keys, signed_headers

VERSION = "bedrock-2023-05-31"
SERVICE = "bedrock"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


class Bedrock(Provider):
    """`InvokeModel` of the target's region; `model` is a model id, an inference profile or an ARN.

    The secret is `ACCESS_KEY_ID:SECRET`, `ACCESS_KEY_ID:SECRET:SESSION_TOKEN`, or a Bedrock API key.
    """

    name = "bedrock"
    title = "Claude on Amazon Bedrock"
    protocol = "anthropic"
    options = (version_option(VERSION), BETA)

    def url_of(self, target: Target, *, stream: bool) -> str:
        verb = "invoke-with-response-stream" if stream else "invoke"
        root = (target.base_url or self._root(target)).rstrip("/")
        # The colon stays: some HTTP clients would unquote it again, after the URL was signed.
        return f"{root}/model/{quote(target.model, safe=':')}/{verb}"

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        if secret and keys_of(secret) is None:
            return {"authorization": f"Bearer {secret}"}
        return {}

    def body_of(self, target: Target, body: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """Without `model` and `stream`, which the URL says, with Amazon's version."""
        sent = {name: value for name, value in body.items() if name not in ("model", "stream")}
        sent["anthropic_version"] = chosen(target, "version", VERSION)
        if beta := chosen(target, "beta"):
            sent["anthropic_beta"] = [name.strip() for name in beta.split(",")]
        return sent

    def signed(self, target: Target, secret: str | None, outgoing: Outgoing) -> Outgoing:
        keys = keys_of(secret) if secret else None
        if keys is None:
            return outgoing
        headers = signed_headers(
            outgoing.method,
            outgoing.url,
            _to_sign(outgoing.headers),
            outgoing.body,
            keys=keys,
            region=self._region(target),
            service=SERVICE,
            at=datetime.now(UTC),
        )
        rest = {n: v for n, v in outgoing.headers.items() if n.lower() not in headers}
        return replace(outgoing, headers={**rest, **headers})

    def decoder(self) -> StreamDecoder | None:
        return Decoder()

    def _root(self, target: Target) -> str:
        region = self._region(target)
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://bedrock-runtime.{region}.{domain}"

    def _region(self, target: Target) -> str:
        if not _REGION.fullmatch(target.region):
            raise CallError(
                "invalid_parameter",
                f"The target {target.name} needs the AWS region it is called in, such as eu-central-1.",
                parameter="region",
            )
        return target.region


def keys_of(secret: str) -> Keys | None:
    """The AWS keys in a target's secret; None for a Bedrock API key. Raises `CallError` `authentication`."""
    if ":" not in secret:
        return None
    identity, _, rest = secret.strip().partition(":")
    key, _, session = rest.partition(":")
    if not identity or not key:
        raise CallError(
            "authentication",
            "The target's secret is neither ACCESS_KEY_ID:SECRET, ACCESS_KEY_ID:SECRET:SESSION_TOKEN nor a Bedrock API key.",
        )
    return Keys(identity, key, session)


def _to_sign(headers: Mapping[str, str]) -> dict[str, str]:
    """What Amazon wants signed; a proxy may change the others."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower() == "content-type" or name.lower().startswith("x-amz-")
    }
