"""Settings of section `redis`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class RedisSettings(Section):
    """Redis, which carries releases to applications. It is the truth for nothing."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}REDIS_")

    url: str | None = Field(
        None,
        description="redis://, rediss:// or unix:// address of a Redis 7+ or Valkey; "
        "without it, one is started for this server alone.",
    )
    password: SecretStr | None = Field(
        None,
        description="Password of that Redis, instead of one in the URL; also of the embedded one.",
    )
    ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed a rediss:// server's certificate."
    )
    port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Loopback TCP port of the embedded Redis, for applications that read it directly; "
        "0: unix socket only. A password is always asked for: redis.password, or the one in the data directory.",
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("starts with redis://, rediss:// or unix://")
        if value is not None:
            try:
                _ = urlsplit(value).port
            except (
                ValueError
            ):  # its text would repeat a part of the address, which may hold a password
                raise ValueError("its host and port are not host:port") from None
        return value
