"""Connections to Redis or Valkey, by URL.

Owns how a connection is made: scheme, password, CA file, time limits. Leaves what is stored there to `delivery`,
and running the embedded server to `redis_process`. Redis being down is an expected state: nothing here connects
before the first command, and every command either answers within its time limit or raises `redis.RedisError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is and how long to wait for it.

    `url` is ``redis://host:port/db``, ``rediss://…`` (TLS) or ``unix:///path/to.sock``; it may carry user and
    password. `password` overrides the URL's. `ca_file` is a PEM file for ``rediss``; without it the system's
    authorities are used. Times are seconds.
    """

    url: str
    password: str | None = None
    ca_file: str | None = None
    connect_timeout: float = 0.4
    timeout: float = 0.4

    def __post_init__(self) -> None:
        scheme = urlsplit(self.url).scheme
        if scheme not in SCHEMES:
            raise ValueError(
                f"the Redis URL begins with {scheme or self.url[:20]!r}; "
                "use redis://host:port, rediss://host:port or unix:///path"
            )

    def without_password(self) -> str:
        """The URL for logs and health reports."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))


def connect(address: RedisAddress, *, timeout: float | None = None) -> redis.Redis:
    """A pooled client; no connection is opened before the first command.

    Texts are decoded as UTF-8 (what is not UTF-8 comes back with replacement characters, so that a foreign value
    can be judged instead of raising). `timeout` overrides the address's time per answer, in seconds.
    """
    extra: dict[str, object] = {}
    if address.password is not None:
        extra["password"] = address.password
    if address.ca_file is not None and address.url.startswith("rediss://"):
        extra["ssl_ca_certs"] = address.ca_file
    client: redis.Redis = redis.Redis.from_url(
        address.url,
        socket_connect_timeout=address.connect_timeout,
        socket_timeout=address.timeout if timeout is None else timeout,
        # One fresh connection when a pooled one turns out dead; a time-out is not tried again, since that would
        # double the wait of whoever is publishing.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        decode_responses=True,
        encoding_errors="replace",
        protocol=2,
        **extra,
    )
    return client
