"""Which keys may have signed a pack: those it lists, or those that a chain of signatures joins to the key given."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from promptops.evidence.offline.ed25519 import ed25519_holds
from promptops.evidence.offline.findings import Findings

_FINGERPRINT = re.compile(r"(?:sha256:)?([0-9a-f]{16,64})")


def trusted_keys(document: bytes, given: list[str], found: Findings) -> dict[str, bytes]:
    """Public keys by their ids.

    Args:
        document: the installation's list of keys.
        given: public keys (base64 or hex) or fingerprints (hex of SHA-256, at least 16 digits); empty for any listed.
    """
    listed: dict[str, dict[str, Any]] = {}
    try:
        for key in json.loads(document)["keys"]:
            public = strict_base64(key["public"])
            if key["algorithm"] != "ed25519":
                continue
            if public is None or key["key_id"] != hashlib.sha256(public).hexdigest()[:16]:
                found.fault("keys.json", f"the key {key['key_id']} does not belong to its id")
                continue
            listed[key["key_id"]] = {**key, "bytes": public}
    except (ValueError, KeyError, TypeError, AttributeError):
        found.fault("keys.json", "is not a list of keys")
        return {}
    if not given:
        return {key_id: key["bytes"] for key_id, key in listed.items()}
    ring = {
        i: k["bytes"] for i, k in listed.items() if any(is_the_key(k["bytes"], g) for g in given)
    }
    while True:
        joined = {
            key_id: key["bytes"]
            for key_id, key in listed.items()
            if key_id not in ring and _vouched(key, ring)
        }
        if not joined:
            break
        ring.update(joined)
    if not ring:
        found.fault("keys.json", "the key you gave is not among the keys of this pack")
    return ring


def is_the_key(public: bytes, given: str) -> bool:
    """Whether what a person gave (a key, or a fingerprint) means this public key."""
    text = given.strip()
    match = _FINGERPRINT.fullmatch(text.lower())
    if match:
        return hashlib.sha256(public).hexdigest().startswith(match[1]) or public.hex() == match[1]
    return strict_base64(text) == public


def is_a_key(text: str) -> bool:
    """Whether a text has the form of a key or a fingerprint."""
    key = strict_base64(text.strip())
    return bool(_FINGERPRINT.fullmatch(text.strip().lower())) or (
        key is not None and len(key) == 32
    )


def strict_base64(text: Any) -> bytes | None:
    """The bytes of base64 text; None for any other spelling of them than the usual one."""
    if not isinstance(text, str):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _vouched(key: dict[str, Any], ring: dict[str, bytes]) -> bool:
    signer, signature = ring.get(key.get("signed_by") or ""), strict_base64(key.get("signature"))
    if signer is None or signature is None:
        return False
    text = f"promptops-key-v1\n{key['key_id']}\n{key['public']}".encode()
    return ed25519_holds(signer, text, signature)
