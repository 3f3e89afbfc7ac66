"""Make a pack: read everything at one log position, write the files, hash and sign them.

The same release at the same log position gives the same bytes: no file holds the time of the export, names are sorted,
and the report is dated by the log position. Owns that order; each part is written elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from promptops.audit.checkpoint import SignedCheckpoint
from promptops.evidence.bundle import verify_program
from promptops.evidence.offline.container import write_zip
from promptops.evidence.offline.whole import PACK_VERSION
from promptops_server import __version__
from promptops_server.audit.checkpoints import installation_id
from promptops_server.audit.slice import Slice, slice_of
from promptops_server.compliance.documents import folder_of, json_bytes, prompt_files
from promptops_server.compliance.gather import Told, events_about, tell
from promptops_server.compliance.ports import ContinuityOf, DossierOf, no_continuity, no_dossier
from promptops_server.compliance.readme import readme
from promptops_server.compliance.report import render_report
from promptops_server.compliance.report_data import report_data
from promptops_server.compliance.subject import Subject
from promptops_server.infra import clock
from promptops_server.infra.problems import Conflict
from promptops_server.registry.ports import LiveVersion
from promptops_server.releases.ports import Sign


@dataclass(frozen=True, slots=True)
class Signing:
    """`statement` signs as releases are signed; `manifest` signs a manifest's bytes; `keys` is the published list."""

    statement: Sign
    manifest: Callable[[bytes], tuple[str, str]]
    keys: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where facts come from that other packages hold."""

    live: LiveVersion
    dossier_of: DossierOf = no_dossier
    continuity_of: ContinuityOf = no_continuity


@dataclass(frozen=True, slots=True)
class Facts:
    """All that goes into a pack, read from the database. `position` is None while the log has no checkpoint."""

    installation: str
    subject: Subject
    told: tuple[Told, ...]
    audit: Slice
    audit_complete: bool
    position: SignedCheckpoint | None


def read_facts(
    conn: Connection, subject: Subject, sources: Sources, position: SignedCheckpoint | None
) -> Facts:
    """Read everything in the caller's transaction.

    Raises:
        Conflict: entries of the audit log are missing.
    """
    size = None if position is None else position.checkpoint.size
    until = None if position is None else clock.from_text(position.checkpoint.time)
    told = tuple(
        tell(
            conn,
            subject,
            about,
            sources.live,
            sources.dossier_of,
            sources.continuity_of,
            until=until,
        )
        for about in subject.prompts
    )
    seqs, complete = events_about(conn, subject, told, size)
    try:
        events = slice_of(conn, subject.project.id, seqs, position)
    except LookupError:
        raise Conflict(
            f"Entries of the audit log {subject.project.name} are missing; it proves nothing any more.",
            remedy="Export it and run `promptops audit verify` with the checkpoint file.",
            slug="audit-past-changed",
        ) from None
    return Facts(installation_id(conn), subject, told, events, complete, position)


def make_pack(facts: Facts, signing: Signing) -> bytes:
    """The zip. Needs no database.

    Raises:
        Unavailable: no signing key is loaded.
    """
    subject = facts.subject
    keys = signing.keys()
    release = release_json(subject, signing.statement)
    files: dict[str, bytes] = {
        "keys.json": json_bytes(json.loads(keys)),
        "release.json": json_bytes(release),
        "verify.py": verify_program(),
        "audit/events.jsonl": facts.audit.lines,
        "audit/proofs.json": json_bytes(_proofs(facts)),
    }
    prompts = []
    for number, told in enumerate(facts.told, 1):
        folder = folder_of(number, told.version.path)
        prompts.append({"folder": folder, "address": told.version.address})
        for name, content in prompt_files(told).items():
            files[f"{folder}/{name}"] = content
    key_id = signing.manifest(b"")[0]
    position = _position(facts)
    files["README.txt"] = readme(
        title=subject.title,
        product=__version__,
        installation=facts.installation,
        position=position["time"] or "a log without a checkpoint",
        key_id=key_id,
    )
    files["report.pdf"] = render_report(
        report_data(facts, files, release, key_id), created_at=_created_at(facts)
    )
    manifest = json_bytes(
        {
            "evidence_pack": PACK_VERSION,
            "product": __version__,
            "installation": facts.installation,
            "subject": _subject(subject, prompts),
            "log": position,
            "audit_complete": facts.audit_complete,
            "files": {
                name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
                for name, content in files.items()
            },
        }
    )
    signed_by, signature = signing.manifest(manifest)
    files["manifest.json"] = manifest
    files["signature.json"] = json_bytes({"key_id": signed_by, "signature": signature})
    return write_zip(files)


def release_json(subject: Subject, sign: Sign) -> dict[str, Any]:
    """The release with its signed statement; without one, `header` is null."""
    made, row = subject.release, subject.statement
    if made is None or row is None or subject.environment is None:
        return {"header": None, "statement_hash": None}
    # Signed anew as of its own time: the stored signature is renewed every hour while it is the newest release.
    as_of = clock.to_text(row.acknowledged_at)
    key_id, signature = sign(row.statement, as_of)
    return {
        "header": {
            "statement": row.statement,
            "as_of": as_of,
            "key_id": key_id,
            "signature": signature,
        },
        "statement_hash": row.statement_hash,
        "environment": subject.environment.name,
        "approval_required": subject.environment.approval_required,
        "release": made.number,
        "kind": made.kind,
        "commit": made.commit,
        "acknowledged_at": clock.to_text(made.acknowledged_at),
        "actor": made.actor,
        "reason": made.reason,
        "ticket": made.ticket,
        "changed": made.changed,
        "prompts": [
            {"path": c.path, "state": c.state, "version": c.version, "previous": c.previous}
            for c in made.prompts
        ],
    }


def _subject(subject: Subject, prompts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "title": subject.title,
        "project": subject.project.name,
        "environment": subject.environment.name if subject.environment else None,
        "release": subject.release.number if subject.release else None,
        "prompts": list(prompts),
    }


def _position(facts: Facts) -> dict[str, Any]:
    if facts.position is None:
        return {"log_id": facts.subject.project.id, "size": None, "root": None, "time": None}
    at = facts.position.checkpoint
    return {"log_id": at.log_id, "size": at.size, "root": at.root, "time": at.time}


def _created_at(facts: Facts) -> int:
    """When the report says it was made: the time of the log position, in seconds since 1970."""
    if facts.position is not None:
        return clock.from_text(facts.position.checkpoint.time) // 1_000_000
    return max(told.version.created_at for told in facts.told) // 1_000_000


def _proofs(facts: Facts) -> dict[str, Any]:
    earlier = facts.audit.earlier
    return {
        "checkpoint": None if facts.position is None else facts.position.to_value(),
        "inclusion": {str(seq): path for seq, path in facts.audit.inclusion.items()},
        "earlier": None
        if earlier is None
        else {"checkpoint": earlier[0].to_value(), "consistency": earlier[1]},
    }
