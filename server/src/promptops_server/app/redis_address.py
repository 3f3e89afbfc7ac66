"""The address of the Redis that the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from promptops_server.infra.redis import RedisAddress
from promptops_server.infra.settings import Settings


def address_of(settings: Settings, url: str | None = None) -> RedisAddress:
    """The address of `url`, or of the setting, with the password and authority of the settings.

    Raises:
        ValueError: the URL is no Redis URL.
    """
    redis = settings.redis
    sentinel = redis.sentinel_password

    def file(path: Path | None) -> str | None:
        return None if path is None else str(path)

    return RedisAddress(
        url=url or redis.url or "",
        password=redis.password.get_secret_value() if redis.password is not None else None,
        ca_file=file(redis.ca_file),
        cert_file=file(redis.cert_file),
        key_file=file(redis.key_file),
        sentinel_password=sentinel.get_secret_value() if sentinel is not None else None,
    )


def admin_address_of(settings: Settings) -> RedisAddress | None:
    """The address for managing users: `redis.admin_url` with its own password, else that of the server; None without any."""
    url = settings.redis.admin_url
    if url is not None:
        return replace(address_of(settings, url.get_secret_value()), password=None)
    return address_of(settings) if settings.redis.url is not None else None
