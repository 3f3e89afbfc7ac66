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
    stands alone. A revoked one names the time, and the key whose signature says so.
    """

    key_id: str
    public: bytes
    signed_by: str | None = None
    signature: str | None = None
    revoked_at: str | None = None
    revoked_by: str | None = None
    revocation: str | None = None


@dataclass(frozen=True)
class KeyDocument:
    """The server's list of keys. Nothing in it is trusted by being listed."""

    installation: str
    keys: tuple[PublishedKey, ...]


@dataclass(frozen=True)
class KeyRing:
    """The trusted keys by `key_id`, and the installation they belong to where that is known.

    `revoked` has the keys that never count again, with the time from which on (text).
    """

    keys: Mapping[str, bytes] = field(default_factory=dict)
    installation: str | None = None
    revoked: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def pinned(
        cls,
        publics: Iterable[bytes],
        installation: str | None = None,
        revoked: Mapping[str, str] | None = None,
    ) -> KeyRing:
        """A ring of keys given by a setting or read from the pins, without the revoked ones."""
        gone = dict(revoked or {})
        keys = {key_id_of(public): public for public in publics}
        return cls({k: v for k, v in keys.items() if k not in gone}, installation, gone)

    def public_of(self, key_id: str) -> bytes | None:
        """The trusted key of this name, or None."""
        return self.keys.get(key_id)

    def extended(self, document: KeyDocument) -> KeyRing:
        """The ring with every listed key that a chain of signatures joins to a key already trusted,
        then without those that a key still trusted says are revoked.

        Keys without such a chain are left out. A document of another installation changes nothing.
        A key that joined by a key revoked in the same document stays: that is how a successor is
        learned by whoever was away meanwhile.
        """
        if self.installation is not None and document.installation != self.installation:
            return self
        keys = dict(self.keys)
        waiting = [
            k for k in document.keys if k.key_id not in keys and k.key_id not in self.revoked
        ]
        while joined := [key for key in waiting if _is_signed_by_one_of(key, keys)]:
            keys.update((key.key_id, key.public) for key in joined)
            waiting = [key for key in waiting if key.key_id not in keys]
        installation = self.installation
        if installation is None and any(key.key_id in self.keys for key in document.keys):
            installation = document.installation
        said = {key.key_id for key in document.keys if key.revoked_at is not None}
        standing = {key_id: public for key_id, public in keys.items() if key_id not in said}
        revoked = dict(self.revoked)
        for key in document.keys:
            if key.key_id in keys and _is_revoked_by_one_of(key, standing):
                revoked[key.key_id] = key.revoked_at or ""
                del keys[key.key_id]
        return KeyRing(keys, installation, revoked)

    @classmethod
    def on_first_use(cls, document: KeyDocument) -> KeyRing:
        """The ring of everything listed: only for a document fetched over a protected connection."""
        revoked = {k.key_id: k.revoked_at for k in document.keys if k.revoked_at is not None}
        return cls.pinned((k.public for k in document.keys), document.installation, revoked)

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
        texts = {name: _text_or_none(key, name, at) for name in _OPTIONAL}
        keys.append(PublishedKey(key_id, public, **texts))
    return KeyDocument(strict.nonempty(members, "installation", where), tuple(keys))


_OPTIONAL = ("signed_by", "signature", "revoked_at", "revoked_by", "revocation")


def _text_or_none(key: Mapping[str, object], name: str, at: str) -> str | None:
    text = key.get(name)
    if text is not None and not isinstance(text, str):
        strict.refuse(f"{at}.{name}", "must be text or null", text)
    return text


def key_signing_bytes(public: bytes) -> bytes:
    """The bytes that one key's signature over another covers."""
    return f"promptops-key-v1\n{key_id_of(public)}\n{base64.b64encode(public).decode()}".encode()


def sign_key(private_key: Ed25519PrivateKey, public: bytes) -> str:
    """The base64 signature by which a trusted key vouches for a new one."""
    return base64.b64encode(private_key.sign(key_signing_bytes(public))).decode()


def revocation_signing_bytes(key_id: str, revoked_at: str) -> bytes:
    """The bytes by which one key says that another counts no longer."""
    return f"promptops-revoke-v1\n{key_id}\n{revoked_at}".encode()


def sign_revocation(private_key: Ed25519PrivateKey, key_id: str, revoked_at: str) -> str:
    """The base64 signature by which a trusted key revokes another."""
    signed = private_key.sign(revocation_signing_bytes(key_id, revoked_at))
    return base64.b64encode(signed).decode()


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


def is_key_text(setting: str) -> bool:
    """Whether a `trust_key` setting is a key itself, rather than a file's name."""
    return _public_bytes(setting.strip()) is not None


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
    signer = trusted.get(key.signed_by or "")
    return _holds(signer, key.signature, key_signing_bytes(key.public))


def _is_revoked_by_one_of(key: PublishedKey, trusted: Mapping[str, bytes]) -> bool:
    if key.revoked_at is None:
        return False
    signer = trusted.get(key.revoked_by or "")
    return _holds(signer, key.revocation, revocation_signing_bytes(key.key_id, key.revoked_at))


def _holds(signer: bytes | None, signature: str | None, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if signer is None or signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(
            base64.b64decode(signature, validate=True), content
        )
    except (InvalidSignature, ValueError):
        return False
    return True
