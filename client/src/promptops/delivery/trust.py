"""Which keys may sign: pinned ones, and those a trusted key has signed.

Owns the key document, the chain from pinned keys and the reading of a `trust_key` setting;
`pins` keeps what was seen on first use. Leaves fetching to `source_http`, headers to `header`
and their order to `verify`. Keys are never read from Redis. No I/O except reading the file a
setting names.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promptops.delivery import strict
from promptops.delivery.header import key_id_of
from promptops.errors import InvalidHeader, InvalidKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "ed25519"


@dataclass(frozen=True)
class PublishedKey:
    """One key as the server lists it. `signed_by` and `signature` are None for a key that
    stands alone.
    """

    key_id: str
    public: bytes
    signed_by: str | None = None
    signature: str | None = None


@dataclass(frozen=True)
class KeyDocument:
    """The server's list of keys. Nothing in it is trusted by being listed."""

    installation: str
    keys: tuple[PublishedKey, ...]


@dataclass(frozen=True)
class KeyRing:
    """The trusted keys by `key_id`, and the installation they belong to where that is known."""

    keys: Mapping[str, bytes] = field(default_factory=dict)
    installation: str | None = None

    @classmethod
    def pinned(cls, publics: Iterable[bytes], installation: str | None = None) -> KeyRing:
        """A ring of keys given by a setting or read from the pins."""
        return cls({key_id_of(public): public for public in publics}, installation)

    def public_of(self, key_id: str) -> bytes | None:
        """The trusted key of this name, or None."""
        return self.keys.get(key_id)

    def extended(self, document: KeyDocument) -> KeyRing:
        """The ring with every listed key that a chain of signatures joins to a key already trusted.

        Keys without such a chain are left out. A document of another installation adds nothing.
        """
        if self.installation is not None and document.installation != self.installation:
            return self
        keys = dict(self.keys)
        waiting = [key for key in document.keys if key.key_id not in keys]
        while joined := [key for key in waiting if _is_signed_by_one_of(key, keys)]:
            keys.update((key.key_id, key.public) for key in joined)
            waiting = [key for key in waiting if key.key_id not in keys]
        installation = self.installation
        if installation is None and any(key.key_id in self.keys for key in document.keys):
            installation = document.installation
        return KeyRing(keys, installation)

    @classmethod
    def on_first_use(cls, document: KeyDocument) -> KeyRing:
        """The ring of everything listed: only for a document fetched over a protected connection."""
        return cls({key.key_id: key.public for key in document.keys}, document.installation)

    def __bool__(self) -> bool:
        return bool(self.keys)


def parse_key_document(value: object, where: str = "keys") -> KeyDocument:
    """Read the decoded answer of `GET /delivery/v1/keys`; raises `InvalidHeader`.

    A key of an algorithm this client does not know is passed over: a newer one may stand beside it.
    """
    members = strict.mapping(value, where)
    keys: list[PublishedKey] = []
    for index, listed in enumerate(strict.sequence(members, "keys", where)):
        at = f"{where}.keys[{index}]"
        key = strict.mapping(listed, at)
        if strict.text(key, "algorithm", at) != ALGORITHM:
            continue
        public = strict.unbase64(strict.text(key, "public", at), f"{at}.public")
        key_id = strict.text(key, "key_id", at)
        if len(public) != 32 or key_id != key_id_of(public):
            raise InvalidHeader(f"{at}.key_id", "does not belong to the key's 32 public bytes")
        signed_by, signature = key.get("signed_by"), key.get("signature")
        for name, text in (("signed_by", signed_by), ("signature", signature)):
            if text is not None and not isinstance(text, str):
                strict.refuse(f"{at}.{name}", "must be text or null", text)
        keys.append(PublishedKey(key_id, public, signed_by, signature))
    return KeyDocument(strict.nonempty(members, "installation", where), tuple(keys))


def key_signing_bytes(public: bytes) -> bytes:
    """The bytes that one key's signature over another covers."""
    return f"promptops-key-v1\n{key_id_of(public)}\n{base64.b64encode(public).decode()}".encode()


def sign_key(private_key: Ed25519PrivateKey, public: bytes) -> str:
    """The base64 signature by which a trusted key vouches for a new one."""
    return base64.b64encode(private_key.sign(key_signing_bytes(public))).decode()


def read_trust_key(setting: str) -> tuple[bytes, ...]:
    """The public keys a `trust_key` setting gives: base64 text, or a file with one such text a
    line.

    Lines that begin with `#` are notes. Raises `InvalidKey`.
    """
    text = setting.strip()
    key = _public_bytes(text)
    if key is not None:
        return (key,)
    path = Path(text).expanduser()
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidKey(
            f"trust_key {strict.show(text)} is neither the base64 text of a 32-byte Ed25519 public key "
            f"nor a file that can be read ({reason})"
        ) from None
    keys: list[bytes] = []
    for number, line in enumerate(content.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        key = _public_bytes(line)
        if key is None:
            raise InvalidKey(
                f"{path}:{number}: not the base64 text of a 32-byte Ed25519 public key"
            )
        keys.append(key)
    if not keys:
        raise InvalidKey(f"{path}: holds no key; put the base64 text of the public key on a line")
    return tuple(keys)


def may_pin_from(url: str) -> bool:
    """Whether keys fetched from here may be pinned on first use: over HTTPS, or from this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _public_bytes(text: str) -> bytes | None:
    try:
        public = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return public if len(public) == 32 else None


def _is_signed_by_one_of(key: PublishedKey, trusted: Mapping[str, bytes]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signer = trusted.get(key.signed_by or "")
    if signer is None or key.signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(
            base64.b64decode(key.signature, validate=True), key_signing_bytes(key.public)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
