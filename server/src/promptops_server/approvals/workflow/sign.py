"""Electronic signatures of decisions: what is signed, by whom, with which meaning (21 CFR 11.50, 11.70, 11.200).

The payload's hash covers the content's digests and the decision, so that a signature cannot be moved to another one.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from promptops_server.access.signing import Components
from promptops_server.approvals.workflow.model import MEANINGS, Binding
from promptops_server.approvals.workflow.ports import CheckSigner
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction


def payload_hash(
    *,
    project: str,
    path: str,
    request: int,
    binding: Binding,
    verdict: str,
    accepted: frozenset[str],
    conditions: str,
    report_hash: str | None,
    reason: str,
) -> str:
    """Hex SHA-256 over the canonical JSON (RFC 8785) of what is signed."""
    payload: dict[str, Any] = {
        "project": project,
        "path": path,
        "request": request,
        "behaviour": binding.behaviour,
        "record": binding.record,
        "tier": binding.tier,
        "verdict": verdict,
        "accepted": sorted(accepted),
        "conditions": conditions,
        "report_hash": report_hash,
        "reason": reason,
        "meaning": meaning_of(verdict),
    }
    return hashlib.sha256(rfc8785.dumps(payload)).hexdigest()


def meaning_of(verdict: str) -> str:
    """The word that stands beside a signature."""
    return MEANINGS.get(verdict, verdict.replace("_", " "))


def signature_of(
    tx: Transaction,
    check: CheckSigner,
    actor: Actor,
    given: Components,
    *,
    verdict: str,
    hashed: str,
) -> dict[str, Any]:
    """The signature as it is kept and shown.

    Raises:
        Denied: the person is not there with the components asked for.
    """
    signer = check(tx, actor, given)
    return {
        "meaning": meaning_of(verdict),
        "name": signer.printed_name,
        "signed_at": to_text(tx.now),
        "payload_hash": hashed,
        "components": list(signer.components),
    }
