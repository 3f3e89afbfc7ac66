"""Addresses of a Redis as enterprises run it: one server, a set watched by Sentinels, or a cluster; over TLS or not.

Owns the forms of the URL and what is wrong with one, in sentences that never repeat a secret.
Leaves opening it to `redis_client`. No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

Kind = Literal["standalone", "sentinel", "cluster"]

SCHEMES = (
    "redis", "rediss", "unix",
    "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster",
)  # fmt: skip
FORMS = (
    "redis://host:port/db, rediss://… (TLS), unix:///path, "
    "redis+sentinel://host:port,host:port/service or redis+cluster://host:port,host:port"
)
_FILES = ("ca_file", "cert_file", "key_file")
_SENTINEL = ("sentinel_user", "sentinel_password")


@dataclass(frozen=True)
class RedisAddress:
    """Where Redis is and as whom. `repr` and `shown` hold no password.

    `url` is what redis-py understands, for the kind `standalone` alone. `service` is the name that
    the Sentinels know the set by; user and password in the URL are those of Redis, `sentinel_user`
    and `sentinel_password` (in the URL's query) those of the Sentinels. `ca_file`, `cert_file` and
    `key_file` are PEM files for TLS: the authority to trust, and a certificate of the client's own.
    """

    kind: Kind
    shown: str
    url: str = ""
    nodes: tuple[tuple[str, int], ...] = ()
    service: str = ""
    database: int = 0
    tls: bool = False
    user: str | None = None
    password: str | None = None
    sentinel_user: str | None = None
    sentinel_password: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def __repr__(self) -> str:
        return f"<RedisAddress {self.shown}>"

    def with_files(
        self, ca_file: str | None, cert_file: str | None = None, key_file: str | None = None
    ) -> RedisAddress:
        """The address with these PEM files where the URL names none."""
        return replace(
            self,
            ca_file=self.ca_file or ca_file,
            cert_file=self.cert_file or cert_file,
            key_file=self.key_file or key_file,
        )


def parse_redis_url(url: str) -> RedisAddress:
    """Read a URL. Raises `ValueError` with a sentence that repeats no secret."""
    try:
        parts = urlsplit(url)
    except ValueError:  # its text may repeat user and password
        raise ValueError(f"the Redis URL is no address; use {FORMS}") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"the Redis URL begins with {parts.scheme[:20]!r}; use {FORMS}")
    query = _query(parts)
    base, _, kind = parts.scheme.partition("+")
    given = {name: query.pop(name) for name in (*_FILES, *_SENTINEL) if name in query}
    if not kind:
        if any(name in given for name in _SENTINEL):
            raise ValueError("sentinel_user and sentinel_password belong to redis+sentinel://")
        return _standalone(parts, query, given)
    if query:
        name = next(iter(query))
        raise ValueError(f"the Redis URL has ?{name}=, which {parts.scheme}:// does not know")
    user, password, hosts = _credentials(parts.netloc)
    nodes = _nodes(hosts, 26379 if kind == "sentinel" else 6379)
    path = [unquote(piece) for piece in parts.path.split("/") if piece]
    shown = urlunsplit((parts.scheme, hosts, parts.path, "", ""))
    address = RedisAddress(
        "sentinel" if kind == "sentinel" else "cluster",
        shown,
        nodes=nodes,
        tls=base == "rediss",
        user=user,
        password=password,
    )
    address = _with(address, given)
    if kind == "cluster":
        if given.keys() & set(_SENTINEL):
            raise ValueError("sentinel_user and sentinel_password belong to redis+sentinel://")
        if path not in ([], ["0"]):
            raise ValueError("a cluster has no database but 0: leave out what follows its hosts")
        return address
    if not path or len(path) > 2 or (len(path) == 2 and not path[1].isdigit()):
        raise ValueError(
            f"{parts.scheme}:// needs the service's name after the hosts, such as "
            f"{parts.scheme}://sentinel-1:26379,sentinel-2:26379/mymaster, then perhaps /database"
        )
    return replace(address, service=path[0], database=int(path[1]) if len(path) == 2 else 0)


def _standalone(parts: SplitResult, query: dict[str, str], given: dict[str, str]) -> RedisAddress:
    hosts = parts.netloc.rpartition("@")[2]
    if "," in hosts:
        raise ValueError(
            f"the Redis URL names several hosts: use {parts.scheme}+sentinel:// or {parts.scheme}+cluster://"
        )
    try:
        _ = parts.port
    except ValueError:  # its text would repeat a part of the address, which may hold a password
        raise ValueError("the Redis URL's host and port are not host:port") from None
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))
    shown = urlunsplit((parts.scheme, hosts, parts.path, "", ""))
    if parts.scheme == "unix":  # redis-py wants the two slashes of an empty host
        bare = f"unix://{parts.netloc}{parts.path}" + (f"?{urlencode(query)}" if query else "")
        shown = f"unix://{hosts}{parts.path}"
    address = RedisAddress("standalone", shown, url=bare, tls=parts.scheme == "rediss")
    return _with(address, given)


def _with(address: RedisAddress, given: Mapping[str, str]) -> RedisAddress:
    return replace(
        address,
        ca_file=given.get("ca_file"),
        cert_file=given.get("cert_file"),
        key_file=given.get("key_file"),
        sentinel_user=given.get("sentinel_user"),
        sentinel_password=given.get("sentinel_password"),
    )


def _query(parts: SplitResult) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in found:
            raise ValueError(f"the Redis URL has ?{name}= twice")
        found[name] = value
    return found


def _credentials(netloc: str) -> tuple[str | None, str | None, str]:
    given, at, hosts = netloc.rpartition("@")
    if not at:
        return None, None, hosts
    user, colon, password = given.partition(":")
    return unquote(user) or None, unquote(password) if colon else None, hosts


def _nodes(hosts: str, port: int) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for one in hosts.split(","):
        try:
            parts = urlsplit(f"//{one}")
            host, given = parts.hostname, parts.port
        except ValueError:
            raise ValueError("the Redis URL's hosts are not host:port,host:port") from None
        if not host:
            raise ValueError("the Redis URL names a host that is empty")
        found.append((host, given or port))
    return tuple(found)
