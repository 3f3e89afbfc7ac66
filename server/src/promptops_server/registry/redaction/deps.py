"""What redaction stands on; built by `app`. And the sealed form of what is to be taken out."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict
from promptops_server.infra.sealing import SealBroken, Sealer
from promptops_server.registry.redaction.ports import (
    NoHold,
    NothingReleased,
    NothingTested,
    Released,
    Served,
    Tested,
    no_hold,
    nothing_served,
)

SEALED_FOR = "promptops redaction texts"
"""The purpose of the sealer; it never changes."""


@dataclass(frozen=True, slots=True)
class RedactionDeps:
    """Every use case here takes it."""

    db: Database
    authorise: Authorise
    sealer: Sealer
    released: Released = field(default_factory=NothingReleased)
    served: Served = nothing_served
    hold: NoHold = no_hold
    tested: Tested = field(default_factory=NothingTested)


def seal(sealer: Sealer, redaction_id: str, texts: Sequence[str]) -> tuple[bytes, str]:
    """The sealed texts, and a fingerprint that tells nothing once they are wiped: its key is sealed with them."""
    key = secrets.token_hex(32)
    told = json.dumps(list(texts), ensure_ascii=False)
    fingerprint = hmac.new(bytes.fromhex(key), told.encode(), hashlib.sha256).hexdigest()
    return sealer.seal(json.dumps([key, list(texts)]).encode(), redaction_id), fingerprint


def unseal(sealer: Sealer, redaction_id: str, sealed: bytes | None) -> list[str]:
    """The texts. Raises Conflict when they are wiped or were sealed with another secret."""
    try:
        if sealed is None:
            raise SealBroken
        texts: list[str] = json.loads(sealer.open(sealed, redaction_id))[1]
    except SealBroken:
        raise Conflict(
            "The texts of this request cannot be read any more.",
            remedy="Cancel it and request it again.",
            slug="redaction-unreadable",
        ) from None
    return texts
