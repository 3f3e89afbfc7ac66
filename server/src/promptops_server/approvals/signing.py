"""Electronic signatures of decisions: what is signed, by whom, with which meaning (21 CFR 11.50, 11.70, 11.200).

The payload's hash covers the content's digests and the decision, so that a signature cannot be moved to another one.
Who may sign, and with which components, is checked by `access.signing`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.access.signing import Components, Signer
from promptops_server.infra.actor import Actor
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction

MEANINGS: Mapping[str, str] = {
    "review": "review",
    "validate": "validation",
    "approve": "approval",
    "ratify": "ratification",
}
"""What a signature under each decision means (21 CFR 11.50(a)(3))."""


class CheckSigner(Protocol):
    """Checks that the actor in person is there to sign; answered by `access.signing`."""

    def __call__(self, tx: Transaction, actor: Actor, components: Components, /) -> Signer:
        """Raises Denied when a component is missing or wrong, or this actor cannot sign at all."""
        ...


class SignatureIn(BaseModel):
    """What signs: the password of the account, a one-time code. Asked at tier high and for sector gxp."""

    model_config = ConfigDict(extra="forbid")
    password: Line | None = Field(default=None, max_length=1000)
    code: Line | None = Field(default=None, max_length=100)


def components_of(given: SignatureIn | None) -> Components:
    """The components in a request; none where it has no signature."""
    return Components() if given is None else Components(given.password, given.code)


def offered(given: Components) -> bool:
    """Whether somebody means to sign."""
    return bool(given.password or given.code)


def meaning_of(verdict: str) -> str:
    """The word that stands beside a signature."""
    return MEANINGS.get(verdict, verdict.replace("_", " "))


def payload_hash(payload: Mapping[str, Any]) -> str:
    """Hex SHA-256 over the canonical JSON (RFC 8785) of what is signed."""
    return hashlib.sha256(rfc8785.dumps(dict(payload))).hexdigest()


def sign(
    tx: Transaction,
    check: CheckSigner,
    actor: Actor,
    given: Components,
    *,
    verdict: str,
    payload: Mapping[str, Any],
) -> dict[str, Any]:
    """The signature as it is kept and shown; meaning, printed name and time are part of what is hashed.

    Raises:
        Denied: the person is not there with the components asked for.
    """
    signer = check(tx, actor, given)
    shown = {
        "meaning": meaning_of(verdict),
        "name": signer.printed_name,
        "signed_at": to_text(tx.now),
    }
    hashed = payload_hash({**payload, **shown})
    return {**shown, "payload_hash": hashed, "components": list(signer.components)}


def audited(signature: Mapping[str, Any] | None) -> dict[str, str] | None:
    """A signature as an audit event carries it: texts; the printed name is set apart there as personal data."""
    if signature is None:
        return None
    return {**signature, "components": ",".join(signature["components"])}


def as_text(signature: Mapping[str, Any] | None) -> str | None:
    """A signature as a row keeps it."""
    return None if signature is None else json.dumps(signature)
