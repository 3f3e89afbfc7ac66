"""OpenAI's models on Azure."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import quote

from promptops_server.providers.kind import Option
from promptops_server.providers.kinds.openai_compatible import STREAM_USAGE, OpenAICompatible
from promptops_server.providers.model import Target


class AzureOpenAI(OpenAICompatible):
    """A resource of Azure OpenAI, base URL `https://NAME.openai.azure.com`; the model is the deployment's name.

    Say with `catalogue_id` which model the deployment is: price and contracts follow from it.
    """

    name: ClassVar[str] = "azure_openai"
    title: ClassVar[str] = "Azure OpenAI"
    needs_credential: ClassVar[bool] = True
    completion_tokens: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option("api_version", "such as 2024-10-21; empty: the v1 API, which has no versions"),
        Option("auth", "key, or token for a bearer token of Entra ID", default="key"),
        STREAM_USAGE,
    )

    def url_of(self, target: Target, *, stream: bool) -> str:
        """With a version the deployment's address, else that of the v1 API."""
        version = self.option(target, "api_version")
        if not version:
            return f"{self._v1(target)}/chat/completions"
        deployment = quote(target.model, safe="")
        return (
            f"{self._resource(target)}/openai/deployments/{deployment}/chat/completions"
            f"?api-version={quote(str(version), safe='')}"
        )

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        """The key in Azure's own header, a token as a bearer token."""
        if secret and self.option(target, "auth") != "token":
            return {"api-key": secret}
        return super().headers_of(target, secret)

    def listing_url(self, target: Target) -> str | None:
        """None: Azure lists the models of a region there, not the resource's deployments."""
        return None

    def _resource(self, target: Target) -> str:
        return self.base_of(target).removesuffix("/v1").removesuffix("/openai")

    def _v1(self, target: Target) -> str:
        return f"{self._resource(target)}/openai/v1"
