"""The part of the audit log inside a pack: every event's hash, its place in the signed log, and that the log only grew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from promptops.audit.merkle import consistency_holds, inclusion_holds, leaf_hash
from promptops.evidence.offline.ed25519 import ed25519_holds
from promptops.evidence.offline.findings import Findings
from promptops.evidence.offline.keyring import strict_base64

_EVENTS, _PROOFS = "audit/events.jsonl", "audit/proofs.json"
_ENTRY, _BODY = b'{"entry_hash":"', b'","body":'


def check_audit(
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    ring: Mapping[str, bytes],
    found: Findings,
) -> list[dict[str, Any]]:
    """Check events and proofs; returns the events' bodies."""
    proofs = json.loads(files[_PROOFS])
    if proofs["checkpoint"] is None:
        found.notes.append("the audit log had no signed checkpoint: its events are not anchored")
        return [body for body, _ in _entries(files[_EVENTS], found)]
    newest = _checkpoint(proofs["checkpoint"], ring, found)
    if {k: newest[k] for k in ("log_id", "size", "root", "time")} != manifest["log"]:
        found.fault(_PROOFS, "its checkpoint is not the log position the pack was made at")
    if newest["installation"] != manifest["installation"]:
        found.fault(_PROOFS, "its checkpoint is of another installation")
    root, size = bytes.fromhex(newest["root"]), newest["size"]
    bodies = []
    for body, leaf in _entries(files[_EVENTS], found):
        bodies.append(body)
        path = [bytes.fromhex(step) for step in proofs["inclusion"].get(str(body["seq"]), ())]
        if body["log_id"] != newest["log_id"]:
            found.fault(_EVENTS, f"event {body['seq']} is of another log")
        elif not inclusion_holds(leaf, body["seq"] - 1, size, path, root):
            found.fault(_EVENTS, f"event {body['seq']} is not in the log that was signed")
    if sorted(proofs["inclusion"]) != sorted({str(body["seq"]) for body in bodies}):
        found.fault(_EVENTS, "has not the events that the proofs are for")
    earlier = proofs["earlier"]
    if earlier is not None:
        old = _checkpoint(earlier["checkpoint"], ring, found)
        steps = [bytes.fromhex(step) for step in earlier["consistency"]]
        if old["log_id"] != newest["log_id"] or not consistency_holds(
            old["size"], bytes.fromhex(old["root"]), size, root, steps
        ):
            found.fault(_PROOFS, "the log does not continue the one of its earlier checkpoint")
    found.held.append(
        f"{len(bodies)} audit events are in the log of {size} entries that was signed at {newest['time']}"
    )
    return bodies


def _checkpoint(
    value: Mapping[str, Any], ring: Mapping[str, bytes], found: Findings
) -> dict[str, Any]:
    text, key_id = value["text"], value["key_id"]
    public, signature = ring.get(key_id), strict_base64(value["signature"])
    if public is None:
        found.fault(_PROOFS, f"a checkpoint is signed by {key_id}, a key that is not trusted")
    elif signature is None or not ed25519_holds(
        public, f"promptops-audit-checkpoint-v1\n{key_id}\n{text}".encode(), signature
    ):
        found.fault(_PROOFS, "the signature of a checkpoint is wrong")
    checked: dict[str, Any] = json.loads(text)
    return checked


def _entries(content: bytes, found: Findings) -> list[tuple[dict[str, Any], bytes]]:
    """Each event with the hash computed from its bytes."""
    out: list[tuple[dict[str, Any], bytes]] = []
    beside: dict[int, list[Any]] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if line.startswith(b'{"personal":'):
            seq, *rows = json.loads(line)["personal"]
            beside[seq] = rows
            continue
        at = len(_ENTRY) + 64
        if not line.startswith(_ENTRY) or line[at : at + len(_BODY)] != _BODY or line[-1:] != b"}":
            found.fault(_EVENTS, f"line {number} is no event")
            continue
        text = line[at + len(_BODY) : -1]
        body, leaf = json.loads(text), leaf_hash(text)
        if leaf.hex().encode() != line[len(_ENTRY) : at]:
            found.fault(_EVENTS, f"event {body['seq']} is not what its hash was made of")
        for salt, values in beside.get(body["seq"], ()):
            for place, value in values.items():
                hashed = hashlib.sha256(f"{salt}\0{place}\0{value}".encode()).hexdigest()
                if body.get("personal", {}).get(place) != hashed:
                    found.fault(_EVENTS, f"event {body['seq']}: {place} is not what was recorded")
        out.append((body, leaf))
    return out
