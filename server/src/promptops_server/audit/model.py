"""The event and its hash. Fields follow the audit-event schema of the compliance reference, section 5."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from promptops_server.audit.personal import PersonalRow, by_name, seal
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import to_text

INSTALLATION_LOG = "installation"
SCHEMA = "promptops.audit/2"
"""The first had personal data in the event itself; such entries stay as they are."""
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
    person: str | None = None
    """Row id of the person that the object is; the `id`, a name, is then personal data."""


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
    tier: str | None = None
    """The risk tier of what was acted upon."""
    policy_version: str | None = None
    """Which version of the policies decided."""
    signature: dict[str, str] | None = None
    """An electronic signature: ``meaning``, ``name``, ``signed_at``, ``payload_hash``; texts without exception."""
    on_behalf_of: str | None = None
    """Row id of the person for whom the actor acted."""


_OF_THE_OBJECT = frozenset({"display_name", "email", "phone", "ip"})
_NAMES = frozenset({"user", "owner", "person"})
"""Members of `before` and `after` that are personal data of the object, and those that are a person's name."""

_PERSONAL = _OF_THE_OBJECT | _NAMES


@dataclass(slots=True)
class _Apart:
    """An event's `before`, `after` and `signature` without personal data, and that by person and place."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    signature: dict[str, Any] | None
    values: dict[str, dict[str, str]]

    def sealed(self) -> tuple[dict[str, str], tuple[PersonalRow, ...]]:
        """Hashes by place, and the rows to keep beside the event."""
        rows = tuple(seal(whose, values) for whose, values in self.values.items() if values)
        return {place: h for row in rows for place, h in row.hashes.items()}, rows


def split(event: AuditEvent) -> _Apart:
    """Take names, addresses and the like out of an event; pure."""
    actor, about = event.actor, event.object
    values: dict[str, dict[str, str]] = {}
    if actor.kind != "system":
        mine = values[actor.subject] = {"actor.name": actor.name}
        if actor.ip:
            mine["actor.ip"] = actor.ip
        if event.outcome == "denied" and event.reason and actor.name in event.reason:
            mine["reason"] = event.reason  # our own sentence, which begins with the name
    if about.person or about.type == "user":
        whose = about.person or by_name(about.id)
        values.setdefault(whose, {})["object.id"] = about.id
    else:
        whose = actor.subject
    signature: dict[str, Any] | None = event.signature
    if signature is not None:
        if not all(isinstance(value, str) for value in signature.values()):
            raise TypeError("a signature's members are texts")
        if signature.get("name"):
            values.setdefault(actor.subject, {})["signature.name"] = signature["name"]
            signature = {**signature, "name": None}
    return _Apart(
        _without("before", event.before, whose, values),
        _without("after", event.after, whose, values),
        signature,
        values,
    )


def _without(
    part: str, given: dict[str, Any] | None, whose: str, values: dict[str, dict[str, str]]
) -> dict[str, Any] | None:
    if not given or _PERSONAL.isdisjoint(given):
        return given
    left = dict(given)
    for key, value in given.items():
        if not isinstance(value, str) or not value:
            continue
        if key in _OF_THE_OBJECT:
            values.setdefault(whose, {})[f"{part}.{key}"] = value
            left[key] = None
        elif key in _NAMES:
            values.setdefault(by_name(value), {})[f"{part}.{key}"] = value
            left[key] = None
    return left


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it is written: the text that is hashed, and what lies beside it."""

    body: str
    personal: tuple[PersonalRow, ...]


def write_entry(
    event: AuditEvent,
    *,
    log_id: str,
    seq: int,
    event_id: str,
    now: int,
    prev_hash: str,
    policy_version: str | None = None,
) -> Entry:
    """The entry as canonical JSON text (sorted keys, no white space); exactly these bytes are hashed.

    `policy_version` is what the process decided by, where the event names nothing else.
    """
    actor, about, at = event.actor, event.object, to_text(now)
    apart = split(event)
    hashes, rows = apart.sealed()
    body = {
        "schema": SCHEMA,
        "log_id": log_id,
        "seq": seq,
        "event_id": event_id,
        "occurred_at": at,
        "recorded_at": at,
        "actor": {
            "type": actor.kind,
            "subject": actor.subject,
            "name": actor.name if actor.kind == "system" else None,
            "roles": sorted(actor.roles),
            "auth_method": actor.auth_method,
            "session": actor.session,
            "ip": None,
            "on_behalf_of": event.on_behalf_of,
        },
        "action": event.action,
        "outcome": event.outcome,
        "object": {
            "type": about.type,
            "id": None if "object.id" in hashes else about.id,
            "version": about.version,
            "hash": about.hash,
        },
        "personal": hashes,
        "project": event.project,
        "environment": event.environment,
        "tier": event.tier,
        "before": apart.before,
        "after": apart.after,
        "reason": None if "reason" in hashes else event.reason,
        "ticket": event.ticket,
        "rule": event.rule,
        "policy_version": event.policy_version or policy_version,
        "signature": apart.signature,
        "request_id": actor.request_id,
        "prev_hash": prev_hash,
    }
    return Entry(orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode(), rows)


def entry_hash(body: str) -> str:
    """Hex SHA-256 of the entry as a Merkle-tree leaf (RFC 9162, section 2.1.1: a zero byte before the data)."""
    return hashlib.sha256(b"\x00" + body.encode()).hexdigest()
