"""Opening a Redis by its address: standalone, through Sentinels, or a cluster, behind one small surface.

Owns how redis-py is told what an address says, and that nothing connects before the first command.
Every failure is a `redis.RedisError` or an `OSError`, also the cluster's own kind, which redis-py
keeps apart. Used by the SDK and by the server. `redis` is imported when a client is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from promptops.delivery.redis_address import RedisAddress

if TYPE_CHECKING:
    import redis


def open_client(
    address: RedisAddress,
    *,
    timeout: float,
    connect_timeout: float,
    attempts: int,
    **options: Any,
) -> redis.Redis:
    """A pooled client. Times are seconds for one answer and one connection.

    `attempts` is how often a command is tried again after a connection turned out dead; `options`
    go to redis-py. Passwords and files of the address are used; options come first.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    options = {
        "socket_timeout": timeout,
        "socket_connect_timeout": connect_timeout,
        # A time-out is not tried again: that would double the wait of whoever waits.
        "retry": Retry(NoBackoff(), attempts, supported_errors=(redis.ConnectionError,)),
        **options,
    }
    if address.tls:
        files = {
            "ssl_ca_certs": address.ca_file,
            "ssl_certfile": address.cert_file,
            "ssl_keyfile": address.key_file,
        }
        options |= {name: value for name, value in files.items() if value is not None}
    if address.kind == "standalone":
        return redis.Redis.from_url(address.url, **options)
    options |= {"ssl": True} if address.tls else {}
    options.setdefault("username", address.user)
    options.setdefault("password", address.password)
    if address.kind == "cluster":
        return cast("redis.Redis", _Cluster(lambda: _cluster(address, options)))
    from redis.sentinel import Sentinel

    watching = {
        name: value
        for name, value in options.items()
        if name.startswith(("socket_", "ssl")) or name == "retry"
    }
    watching |= {"username": address.sentinel_user, "password": address.sentinel_password}
    sentinel = Sentinel(list(address.nodes), sentinel_kwargs=watching)  # type: ignore[no-untyped-call]
    found: redis.Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        address.service, redis_class=redis.Redis, db=address.database, **options
    )
    return found


def master_of(client: redis.Redis) -> tuple[str, int] | None:
    """Which server the Sentinels name as the master now; None for a client that goes by no Sentinels.

    Raises `redis.RedisError` when no Sentinel knows one.
    """
    ask = getattr(getattr(client, "connection_pool", None), "get_master_address", None)
    return None if ask is None else cast("tuple[str, int]", ask())


def _cluster(address: RedisAddress, options: dict[str, Any]) -> Any:
    from redis.cluster import ClusterNode, RedisCluster

    nodes = [ClusterNode(host, port) for host, port in address.nodes]  # type: ignore[no-untyped-call]
    # The addresses given stay the way in: those that the nodes tell may change with every restart.
    return RedisCluster(startup_nodes=nodes, dynamic_startup_nodes=False, **options)


class _Guarded:
    """Passes everything on; what the cluster's client raises apart from `RedisError` becomes one."""

    def __init__(self, behind: Any) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target(), name)
        return _guarded(found) if callable(found) else found

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _target(self) -> Any:
        return self._behind


class _Cluster(_Guarded):
    """A cluster's client that connects when it is first used, since redis-py's does so when it is made."""

    connection_pool = None

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(None)
        self._make = make
        self._making = threading.Lock()

    def close(self) -> None:
        if self._behind is not None:
            self._behind.close()

    def _target(self) -> Any:
        if self._behind is None:
            with self._making:
                if self._behind is None:
                    self._behind = _translated(self._make)
        return self._behind


def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        answer = _translated(call, *args, **kwargs)
        if hasattr(answer, "execute_command"):  # a pipeline or a subscription
            return _Guarded(answer)
        if isinstance(answer, Iterator):
            return _iterated(answer)
        return answer

    return guarded


def _iterated(answer: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            yield _translated(next, answer)
        except StopIteration:
            return


def _translated(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    import redis

    try:
        return call(*args, **kwargs)
    except redis.RedisClusterException as error:
        raise redis.ConnectionError(f"the cluster cannot be used: {error}") from error
