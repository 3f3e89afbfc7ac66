"""Claude on Google's Vertex AI: Anthropic's messages at Google's address, with an access token."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from promptops_server.providers.kind import Option, Provider, TokenEndpoint
from promptops_server.providers.kinds.anthropic import BETA, chosen, version_option
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.wire.google_token import Token, form_of, is_key_file, read_token

VERSION = "vertex-2023-10-16"
_NAME = re.compile(r"[a-z0-9][a-z0-9.:-]*")
_MULTI_REGION = {"global": "aiplatform.googleapis.com", "us": "aiplatform.us.rep.googleapis.com", "eu": "aiplatform.eu.rep.googleapis.com"}  # fmt: skip
EARLY = 120.0
"""Seconds before its end from which a token is not used any more."""


class Vertex(Provider):
    """`rawPredict` of the target's region (`global` where it has none).

    The secret is a service account's key file (its JSON), exchanged for access tokens, or an access token.
    """

    name = "vertex"
    title = "Claude on Google Vertex AI"
    protocol = "anthropic"
    options = (
        Option("project", "Id of the Google Cloud project.", required=True),
        version_option(VERSION),
        BETA,
    )

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._asking: MutableMapping[asyncio.AbstractEventLoop, dict[str, asyncio.Task[Token]]]
        self._asking = WeakKeyDictionary()

    def url_of(self, target: Target, *, stream: bool) -> str:
        project = self._checked(target, "project", chosen(target, "project"))
        region = self._checked(target, "region", target.region or "global")
        host = _MULTI_REGION.get(region, f"{region}-aiplatform.googleapis.com")
        root = (target.base_url or f"https://{host}/v1").rstrip("/")
        verb = "streamRawPredict" if stream else "rawPredict"
        model = quote(target.model, safe="@")
        return f"{root}/projects/{project}/locations/{region}/publishers/anthropic/models/{model}:{verb}"  # fmt: skip

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        headers = {}
        if beta := chosen(target, "beta"):
            headers["anthropic-beta"] = beta
        if secret and not is_key_file(secret):  # a key file itself is never sent
            headers["authorization"] = f"Bearer {secret}"
        return headers

    def body_of(self, target: Target, body: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """Without `model`, which the URL says, with Google's version."""
        sent = {name: value for name, value in body.items() if name != "model"}
        return {"anthropic_version": chosen(target, "version", VERSION), **sent}

    async def authorise(
        self, target: Target, secret: str | None, endpoint: TokenEndpoint
    ) -> str | None:
        if not secret or not is_key_file(secret):
            return secret
        known = hashlib.sha256(secret.encode()).hexdigest()
        token = self._tokens.get(known)
        if token is None or time.monotonic() > token.until - EARLY:
            token = await self._asked_once(known, secret, endpoint)
        return token.text

    async def _asked_once(self, known: str, secret: str, endpoint: TokenEndpoint) -> Token:
        """A new token; callers that come meanwhile wait for the same one."""
        asking = self._asking.setdefault(asyncio.get_running_loop(), {})
        task = asking.get(known)
        if task is None:
            task = asking[known] = asyncio.create_task(self._ask(known, secret, endpoint))
            task.add_done_callback(lambda done: (asking.pop(known, None), done.cancelled() or done.exception()))  # fmt: skip
        return await asyncio.shield(task)  # a caller that is cancelled leaves it to the others

    async def _ask(self, known: str, secret: str, endpoint: TokenEndpoint) -> Token:
        began = time.monotonic()
        url, form = form_of(secret, time.time())
        status, body = await endpoint.post_form(url, form)
        token = read_token(status, body, began)
        now = time.monotonic()
        self._tokens = {k: t for k, t in self._tokens.items() if t.until > now} | {known: token}
        return token

    def _checked(self, target: Target, what: str, value: str) -> str:
        if not _NAME.fullmatch(value):
            said = f"no {what}" if not value else f"the {what} {value!r}, which is none"
            raise CallError("invalid_parameter", f"The target {target.name} has {said}.", parameter=what)  # fmt: skip
        return value
