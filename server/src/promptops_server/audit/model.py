"""The event and its hash. Fields follow the audit-event schema of the compliance reference, section 5."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text

INSTALLATION_LOG = "installation"
SCHEMA = "promptops.audit/1"
GENESIS = "0" * 64
"""`prev_hash` of the first entry of a log."""

Outcome = Literal["ok", "denied", "failed"]


@dataclass(frozen=True, slots=True)
class AuditObject:
    """What was acted upon. `id` is an address or name a person can read; `version` and `hash` when it has them."""

    type: str
    id: str
    version: str | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What a use case reports; the log adds its own id, sequence, times and hashes."""

    action: str
    """``object.verb``: ``prompt.put``, ``release.publish``, ``token.create``."""
    object: AuditObject
    actor: Actor
    outcome: Outcome = "ok"
    project: str | None = None
    environment: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None
    ticket: str | None = None
    rule: str | None = None
    """The access rule that decided."""


def entry_body(
    event: AuditEvent, *, log_id: str, seq: int, event_id: str, now: int, prev_hash: str
) -> str:
    """The entry as canonical JSON text (sorted keys, no white space); exactly these bytes are hashed."""
    actor = event.actor
    body = {
        "schema": SCHEMA,
        "log_id": log_id,
        "seq": seq,
        "event_id": event_id,
        "occurred_at": to_text(now),
        "recorded_at": to_text(now),
        "actor": {
            "type": actor.kind,
            "subject": actor.subject,
            "name": actor.name,
            "roles": sorted(actor.roles),
            "auth_method": actor.auth_method,
            "session": actor.session,
            "ip": actor.ip,
            "on_behalf_of": None,
        },
        "action": event.action,
        "outcome": event.outcome,
        "object": {
            "type": event.object.type,
            "id": event.object.id,
            "version": event.object.version,
            "hash": event.object.hash,
        },
        "project": event.project,
        "environment": event.environment,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "ticket": event.ticket,
        "rule": event.rule,
        "request_id": actor.request_id,
        "prev_hash": prev_hash,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(body: str) -> str:
    """Hex SHA-256 of the entry as a Merkle-tree leaf (RFC 9162, section 2.1.1: a zero byte before the data)."""
    return hashlib.sha256(b"\x00" + body.encode()).hexdigest()
