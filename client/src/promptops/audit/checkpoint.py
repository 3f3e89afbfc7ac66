"""A signed checkpoint: how long a log was and what its tree's root was, at a time, in the installation's own words.

Like a release's statement it travels as one line of JSON text and is signed as those bytes, under a prefix of its own,
so that no other signature of the same key can pass for one. Which keys are trusted is `promptops.delivery.trust`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_HEX64 = re.compile(r"[0-9a-f]{64}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
VERSION = 1


class NotACheckpoint(ValueError):
    """The value is no checkpoint; the text says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed. `name` is the project's, or ``installation``; `root` is hex; `time` is RFC 3339 in UTC."""

    installation: str
    log_id: str
    name: str
    size: int
    root: str
    time: str

    def to_text(self) -> str:
        """The line to sign."""
        return json.dumps(
            {
                "v": VERSION,
                "installation": self.installation,
                "log_id": self.log_id,
                "name": self.name,
                "size": self.size,
                "root": self.root,
                "time": self.time,
            },
            separators=(",", ":"),
            ensure_ascii=False,
        )


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint's exact text with a signature (base64) and the name of its key."""

    text: str
    key_id: str
    signature: str

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The parsed text; raises NotACheckpoint."""
        try:
            value = json.loads(self.text)
            if value["v"] != VERSION:
                raise NotACheckpoint(f"its version is {value['v']!r}, not {VERSION}")
            found = Checkpoint(
                installation=value["installation"],
                log_id=value["log_id"],
                name=value["name"],
                size=value["size"],
                root=value["root"],
                time=value["time"],
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, NotACheckpoint):
                raise
            raise NotACheckpoint("its text is not the JSON of a checkpoint") from None
        texts = (found.installation, found.log_id, found.name, found.root, found.time)
        if not all(isinstance(text, str) for text in texts) or type(found.size) is not int:
            raise NotACheckpoint("a value in its text has the wrong type")
        if found.size < 0 or not _HEX64.fullmatch(found.root):
            raise NotACheckpoint("its size or root is not one")
        return found

    def to_value(self) -> dict[str, str]:
        """The JSON object, as the API, an export and the checkpoint file hold it."""
        return {"text": self.text, "key_id": self.key_id, "signature": self.signature}

    @classmethod
    def from_value(cls, value: Any) -> SignedCheckpoint:
        """Read a decoded JSON object, its text included; raises NotACheckpoint."""
        if not isinstance(value, Mapping):
            raise NotACheckpoint("it is not a JSON object")
        texts = [value.get(name) for name in ("text", "key_id", "signature")]
        if not all(isinstance(text, str) for text in texts):
            raise NotACheckpoint("it has no text, key_id and signature")
        found = cls(*map(str, texts))
        if not _KEY_ID.fullmatch(found.key_id):
            raise NotACheckpoint("its key_id is not 16 hex digits")
        _ = found.checkpoint
        return found

    def signed_by(self, public: bytes) -> bool:
        """Whether the private half of this key (32 bytes) signed it."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(
                base64.b64decode(self.signature, validate=True),
                signing_bytes(self.text, self.key_id),
            )
        except (InvalidSignature, ValueError):
            return False
        return True


def signing_bytes(text: str, key_id: str) -> bytes:
    """The bytes that a checkpoint's signature covers."""
    return f"promptops-audit-checkpoint-v1\n{key_id}\n{text}".encode()
