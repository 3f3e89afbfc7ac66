"""A model file of this machine, served by the server itself; no key, no network. See `docs/local-model.md`."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import ClassVar

from promptops_server.providers.kind import Option, Provider
from promptops_server.providers.local_model.files import CONTEXT, check_options, model_file_of
from promptops_server.providers.local_model.processes import ModelProcesses
from promptops_server.providers.model import ProtocolName, Target

MODELS = ModelProcesses()
"""Those of this process; nothing is running until one is called."""


class Local(Provider):
    """llama.cpp in a process of its own. Every server and worker that calls the model has one."""

    name: ClassVar[str] = "local"
    title: ClassVar[str] = "A model file of this machine"
    protocol: ClassVar[ProtocolName] = "openai"
    base_url: ClassVar[str] = "http://127.0.0.1"
    """Its port is known when it runs."""
    needs_credential: ClassVar[bool] = False
    free: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "file", "path of a GGUF file of the server's machine; not needed for a sample model"
        ),
        Option("context", "tokens of prompt and answer together", default=str(CONTEXT)),
        Option("threads", "processor threads; more than are idle makes it slower", default="1"),
    )

    async def prepare(self, target: Target) -> Target:
        """The target with the address of its process, which runs then."""
        served = await asyncio.wrap_future(MODELS.use(model_file_of(target)))
        return dataclasses.replace(target, base_url=served.url)

    def url_of(self, target: Target, *, stream: bool) -> str:
        """Where its process listens. Raises CallError when its options cannot be."""
        check_options(target)
        return f"{target.base_url or self.base_url}/v1/chat/completions"

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        """The key that keeps other users of the machine out; it was made for this process and ends with it."""
        key = MODELS.key_of(target.base_url)
        return {"authorization": f"Bearer {key}"} if key else {}

    def listing_url(self, target: Target) -> str | None:
        """llama.cpp lists the one model it serves."""
        return f"{target.base_url or self.base_url}/v1/models"
