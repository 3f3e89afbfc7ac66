"""Redis by ``rediss://``: the product's own connection through real TLS in front of a real Valkey.

The Valkey of the wheel has no TLS of its own, so a small proxy ends it, as a load balancer does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from promptops_server.infra.redis import RedisAddress, connect
from support.redis_topologies import TlsEnd


@pytest.fixture
def tls(valkey: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The ``rediss://`` URL of a TLS end in front of Valkey, and the certificate to trust."""
    socket = valkey.removeprefix("unix://").partition("?")[0]
    with TlsEnd(tmp_path, socket, clients=False) as end:
        yield f"rediss://127.0.0.1:{end.port}", end.pki.ca_file


def test_redis_is_reached_over_tls_with_the_given_authority(tls: tuple[str, Path]) -> None:
    url, authority = tls
    client = connect(RedisAddress(url, ca_file=str(authority), connect_timeout=3, timeout=3))
    assert client.set("key", "value")
    assert client.get("key") == "value"
    client.close()


def test_an_unknown_authority_is_refused(tls: tuple[str, Path]) -> None:
    client = connect(RedisAddress(tls[0], connect_timeout=3, timeout=3))
    with pytest.raises(redis.ConnectionError, match="certificate"):
        client.ping()
    client.close()
