"""A prompt's part of a pack as files: what `gather` read, written down for people and for the verifier.

Owns names and shapes of these files; `docs/evidence.md` describes them. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from promptops.evidence.documented import documented_members
from promptops.format.record.shown import record_json
from promptops.lint import check
from promptops_server.compliance.gather import Told
from promptops_server.compliance.ports import RequestView
from promptops_server.infra.clock import to_text

NO_TESTS = "none recorded"


def json_bytes(value: Any) -> bytes:
    """A value as a file: sorted, a line for each member, the same bytes for the same value."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def folder_of(number: int, path: str) -> str:
    """Where a prompt's files lie: its place in the pack, and as much of its path as a name holds."""
    return f"prompts/{number:02}-{re.sub(r'[^A-Za-z0-9._]+', '-', path)[-60:].strip('-.')}"


def prompt_files(told: Told) -> dict[str, bytes]:
    """The files of one prompt, by name inside its folder."""
    version = told.version
    files = {
        f"prompt{told.extension}": told.content,
        "version.json": json_bytes(version_json(told)),
        "record.json": json_bytes(_record(told)),
        "defaults.json": json_bytes(
            [{"path": path, "text": _text(data)} for path, data in told.defaults]
        ),
        "fragments.json": json_bytes(
            [
                {"path": f.path, "pin": f.pin, "version": f.version, "text": _text(f.content)}
                for f in told.fragments
            ]
        ),
        "difference.diff": told.difference.text.encode("utf-8", "backslashreplace"),
        "difference.json": json_bytes(_difference(told)),
        "lint.json": json_bytes(lint_json(told)),
        "tests.json": json_bytes({"recorded": False, "note": NO_TESTS, "results": []}),
        "approvals.json": json_bytes(approvals_json(told)),
        "continuity.json": json_bytes(continuity_json(told)),
        "history.json": json_bytes(
            {
                "releases": told.releases,
                "versions": told.versions,
                "complete": not told.more_history,
            }
        ),
    }
    if told.artifact is not None:
        files["artifact.json"] = told.artifact.encode()
    if told.file is not None and version.record:
        files["documented.json"] = json_bytes(documented_members(told.file, told.inherited))
    return files


def version_json(told: Told) -> dict[str, Any]:
    """The version as a pack names it."""
    version = told.version
    return {
        "address": version.address,
        "project": version.project,
        "path": version.path,
        "version": version.number,
        "commit": version.commit,
        "blob": version.blob,
        "file": f"prompt{told.extension}",
        "behaviour": version.behaviour,
        "record": version.record,
        "record_inherited": dict(told.inherited),
        "valid": version.valid,
        "author": version.author_name,
        "author_line": version.author_text,
        "message": version.message,
        "created_at": to_text(version.created_at),
        "state": told.about.state,
        "previous": told.about.previous,
        "artifact": told.about.digest or None,
    }


def approvals_json(told: Told) -> dict[str, Any]:
    """Every request with its decisions, signatures and comments."""
    return {"requests": [_request(request) for request in told.dossier.requests]}


def continuity_json(told: Told) -> dict[str, Any]:
    """Exceptions, emergencies and certifications; empty lists where there are none."""
    kinds: Mapping[str, Sequence[Mapping[str, Any]]] = {
        "exceptions": (),
        "emergencies": (),
        "certifications": (),
        **told.continuity,
    }
    return {kind: [dict(item) for item in items] for kind, items in kinds.items()}


def lint_json(told: Told) -> dict[str, Any]:
    """What the checks that need no server find in the file now."""
    found = check(told.content, f"{told.version.path}{told.extension}")
    return {"findings": [f.to_dict() for f in found.findings], "suppressed": found.suppressed}


def _request(request: RequestView) -> dict[str, Any]:
    return {
        "number": request.number,
        "state": request.state,
        "tier": request.tier,
        "behaviour": request.behaviour,
        "record": request.record,
        "message": request.message,
        "opened_by": request.opened_by,
        "opened_at": to_text(request.opened_at),
        "approved_at": None if request.approved_at is None else to_text(request.approved_at),
        "decisions": [
            {
                "verdict": d.verdict,
                "role": d.role,
                "name": d.name,
                "identity": d.identity,
                "at": to_text(d.at),
                "reason": d.reason,
                "accepted": list(d.accepted),
                "conditions": d.conditions,
                "report_hash": d.report_hash,
                "behaviour": d.behaviour,
                "record": d.record,
                "tier": d.tier,
                "signature": None if d.signature is None else dict(d.signature),
            }
            for d in request.decisions
        ],
        "comments": [
            {
                "by": c.by,
                "at": to_text(c.at),
                "line": c.line,
                "body": c.body,
                "resolved": c.resolved,
            }
            for c in request.comments
        ],
    }


def _record(told: Told) -> dict[str, Any]:
    if told.examined is None:
        return {"valid": False, "record": {}, "values": [], "findings": [], "complete": False}
    return {"valid": True, **record_json(told.examined)}


def _difference(told: Told) -> dict[str, Any]:
    found = told.difference
    return {
        "from": None if found.before is None else found.before.address,
        "to": found.after.address,
        "behaviour_changed": found.behaviour_changed,
        "record_changed": found.record_changed,
        "comparison": None if found.comparison is None else found.comparison.to_json(),
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
