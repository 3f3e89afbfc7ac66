"""Settings of section `models`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class ModelSettings(Section):
    """How model endpoints are reached, and where their credentials may come from."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}MODELS_")

    # The catalogue.
    catalogue: Path | None = Field(
        None,
        description="YAML file of the installation's own models, prices and contracts, over those of the product.",
    )

    # Connections to endpoints.
    proxy: str | None = Field(
        None,
        description="Proxy for calls of models, http://user:password@host:port; "
        "without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY count.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities trusted for model endpoints beside the system's own.",
    )
    connect_seconds: float = Field(
        10.0, ge=0.1, le=300, description="Longest wait for an endpoint to take a connection."
    )
    call_seconds: float = Field(
        600.0, ge=1, le=86_400, description="Longest time one attempt at a call may take."
    )
    answer_megabytes: int = Field(
        16, ge=1, le=1024, description="Largest answer of an endpoint that is read, in MB."
    )

    # Credentials and addresses of targets.
    credential_env: str = Field(
        "*_API_KEY",
        description="Environment variables that model targets may name as their credential, with commas between; "
        "* stands for any characters. Those of the server itself (PROMPTOPS_…) never.",
    )
    credential_dir: Path | None = Field(
        None,
        description="Directory whose files model targets may name as their credential; without it none.",
    )
    allow_plain_http: bool = Field(
        False,
        description="Whether a model target outside private networks may be http://: keys and prompts then travel in the clear.",
    )

    @field_validator("credential_env")
    @classmethod
    def _patterns(cls, value: str) -> str:
        for pattern in filter(None, (part.strip() for part in value.split(","))):
            if not all(c.isascii() and (c.isalnum() or c in "_*") for c in pattern):
                raise ValueError(
                    f"{pattern!r} is no variable's name; write OPENAI_API_KEY or *_API_KEY"
                )
        return value

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("starts with http:// or https://")
        return value
