"""Which way requests go: proxies, authorities, addresses where no key may be sent."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from promptops_server.infra.sections.models import ModelSettings
from promptops_server.providers.kind import Outgoing
from promptops_server.providers.model import CallError
from promptops_server.providers.wire.http import Http
from server.providers.calling import a_target, an_ask, calling
from support.openai_server import OpenAIServer


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine's own."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def fault_of(url: str, **settings: object) -> CallError:
    """What a call of this address fails with."""
    with pytest.raises(CallError) as caught:
        calling(lambda c: c.call(a_target(url), an_ask(), deadline=2), settings=dict(settings))
    return caught.value


def test_goes_through_the_operators_proxy_but_not_to_this_machine() -> None:
    with OpenAIServer() as proxy, OpenAIServer() as server:
        through = {"proxy": proxy.root.replace("//", "//user:pass@")}
        for url in ("http://models.example/v1", server.url):
            calling(
                lambda c, url=url: c.call(a_target(url), an_ask(), deadline=5), settings=through
            )
        assert [seen.headers["host"] for seen in proxy.requests] == ["models.example"]
        assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")
        assert len(server.requests) == 1
        assert "Proxy-Authorization" not in server.requests[0].headers


def test_goes_through_the_environments_proxy_unless_told_not_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with OpenAIServer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.root)
        calling(lambda c: c.call(a_target("http://models.example/v1"), an_ask(), deadline=5))
        assert len(proxy.requests) == 1
        monkeypatch.setenv("no_proxy", "models.invalid")
        assert fault_of("http://models.invalid/v1").fault == "network"
        assert len(proxy.requests) == 1


def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    error = fault_of("http://models.example/v1", proxy="http://u:geheim@127.0.0.1:9")
    assert error.fault == "network"
    assert "127.0.0.1:9" in error.detail
    assert "geheim" not in error.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/v1",
        "http://[fe80::1]/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://0xa9fea9fe/v1",
        "http://[fd00:ec2::254]/v1",
        "http://100.100.100.200/v1",
        "http://0.0.0.0/v1",
    ],
)
def test_no_call_goes_where_a_cloud_keeps_credentials(url: str) -> None:
    began = time.monotonic()
    error = fault_of(url)
    assert error.fault == "network"
    assert "no call goes there" in error.detail
    assert error.attempts == 1
    assert time.monotonic() - began < 1


def test_a_name_that_leads_there_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def lying(host: str, *args: object, **more: object) -> object:
        place = "169.254.169.254" if host == "models.example" else host
        return real(place, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    assert "no call goes there" in fault_of("http://models.example/v1").detail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "models")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_an_authority_of_ones_own_counts_once_it_is_named(certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with OpenAIServer(tls=tls) as server:
        error = fault_of(server.url)
        assert "models.ca_file" in error.detail
        assert error.attempts == 1
        assert server.requests == []
        reply = calling(
            lambda c: c.call(a_target(server.url), an_ask(), deadline=5),
            settings={"ca_file": certificate},
        )
        assert reply.text
    assert "speaks no TLS" in _of_plain_server()
    assert "no-such.pem" in fault_of("https://127.0.0.1:9/v1", ca_file="/no-such.pem").detail


def _of_plain_server() -> str:
    with OpenAIServer() as plain:
        return fault_of(plain.url.replace("http:", "https:")).detail


def test_what_is_no_http_is_a_bad_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            connection.recv(65_536)
            connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        error = fault_of(f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        thread.join(5)
    assert error.fault == "bad_answer"


def test_an_attempt_takes_no_longer_than_the_setting_says() -> None:
    with OpenAIServer(latency=20) as server:
        began = time.monotonic()

        async def send() -> None:
            http = Http(ModelSettings(call_seconds=1))
            try:
                outgoing = Outgoing(server.url + "/chat/completions", {}, b"{}")
                async with http.sent(outgoing, 60):
                    pass
            finally:
                await http.close()

        with pytest.raises(CallError) as caught:
            asyncio.run(send())
        assert caught.value.fault == "time_out"
        assert time.monotonic() - began < 5


def test_posts_forms_for_tokens() -> None:
    with OpenAIServer() as server:

        async def post() -> int:
            http = Http(ModelSettings())
            try:
                return (await http.post_form(server.root + "/token", {"a": "b c"}))[0]
            finally:
                await http.close()

        assert asyncio.run(post()) == 404
        assert server.requests[0].body == {"a": "b c"}
