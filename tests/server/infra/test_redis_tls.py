"""Redis by ``rediss://``: the product's own connection through real TLS in front of a real Valkey.

The Valkey of the wheel has no TLS of its own, so a small proxy ends it, as a load balancer does.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from promptops_server.infra.redis import RedisAddress, connect


def certificate(folder: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "redis.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def tls(valkey: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The ``rediss://`` URL of a TLS end in front of Valkey, and the certificate to trust."""
    pem = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                outside = context.wrap_socket(plain, server_side=True)
            except OSError:  # the client did not trust us
                continue
            inside = socket.socket(socket.AF_UNIX)
            inside.connect(valkey.removeprefix("unix://").partition("?")[0])
            for pair in ((outside, inside), (inside, outside)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"rediss://127.0.0.1:{listener.getsockname()[1]}", pem
    listener.close()


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
