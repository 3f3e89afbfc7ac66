"""How the server signs in at a mirror: checking what was given, sealing what is secret, opening it for one push.

Secrets leave this module only towards a connection. They are never in a row in the clear, an answer, an event, a log
line, a URL or the arguments of a process.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from promptops_server.infra.plain_text import control_in
from promptops_server.infra.sealing import SealBroken, Sealer
from promptops_server.registry.mirror.address import Address
from promptops_server.registry.mirror.errors import BadCredentials, PushFailed
from promptops_server.registry.mirror.model import Credentials

SEALED_FOR = "promptops mirror credentials v1"
MAX_PASSWORD = 4_000
MAX_KEY = 20_000
MAX_KNOWN_HOSTS = 100_000

_HOST_KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)


@dataclass(frozen=True, slots=True)
class Secret:
    """What is secret, for the time of one push."""

    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


def with_password(address: Address, user: str, password: str) -> tuple[Credentials, Secret]:
    """HTTPS user and password or token.

    Raises:
        BadCredentials: they do not fit the address, or hold what HTTP cannot carry.
    """
    if address.scheme == "ssh":
        raise BadCredentials(
            "An SSH mirror signs in with a key, not a password.",
            remedy="Give a private key: --ssh-key FILE --known-host FILE.",
        )
    if not user or len(user) > 200 or ":" in user or control_in(user, lines=False):
        raise BadCredentials("The user is empty, too long, or holds a colon or control character.")
    if not password or len(password) > MAX_PASSWORD or control_in(password, lines=False):
        raise BadCredentials(
            f"The password is empty, longer than {MAX_PASSWORD:,} characters, or holds control characters.",
            remedy="A line end at its end is one: give it without.",
        )
    return Credentials("password", user), Secret(password=password)


def with_ssh_key(address: Address, private_key: str, known_host: str) -> tuple[Credentials, Secret]:
    """An SSH private key without passphrase, and the keys by which the host may prove itself.

    `known_host` holds lines of a known_hosts file, or ``type base64`` alone.

    Raises:
        BadCredentials: the key cannot be read, or no line is about this host.
    """
    if address.scheme != "ssh":
        raise BadCredentials(
            "An SSH key signs in at an SSH mirror only.",
            remedy="Use an address like git@HOST:PATH, or give a user and a token.",
        )
    public = _public_half(private_key)
    if len(known_host) > MAX_KNOWN_HOSTS:
        raise BadCredentials(f"The known hosts are longer than {MAX_KNOWN_HOSTS:,} characters.")
    host_keys = tuple(dict.fromkeys(_keys_of(address, known_host.splitlines())))[:20]
    if not host_keys:
        raise BadCredentials(
            f"None of the known-host lines holds a key of {address.place}.",
            remedy=f"`ssh-keyscan {_scan(address)}` prints them; compare the fingerprint with the one the host publishes.",
        )
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    fingerprint = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    text = private_key.replace("\r\n", "\n").strip() + "\n"
    return (
        Credentials("ssh_key", address.user, public, fingerprint, host_keys),
        Secret(private_key=text),
    )


def seal(sealer: Sealer, mirror_id: str, secret: Secret) -> bytes | None:
    """The sealed form for the row of this mirror; ``None`` when there is nothing secret."""
    values = {"password": secret.password, "private_key": secret.private_key}
    held = {name: value for name, value in values.items() if value}
    return sealer.seal(json.dumps(held).encode(), mirror_id) if held else None


def unseal(sealer: Sealer, mirror_id: str, sealed: bytes | None) -> Secret:
    """What `seal` sealed.

    Raises:
        PushFailed: it was sealed with another installation secret.
    """
    if sealed is None:
        return Secret()
    try:
        return Secret(**json.loads(sealer.open(sealed, mirror_id)))
    except SealBroken:
        raise PushFailed(
            "sealed",
            "The mirror's credentials were sealed with another secret key than this server has.",
            "Set the mirror again with its credentials, or give the server its old secret key.",
        ) from None


def to_json(credentials: Credentials) -> str:
    """As the row keeps what is not secret."""
    return json.dumps(
        {
            "kind": credentials.kind,
            "user": credentials.user,
            "public_key": credentials.public_key,
            "fingerprint": credentials.fingerprint,
            "host_keys": list(credentials.host_keys),
        }
    )


def from_json(text: str) -> Credentials:
    """What `to_json` wrote."""
    values = json.loads(text)
    return Credentials(**{**values, "host_keys": tuple(values["host_keys"])})


def _public_half(private_key: str) -> str:
    data = private_key.strip().encode("utf-8", "replace") + b"\n"
    if len(data) > MAX_KEY:
        raise BadCredentials(f"The SSH key is longer than {MAX_KEY:,} characters.")
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else load_pem_private_key
    try:
        public = load(data, password=None).public_key()
        return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    except TypeError:
        raise _needs_passphrase() from None
    except (ValueError, UnsupportedAlgorithm, AttributeError) as error:
        if "password" in str(error).lower() or "encrypted" in str(error).lower():
            raise _needs_passphrase() from None
        # Its text may repeat parts of the key.
        raise BadCredentials(
            "This is no SSH private key that can be read.",
            remedy="`ssh-keygen -t ed25519 -N '' -f mirror_key` makes one; give the file without .pub.",
        ) from None


def _needs_passphrase() -> BadCredentials:
    return BadCredentials(
        "This SSH key is protected by a passphrase, which nobody could type at night.",
        remedy="Make a key for this mirror alone: ssh-keygen -t ed25519 -N '' -f mirror_key",
    )


def _keys_of(address: Address, lines: Iterable[str]) -> Iterator[str]:
    """``type base64`` of every line that is about this host or about none."""
    for line in lines:
        words = line.split()
        if not words or words[0].startswith(("#", "@")):
            continue
        if words[0] in _HOST_KEY_TYPES:
            words.insert(0, "")
        elif not _names_host(words[0], address):
            continue
        if len(words) < 3 or words[1] not in _HOST_KEY_TYPES:
            continue
        try:
            base64.b64decode(words[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        yield f"{words[1]} {words[2]}"


def _names_host(patterns: str, address: Address) -> bool:
    written = [f"[{address.host}]:{address.port}"]
    if address.port == 22:
        written.append(address.host)
    if patterns.startswith("|1|"):
        return any(_hashed(patterns, name) for name in written)
    hit = False
    for pattern in patterns.lower().split(","):
        for name in written:
            if fnmatch.fnmatchcase(
                name.replace("[", "<"), pattern.removeprefix("!").replace("[", "<")
            ):
                if pattern.startswith("!"):
                    return False
                hit = True
    return hit


def _hashed(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        expected = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(expected, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False


def _scan(address: Address) -> str:
    return address.host if address.port == 22 else f"-p {address.port} {address.host}"
