"""Settings of no section."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class ServerSettings(Section):
    """Settings of no section: where the data is and where the server listens."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    data_dir: Path = Field(
        Path(".promptops"),
        description="Folder of the embedded database, embedded Redis, jobs and generated secrets.",
    )
    host: str = Field(
        "127.0.0.1",
        description="Address to listen on; 0.0.0.0 makes the server reachable from other machines.",
    )
    port: int = Field(8470, ge=0, le=65535, description="TCP port to listen on.")
    public_url: str | None = Field(
        None,
        description="Address users and applications reach the server at, when it stands behind a proxy.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Installation secret that seals the signing keys (at least 32 characters). "
        "All servers of one installation need the same one.",
    )
    secret_key_file: Path | None = Field(
        None,
        description="File with the installation secret, instead of secret_key. "
        "Default: secret.key in the data directory, made on first start.",
    )

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("needs at least 32 characters; `openssl rand -hex 32` makes one")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("starts with http:// or https://")
        return value.rstrip("/") if value else value
