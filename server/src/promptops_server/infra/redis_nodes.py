"""Every server behind a Redis address: what has to be set or looked at on each of them, such as users, which Redis does not
pass on to replicas or to other nodes of a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import redis

from promptops.delivery import redis_address
from promptops.delivery.redis_client import open_client
from promptops_server.infra.redis import RedisAddress

Role = Literal["master", "replica"]
TIMEOUT_SECONDS = 3.0


class Node(NamedTuple):
    """One server: `host:port` (or a socket's path), its role, and a client of it alone."""

    name: str
    role: Role
    client: redis.Redis


@contextmanager
def nodes_of(address: RedisAddress) -> Iterator[list[Node]]:
    """All servers, masters first; their clients are closed at the end.

    Raises:
        redis.RedisError: nobody answers who knows them.
    """
    parsed = address.parsed
    if address.password is not None and parsed.kind != "standalone":
        parsed = replace(parsed, password=address.password)
    found: list[Node] = []
    try:
        if parsed.kind == "standalone":
            extra = {} if address.password is None else {"password": address.password}
            found.append(Node(parsed.shown, "master", _open(parsed, **extra)))
        else:
            for host, port, role in _places(parsed):
                found.append(Node(f"{host}:{port}", role, _one(parsed, host, port)))
        yield found
    finally:
        for node in found:
            node.client.close()


def _places(parsed: redis_address.RedisAddress) -> list[tuple[str, int, Role]]:
    client: Any = _open(parsed)
    try:
        if parsed.kind == "sentinel":
            manager = client.connection_pool.sentinel_manager
            host, port = manager.discover_master(parsed.service)
            replicas = manager.discover_slaves(parsed.service)
            return [(host, int(port), "master"), *((h, int(p), "replica") for h, p in replicas)]
        nodes = sorted(
            client.get_nodes(), key=lambda node: (node.server_type != "primary", node.name)
        )
        return [
            (n.host, int(n.port), "master" if n.server_type == "primary" else "replica")
            for n in nodes
        ]
    finally:
        client.close()


def _one(parsed: redis_address.RedisAddress, host: str, port: int) -> redis.Redis:
    scheme = "rediss" if parsed.tls else "redis"
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    url = f"{scheme}://{place}/{parsed.database}"
    alone = replace(parsed, kind="standalone", url=url, shown=place)
    return _open(alone, username=parsed.user, password=parsed.password)


def _open(parsed: redis_address.RedisAddress, **options: Any) -> redis.Redis:
    return open_client(
        parsed,
        timeout=TIMEOUT_SECONDS,
        connect_timeout=TIMEOUT_SECONDS,
        attempts=0,
        decode_responses=True,
        encoding_errors="replace",
        protocol=2,
        **options,
    )
