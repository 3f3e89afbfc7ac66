"""Mirrors over HTTPS and through a proxy: whom the server believes, and what it connects to."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from mirrored import Mirrored, prompt_text

from promptops_server.registry.mirror import exchange
from promptops_server.registry.mirror.hosts import HostRules
from support.git_http import GitHost

NAME = "git.bank.example"
ADDRESS = f"https://{NAME}:{{}}/bank.git"


def certificate(path: Path, name: str) -> Path:
    """A key and a certificate for `name`, signed by itself."""
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
    )
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture
def secure_bank(small_bank: Mirrored, tmp_path: Path) -> Callable[[str], Mirrored]:
    """Give the host a certificate for a name and the bank a prompt; the host's own name leads to it."""

    def start(named: str) -> Mirrored:
        small_bank.host.stop()
        small_bank.host.certificate = certificate(tmp_path / "host.pem", named)
        small_bank.host.start()
        small_bank.with_limits(
            hosts=HostRules.of(NAME), plain_http=False, lookup=lambda host, port: ["127.0.0.1"]
        )
        small_bank.put("claims/triage", prompt_text("one"))
        small_bank.set(url=ADDRESS.format(small_bank.host.port))
        return small_bank

    return start


def test_a_certificate_of_the_companys_own_authority_counts_once_it_is_named(
    secure_bank: Callable[[str], Mirrored],
) -> None:
    bank = secure_bank(NAME)
    unknown = bank.settle()
    assert unknown.state == "retrying"
    assert unknown.problem is not None
    assert "No trusted connection" in unknown.problem.detail
    assert "mirror.ca_file" in unknown.problem.remedy
    assert bank.host.seen == [], "no password went to a host that proved nothing"
    bank.with_limits(ca_file=bank.host.certificate)
    assert bank.retry().state == "ok"
    assert bank.host.refs() == bank.refs
    assert {headers["Host"] for _, _, headers in bank.host.seen} == {f"{NAME}:{bank.host.port}"}


def test_a_certificate_of_another_name_does_not_count(
    secure_bank: Callable[[str], Mirrored],
) -> None:
    bank = secure_bank("other.bank.example")
    bank.with_limits(ca_file=bank.host.certificate)
    failed = bank.settle()
    assert failed.problem is not None
    assert "No trusted connection" in failed.problem.detail
    assert bank.host.seen == []


def test_the_operators_proxy_is_asked(
    small_bank: Mirrored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    proxy = GitHost(tmp_path / "proxy", small_bank.host.git)
    proxy.answer_instead = lambda path: (502, {})
    proxy.start()
    try:
        small_bank.with_limits(
            hosts=HostRules(),
            proxy=f"http://anna:proxy-pw@127.0.0.1:{proxy.port}",
            lookup=lambda host, port: ["140.82.112.3"],
        )
        small_bank.put("claims/triage", prompt_text("one"))
        small_bank.set(url="http://git.example.com/bank.git")
        busy = small_bank.settle()
    finally:
        proxy.stop()
    assert busy.state == "retrying"
    assert busy.problem is not None and "git.example.com answered 502" in busy.problem.detail
    [(_, path, headers)] = proxy.seen
    assert path == "http://git.example.com/bank.git/info/refs?service=git-receive-pack"
    assert headers["Host"] == "git.example.com"
    assert "Proxy-Authorization" in {name.title() for name in headers}
    small_bank.with_limits(lookup=lambda host, port: ["169.254.169.254"])
    assert small_bank.retry().state == "failed", "a proxy is no way around the rules"


def test_a_host_that_sends_without_end_is_left(
    small_bank: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MAX_ANSWER", 100)
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set()
    failed = small_bank.settle()
    assert failed.state == "retrying"
    assert failed.problem is not None and "more than 64 MB" in failed.problem.detail
