"""Connections to Redis or Valkey, by URL: one server, a set watched by Sentinels, or a cluster.

Owns how the settings become a connection: password, PEM files, time limits. Leaves the forms of the URL to
`promptops.delivery.redis_address`, opening it to `redis_client` beside that (the SDK connects in the same way), what is
stored there to `delivery`, and running the embedded server to `redis_process`. Redis being down is an expected state:
nothing here connects before the first command, and every command either answers within its time limit or raises
`redis.RedisError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import redis

from promptops.delivery import redis_address
from promptops.delivery.redis_client import open_client


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is and how long to wait for it.

    `url` has one of the forms of `promptops.delivery.redis_address`; it may carry user and password. `password` and
    `sentinel_password` override the URL's. The files are PEM: the authority to trust for TLS (without it the system's),
    and a certificate of our own with its key. Times are seconds. Raises ValueError for a URL that is none.
    """

    url: str
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    connect_timeout: float = 0.4
    timeout: float = 0.4

    def __post_init__(self) -> None:
        redis_address.parse_redis_url(self.url)

    @property
    def parsed(self) -> redis_address.RedisAddress:
        """The address with what the settings say besides the URL."""
        found = redis_address.parse_redis_url(self.url)
        found = found.with_files(self.ca_file, self.cert_file, self.key_file)
        if self.sentinel_password is not None:
            found = replace(found, sentinel_password=self.sentinel_password)
        return found

    def without_password(self) -> str:
        """The URL for logs and health reports."""
        return redis_address.parse_redis_url(self.url).shown


def connect(address: RedisAddress, *, timeout: float | None = None) -> redis.Redis:
    """A pooled client; no connection is opened before the first command.

    Texts are decoded as UTF-8 (what is not UTF-8 comes back with replacement characters, so that a foreign value
    can be judged instead of raising). `timeout` overrides the address's time per answer, in seconds.
    """
    extra: dict[str, object] = {}
    if address.password is not None:
        extra["password"] = address.password
    return open_client(
        address.parsed,
        connect_timeout=address.connect_timeout,
        timeout=address.timeout if timeout is None else timeout,
        attempts=1,  # one fresh connection when a pooled one turns out dead
        decode_responses=True,
        encoding_errors="replace",
        protocol=2,
        **extra,
    )
