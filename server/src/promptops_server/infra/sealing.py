"""Sealing small secrets for the database: what is at rest can only be read with the installation's secret key.

AES-256-GCM under a key derived from the secret for one purpose, bound to a context (the row it belongs to), so that a
sealed value cannot be moved to another row and read there. Owns the form of sealed bytes; what is sealed, and what to
say when it cannot be opened, belongs to the capabilities.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SECRET_MINIMUM = 16
"""Bytes; shorter secrets are refused."""

_VERSION = b"\x01"
_NONCE = 12


class SealBroken(Exception):
    """The bytes were sealed with another secret, for another purpose or context, or were changed."""


class Sealer:
    """Seals and opens for one purpose.

    Args:
        secret: the installation's secret key, at least 16 bytes, from the setting or the data folder.
        purpose: what is sealed; another purpose has another key. It must never change for stored bytes.

    Raises:
        ValueError: the secret is too short.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        if len(secret) < SECRET_MINIMUM:
            raise ValueError(f"the secret key has {len(secret)} bytes; at least {SECRET_MINIMUM}")
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret))

    def seal(self, data: bytes, context: str) -> bytes:
        """The sealed form of `data`, which opens only with the same `context`."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed. Raises SealBroken."""
        start = 1 + _NONCE
        if sealed[:1] != _VERSION:
            raise SealBroken
        try:
            return self._cipher.decrypt(sealed[1:start], sealed[start:], context.encode())
        except (InvalidTag, ValueError):
            raise SealBroken from None
