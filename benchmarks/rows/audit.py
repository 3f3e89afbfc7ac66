"""Checking an exported audit log: events a second, beside hashing and parsing the same lines and nothing else."""

from __future__ import annotations

import hashlib
import json
import time

from benchmarks.row import Row
from promptops.audit.export_file import entry_line, line
from promptops.audit.merkle import leaf_hash
from promptops.audit.personal import personal_line
from promptops.audit.verify import verify
from promptops_server.audit.model import GENESIS, AuditEvent, AuditObject, write_entry
from promptops_server.infra.actor import Actor

ANNA = Actor("0198-anna", "anna", ip="192.0.2.7", request_id="r")


def run(quick: bool) -> list[Row]:
    """One row."""
    count = 50_000 if quick else 300_000
    lines = _export(count)
    begin = time.perf_counter()
    found = verify(lines)
    ours = count / (time.perf_counter() - begin)
    assert found.ok, found.faults[:3]
    assert found.entries == count
    begin = time.perf_counter()
    for text in lines[1:-1]:
        hashlib.sha256(text).hexdigest()
        json.loads(text)
    floor = count / (time.perf_counter() - begin)
    return [
        Row(f"audit verify, {count:,} events", f"{ours:,.0f}/s", f"hash and parse {floor:,.0f}/s",
            ours / floor, "≥ 50,000/s", ours >= 50_000)
    ]  # fmt: skip


def _export(count: int) -> list[bytes]:
    head = {
        "promptops_audit_export": 1, "installation": "i", "log_id": "p", "name": "bank", "exported_at": "9",
        "size": count, "first": 1, "last": count, "start": {"prev_hash": GENESIS, "nodes": []},
        "keys": {"installation": "i", "keys": []},
    }  # fmt: skip
    lines, prev = [line(head)], GENESIS
    for seq in range(1, count + 1):
        event = AuditEvent(
            "prompt.put", AuditObject("prompt", f"bank/claims/triage-{seq}", "3", "ab" * 32), ANNA, project="bank",
            after={"version": 3, "commit": "cd" * 20}, reason="Shorter answers, as asked for in the review",
        )  # fmt: skip
        entry = write_entry(
            event, log_id="p", seq=seq, event_id=f"{seq:036}", now=seq, prev_hash=prev
        )
        beside = [(row.salt, json.dumps(row.values)) for row in entry.personal]
        prev = leaf_hash(entry.body.encode()).hex()
        lines += [personal_line(seq, beside), entry_line(prev, entry.body.encode())]
    return [*lines, line({"end": {"entries": count}})]
