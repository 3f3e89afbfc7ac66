"""Settings of section `redis`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from promptops.delivery.redis_address import parse_redis_url
from promptops_server.infra.sections.base import PREFIX, Section


class RedisSettings(Section):
    """Redis, which carries releases to applications. It is the truth for nothing."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}REDIS_")

    url: str | None = Field(
        None,
        description="Address of a Redis 7+ or Valkey: redis://, rediss:// (TLS) or unix://, redis+sentinel://host,host/service, "
        "redis+cluster://host,host, and both with rediss+; without it, one is started for this server alone.",
    )
    password: SecretStr | None = Field(
        None,
        description="Password of that Redis, instead of one in the URL; also of the embedded one.",
    )
    admin_url: SecretStr | None = Field(
        None,
        description="The same Redis with a user that may manage users, for promptops-server redis acl alone. "
        "Default: redis.url.",
    )
    sentinel_password: SecretStr | None = Field(
        None, description="Password of the Sentinels, instead of ?sentinel_password= in the URL."
    )
    ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed a rediss:// server's certificate."
    )
    cert_file: Path | None = Field(
        None,
        description="PEM file of this server's own certificate, for a Redis that asks for one.",
    )
    key_file: Path | None = Field(
        None, description="PEM file of that certificate's key, if it is not in the same file."
    )
    port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Loopback TCP port of the embedded Redis, for applications that read it directly; "
        "0: unix socket only. A password is always asked for: redis.password, or the one in the data directory.",
    )

    @field_validator("url", "admin_url")
    @classmethod
    def _known_form(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        if value is not None:
            text = value if isinstance(value, str) else value.get_secret_value()
            try:
                parse_redis_url(text)
            except ValueError as error:  # its sentence repeats no secret
                raise ValueError(str(error)) from None
        return value
