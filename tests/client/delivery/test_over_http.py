"""What is particular to following over HTTP: keys on first use, refused tokens, silence, TLS."""

from __future__ import annotations

import socket
import ssl
import stat
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID
from publisher import PROJECT, HttpTarget, Publisher, until

from promptops import NotConnected, PromptOps, SettingsError
from promptops.delivery import follower, source_http

if TYPE_CHECKING:
    from conftest import Setting


def pins_of(setting: Setting) -> Path:
    (file,) = (setting.folder / "cache" / "keys").glob("*.json")
    return file


def test_the_key_is_pinned_on_first_use_from_this_machine(http_setting: Setting) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    client = setting.client(trust_key=None)
    assert setting.said(client, "claims/triage") == "one"
    client.close()
    assert stat.S_IMODE(pins_of(setting).stat().st_mode) == 0o600
    asked = setting.target.requests.count("/delivery/v1/keys")
    assert setting.said(setting.client(trust_key=None), "claims/triage") == "one"
    assert setting.target.requests.count("/delivery/v1/keys") == asked


def test_another_key_after_pinning_is_refused_and_the_way_out_named(http_setting: Setting) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    setting.client(trust_key=None).close()
    setting.publisher.rotate_key(vouched_for=False)
    setting.publisher.keys.pop(0)
    setting.publisher.publish(triage="two")
    client = setting.client(trust_key=None, start_timeout=1)
    setting.until_refused(client, "unknown-key")
    assert setting.said(client, "claims/triage") == "one"
    assert str(pins_of(setting)) in client.health().last_error


def test_a_new_key_signed_by_a_trusted_one_is_learned_and_pinned(http_setting: Setting) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    client = setting.client(trust_key=None)
    setting.publisher.rotate_key()
    setting.publisher.rotate_key()  # a chain of two
    setting.publisher.publish(triage="two")
    setting.until_release(client, 2)
    assert client.health().refusals == 0
    client.close()
    setting.publisher.keys.clear()
    setting.publisher.publish(triage="three")
    again = setting.client(trust_key=None)
    assert setting.said(again, "claims/triage") == "three"


def test_damaged_pins_are_not_replaced_by_what_is_there_now(http_setting: Setting) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    setting.client(trust_key=None).close()
    pins_of(setting).write_text('{"keys": [')
    for copy in setting.copies:
        copy.unlink()
    with pytest.raises(NotConnected, match="pinned keys"):
        setting.client(trust_key=None, start_timeout=2).get("claims/triage")


def test_pins_that_cannot_be_kept_do_not_stop_a_client(
    http_setting: Setting, tmp_path: Path
) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    not_a_folder = tmp_path / "file"
    not_a_folder.write_text("")
    client = setting.client(trust_key=None, cache_dir=not_a_folder)
    assert setting.said(client, "claims/triage") == "one"
    until(lambda: "cannot be written" in client.health().disk, "the disk's fault is told")


def test_without_a_disk_cache_nothing_is_written(http_setting: Setting) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    client = setting.client(trust_key=None, disk_cache=False)
    assert setting.said(client, "claims/triage") == "one"
    client.close()
    assert not (setting.folder / "cache").exists()


def test_a_key_is_not_pinned_over_an_unprotected_connection() -> None:
    with pytest.raises(SettingsError, match="trust_key"):
        PromptOps(url="http://promptops.example", token="t", project="p", environment="e")


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "refused the token"), (403, "refused the token"), (404, "knows no")],
)
def test_a_refusal_is_told_at_once_and_not_hammered(
    http_setting: Setting, status: int, words: str
) -> None:
    setting = http_setting
    setting.target.refuse_with = (status, "because I say so")
    began = time.monotonic()
    client = setting.client(start_timeout=10)
    assert time.monotonic() - began < 5
    with pytest.raises(NotConnected, match=words) as caught:
        client.get("claims/triage")
    assert "because I say so" in str(caught.value)
    asked = len(setting.target.requests)
    time.sleep(0.15)
    assert len(setting.target.requests) == asked


def test_a_refused_token_is_tried_again_slowly(
    http_setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = http_setting
    monkeypatch.setattr(follower, "SLOW_WAIT", 0.2)
    setting.publisher.publish(triage="one")
    setting.target.refuse_with = (403, "not yet granted")
    client = setting.client()
    setting.target.refuse_with = None
    until(lambda: client.health().connected, "the grant is noticed")
    assert client.health().last_error == ""


def test_the_token_is_in_no_sentence(http_setting: Setting) -> None:
    client = http_setting.client(token="secret-token-value", start_timeout=2)
    with pytest.raises(NotConnected) as caught:
        client.get("claims/triage")
    for text in (str(caught.value), repr(client), str(client.health())):
        assert "secret-token-value" not in text


def test_a_connection_gone_silent_is_given_up_and_made_anew(
    http_setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = http_setting
    monkeypatch.setattr(source_http, "SILENCE", 0.4)
    setting.publisher.publish(triage="one")
    setting.target.silent = True
    client = setting.client()
    events = [path for path in setting.target.requests if path.endswith("/events")]
    setting.publisher.publish(triage="two", tell=False)  # said into a dead connection
    setting.until_release(client, 2)
    again = [path for path in setting.target.requests if path.endswith("/events")]
    assert len(again) > len(events)


def test_keep_alives_keep_a_quiet_connection(
    http_setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = http_setting
    monkeypatch.setattr(source_http, "SILENCE", 0.6)
    setting.target.keep_alive = 0.05
    setting.publisher.publish(triage="one")
    client = setting.client(max_age=0.5)
    asked = len(setting.target.requests)
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:  # longer than silence and max_age
        assert setting.said(client, "claims/triage") == "one"
        time.sleep(0.05)
    assert len(setting.target.requests) == asked


def test_closing_does_not_wait_for_the_next_sign_of_life(http_setting: Setting) -> None:
    http_setting.target.silent = True
    client = http_setting.client()
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < 1.0


def test_catching_up_asks_from_the_position_held(http_setting: Setting) -> None:
    setting = http_setting
    setting.publisher.publish(triage="one")
    setting.client().close()
    setting.publisher.publish(triage="two")
    asked = len(setting.target.requests)
    client = setting.client()
    setting.until_release(client, 2)
    base = f"/delivery/v1/{PROJECT}/production"
    later = setting.target.requests[asked:]
    assert base not in later  # no snapshot: the one artifact that was missing was enough
    assert [path for path in later if path.startswith(f"{base}/artifacts/")]


def test_text_that_json_escapes_arrives_as_it_is(http_setting: Setting) -> None:
    setting = http_setting
    text = 'Größe ≥ 3 – "quoted"\nline\r\n\u2028 \U0001f600 data: x'
    setting.publisher.publish(triage=text)
    client = setting.client()
    assert setting.said(client, "claims/triage") == text
    setting.publisher.publish(triage=text + "!")
    setting.until_release(client, 2)
    assert setting.said(client, "claims/triage") == text + "!"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file; it is its own authority."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "promptops test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def test_https_is_verified_against_the_given_authority(
    http_setting: Setting, certificate: Path
) -> None:
    publisher = Publisher()
    publisher.publish(triage="over tls")
    target = HttpTarget(publisher)
    target.start()
    publisher.targets.append(target)
    assert target._server is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    target._server.socket = context.wrap_socket(target._server.socket, server_side=True)
    try:
        url = target.url.replace("http:", "https:")
        client = http_setting.client(url=url, trust_key=None, ca_file=certificate)
        assert http_setting.said(client, "claims/triage") == "over tls"
        publisher.publish(triage="still")
        http_setting.until_release(client, 2)
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 1.5
        stranger = http_setting.client(url=url, trust_key=None, start_timeout=0.5, disk_cache=False)
        with pytest.raises(NotConnected, match=r"(?i)certificate"):
            stranger.get("claims/triage")
    finally:
        target.stop()


def test_a_client_ends_at_once_whose_server_takes_connections_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = PromptOps(
            f"http://127.0.0.1:{port}",
            "t",
            "bank",
            "production",
            start_timeout=0.2,
            disk_cache=False,
        )
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 1.0
        assert not client._follower._thread.is_alive()
