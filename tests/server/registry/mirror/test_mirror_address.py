"""Addresses, hosts and keys: what is read, what is refused, where the server never connects to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.registry.mirror.address import parse_address
from promptops_server.registry.mirror.credentials import with_password, with_ssh_key
from promptops_server.registry.mirror.errors import BadAddress, BadCredentials, PushFailed
from promptops_server.registry.mirror.hosts import HostRules, resolve

HOST_KEY = "ssh-ed25519 " + base64.b64encode(b"the host's key").decode()
OTHER_KEY = "ssh-ed25519 " + base64.b64encode(b"another key").decode()


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "user", "path"),
    [
        ("https://Git.Example.com/bank/p.git", "https", "git.example.com", 443, "", "/bank/p.git"),
        ("https://[2001:db8::1]:8443/p", "https", "2001:db8::1", 8443, "", "/p"),
        ("ssh://git@git.example.com:2222/p.git", "ssh", "git.example.com", 2222, "git", "/p.git"),
        ("ssh://git.example.com/~bank/p.git", "ssh", "git.example.com", 22, "git", "~bank/p.git"),
        ("git@git.example.com:bank/p.git", "ssh", "git.example.com", 22, "git", "bank/p.git"),
        ("robot@[2001:db8::1]:p.git", "ssh", "2001:db8::1", 22, "robot", "p.git"),
        ("git.example.com:p it's.git".replace(" ", "%20"), "ssh", "git.example.com", 22, "git",
         "p%20it's.git"),
    ],
)  # fmt: skip
def test_an_address_is_read_as_git_reads_it(
    text: str, scheme: str, host: str, port: int, user: str, path: str
) -> None:
    found = parse_address(text, plain_http=False)
    assert (found.scheme, found.host, found.port) == (scheme, host, port)
    assert (found.user, found.path) == (user, path)
    assert found.url == text


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for start in ("", "https://", "ssh://", "git@h:", "https://h/"):
        try:
            found = parse_address(start + text, plain_http=True)
        except BadAddress:
            continue
        assert found.host and not found.path.startswith("-")
        assert not set(found.host + found.user) & set("@/ \n'\"\\$`")


INSIDE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0",
    "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
    "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a9fe:a9fe::",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_private_addresses_are_refused_unless_listed(address: str) -> None:
    for host, answers in ((address, [address]), ("a.example.com", ["140.82.112.3", address])):
        with pytest.raises(PushFailed) as caught:
            resolve(host, 443, HostRules(), _answering(answers))
        assert caught.value.problem.code == "host-refused"
        assert not caught.value.transient
        assert resolve(host, 443, HostRules.of(host), _answering(answers)) == answers


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost"])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(PushFailed) as caught:
        resolve(host, 443, HostRules())
    assert caught.value.problem.code == "host-refused"


def test_a_list_admits_only_what_it_names() -> None:
    rules = HostRules.of("git.example.com, *.corp.example")
    public = _answering(["140.82.112.3"])
    assert resolve("git.example.com", 443, rules, public)
    assert resolve("a.b.corp.example", 443, rules, public)
    for other in ("corp.example", "evilcorp.example", "github.com", "xgit.example.com"):
        with pytest.raises(PushFailed, match="does not mirror to"):
            resolve(other, 443, rules, public)


def test_a_name_without_address_is_tried_again() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(PushFailed, match="has no address") as caught:
        resolve("git.example.com", 443, HostRules(), unknown)
    assert caught.value.transient


def _answering(addresses: list[str]) -> Callable[[str, int], list[str]]:
    return lambda host, port: addresses


def private_key(passphrase: bytes | None = None) -> str:
    if passphrase is None:
        form, seal = PrivateFormat.OpenSSH, NoEncryption()
    else:
        form, seal = PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, form, seal).decode()


SSH = parse_address("git@git.example.com:p.git", plain_http=False)
SSH_2222 = parse_address("ssh://git@git.example.com:2222/p.git", plain_http=False)


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("line", "usual_port", "other_port"),
    [
        (HOST_KEY, True, True),
        (f"git.example.com {HOST_KEY} comment", True, False),
        (f"GIT.example.com,140.82.112.3 {HOST_KEY}", True, False),
        (f"*.example.com {HOST_KEY}", True, False),
        (f"*.example.com,!git.example.com {HOST_KEY}", False, False),
        (f"[git.example.com]:2222 {HOST_KEY}", False, True),
        (f"{hashed('git.example.com')} {HOST_KEY}", True, False),
        (f"{hashed('[git.example.com]:2222')} {HOST_KEY}", False, True),
        (f"github.com {HOST_KEY}", False, False),
        (f"@revoked git.example.com {HOST_KEY}", False, False),
        ("git.example.com ssh-magic AAAA", False, False),
        ("git.example.com ssh-ed25519 not*base64", False, False),
    ],
)
def test_known_host_lines_count_for_their_host(
    line: str, usual_port: bool, other_port: bool
) -> None:
    text = f"# a comment\nother.example.com {OTHER_KEY}\n{line}\n"
    for address, counts in ((SSH, usual_port), (SSH_2222, other_port)):
        if counts:
            found, _ = with_ssh_key(address, private_key(), text)
            assert found.host_keys == (HOST_KEY,)
        else:
            with pytest.raises(BadCredentials, match="None of the known-host lines"):
                with_ssh_key(address, private_key(), text)


def test_a_key_shows_its_public_half_and_one_with_a_passphrase_is_refused() -> None:
    found, secret = with_ssh_key(SSH, private_key(), HOST_KEY)
    assert found.public_key.startswith("ssh-ed25519 ")
    assert found.fingerprint.startswith("SHA256:")
    assert "PRIVATE" not in repr((found, secret))
    with pytest.raises(BadCredentials, match="passphrase"):
        with_ssh_key(SSH, private_key(b"secret"), HOST_KEY)
    with pytest.raises(BadCredentials, match="no SSH private key"):
        with_ssh_key(SSH, found.public_key, HOST_KEY)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_key_of_ssh_keygen_with_a_passphrase_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "a secret", "-f", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with pytest.raises(BadCredentials, match="passphrase"):
        with_ssh_key(SSH, file.read_text(), HOST_KEY)


def test_passwords_and_keys_go_with_their_kind_of_address() -> None:
    https = parse_address("https://git.example.com/p.git", plain_http=False)
    with pytest.raises(BadCredentials, match="signs in with a key"):
        with_password(SSH, "a", "b")
    with pytest.raises(BadCredentials, match="SSH mirror only"):
        with_ssh_key(https, private_key(), HOST_KEY)
