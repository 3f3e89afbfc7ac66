"""The address of the Redis that the settings name."""

from __future__ import annotations

from promptops_server.infra.redis import RedisAddress
from promptops_server.infra.settings import Settings


def address_of(settings: Settings, url: str | None = None) -> RedisAddress:
    """The address of `url`, or of the setting, with the password and authority of the settings.

    Raises:
        ValueError: the URL is no Redis URL.
    """
    redis = settings.redis
    return RedisAddress(
        url=url or redis.url or "",
        password=redis.password.get_secret_value() if redis.password is not None else None,
        ca_file=str(redis.ca_file) if redis.ca_file is not None else None,
    )
