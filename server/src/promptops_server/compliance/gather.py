"""Everything a pack tells of one prompt, read in one transaction, as plain values.

Owns reading and the bounds. How it is written is `documents`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from promptops.format import FragmentError, PromptFile, parse, resolve_fragments
from promptops.format.digests import record_digest
from promptops.format.fragment import Pin
from promptops.format.record import (
    defaults_paths,
    examine,
    inherited_of,
    layers_of,
    read_defaults,
)
from promptops.format.record.check import Examined
from promptops_server.audit.tables import audit_event
from promptops_server.compliance.ports import ContinuityOf, Dossier, DossierOf
from promptops_server.compliance.subject import About, Subject
from promptops_server.infra.clock import to_text
from promptops_server.registry.finding.tables import prompt_activity
from promptops_server.registry.git import read
from promptops_server.registry.history.diff import Difference, diff_prompt
from promptops_server.registry.model import Version
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.rows import VERSION, as_version
from promptops_server.registry.tables import prompt
from promptops_server.registry.tables import version as version_table
from promptops_server.registry.versions import find_pinned, version_bytes
from promptops_server.releases.tables import artifact, environment, release, release_change

MAX_RELEASES, MAX_VERSIONS, MAX_EVENTS = 500, 500, 2_000
"""The newest so many are told of one prompt; a pack says when there are more."""

_AT_ONCE = 400
_EMERGENCY = ("emergency.ratify", "emergency.refuse", "emergency.lapse")
_ARTIFACT = select(artifact.c.text).where(
    artifact.c.project_id == bindparam("project_id"), artifact.c.digest == bindparam("digest")
)
_RELEASES = (
    select(
        environment.c.name.label("environment"),
        release.c.number,
        release.c.kind,
        release.c.acknowledged_at,
        release.c.actor_name,
        release.c.reason,
        release.c.ticket,
        release_change.c.state,
        release_change.c.version,
        release_change.c.previous,
    )
    .join(release, release.c.id == release_change.c.release_id)
    .join(environment, environment.c.id == release.c.environment_id)
    .where(
        release.c.project_id == bindparam("project_id"), release_change.c.path == bindparam("path")
    )
    .order_by(release.c.acknowledged_at.desc(), release.c.id.desc())
    .limit(MAX_RELEASES + 1)
)
_VERSIONS = (
    VERSION.where(
        prompt.c.project_id == bindparam("project_id"), prompt.c.path == bindparam("path")
    )
    .order_by(version_table.c.number.desc())
    .limit(MAX_VERSIONS + 1)
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment's file, as a prompt or another fragment names it."""

    path: str
    pin: Pin
    version: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """One prompt. `examined` is None for an invalid file; `inherited` is what its record digest was taken over."""

    about: About
    content: bytes
    extension: str
    artifact: str | None
    fragments: tuple[Fragment, ...]
    defaults: tuple[tuple[str, bytes], ...]
    inherited: Mapping[str, Any]
    file: PromptFile | None
    examined: Examined | None
    difference: Difference
    dossier: Dossier
    continuity: Mapping[str, Sequence[Mapping[str, Any]]]
    releases: tuple[dict[str, Any], ...]
    versions: tuple[dict[str, Any], ...]
    more_history: bool

    @property
    def version(self) -> Version:
        return self.about.version


def tell(
    conn: Connection,
    subject: Subject,
    about: About,
    live: LiveVersion,
    dossier_of: DossierOf,
    continuity_of: ContinuityOf,
    *,
    until: int | None,
) -> Told:
    """Read all about one prompt; of its history what was before `until` (microseconds)."""
    project, version = subject.project, about.version
    content = version_bytes(conn, project.id, version)
    parsed = parse(content)
    file, used = parsed.file, {}  # type: PromptFile | None, dict[tuple[str, Pin], Fragment]

    def load(path: str, pin: Pin) -> PromptFile:
        found = find_pinned(conn, project, path, pin)
        if found is None:
            raise FragmentError(f"{path}@{pin} does not exist in {project.name}")
        data = version_bytes(conn, project.id, found)
        used[path, pin] = Fragment(path, pin, found.number, data)
        fragment = parse(data).file
        if fragment is None:
            raise FragmentError(f"{path}@{pin} is not a valid prompt")
        return fragment

    whole = True
    resolved = file
    if file is not None:
        try:
            resolved = resolve_fragments(file, load)
        except FragmentError:
            whole = False
    defaults = _defaults(conn, project.id, version)
    layers = layers_of(
        version.path, lambda at: read_defaults(at, defaults[at]) if at in defaults else None
    )
    examined = None
    inherited: Mapping[str, Any] = {}
    if file is not None and resolved is not None:
        examined = examine(resolved, parsed.source, layers, whole=whole)
        if record_digest(file, {}) != version.record:
            inherited = inherited_of(layers)
    releases = _releases(conn, project.id, version.path, until)
    versions = _versions(conn, subject, version, until)
    previous = about.previous
    if previous == version.number or (previous is None and version.parent is None):
        start = None
    else:
        start = str(previous or version.parent)
    return Told(
        about,
        content,
        _extension(conn, version),
        _artifact(conn, project.id, about.digest),
        tuple(used[key] for key in sorted(used, key=str)),
        tuple(sorted(defaults.items())),
        inherited,
        file,
        examined,
        diff_prompt(conn, project, version.path, live, start=start, end=str(version.number)),
        dossier_of(conn, project, version),
        continuity_of(conn, project, version.path),
        releases[:MAX_RELEASES],
        versions[:MAX_VERSIONS],
        len(releases) > MAX_RELEASES or len(versions) > MAX_VERSIONS,
    )


def events_about(
    conn: Connection, subject: Subject, told: Sequence[Told], size: int | None
) -> tuple[list[int], bool]:
    """Numbers of the audit events about these prompts, their requests, releases, exceptions and emergencies, and whether
    that is all of them."""
    project = subject.project
    names: set[str] = set()
    seqs: set[int] = set()
    emergencies: set[tuple[str, str]] = set()
    for one in told:
        address = f"{project.name}/{one.version.path}"
        names.add(address)
        names |= {f"{address}@{said['version']}" for said in one.versions}
        for request in one.dossier.requests:
            names |= {f"{address}#{request.number}", f"{project.name}#{request.number}"}
        for exception in one.continuity.get("exceptions", ()):
            names.add(f"{project.name}#E{exception.get('number')}")
        for emergency in one.continuity.get("emergencies", ()):
            where = f"{project.name}@{emergency.get('environment')}"
            emergencies.add((where, f"r{emergency.get('release')}"))
        query = select(prompt_activity.c.seq).where(
            prompt_activity.c.project_id == project.id, prompt_activity.c.path == one.version.path
        )
        if size is not None:
            query = query.where(prompt_activity.c.seq <= size)
        seqs |= set(
            conn.execute(
                query.order_by(prompt_activity.c.seq.desc()).limit(MAX_EVENTS + 1)
            ).scalars()
        )
    listed = sorted(names)
    for begin in range(0, len(listed), _AT_ONCE):
        found = select(audit_event.c.seq).where(
            audit_event.c.log_id == project.id,
            audit_event.c.object_id.in_(listed[begin : begin + _AT_ONCE]),
        )
        if size is not None:
            found = found.where(audit_event.c.seq <= size)
        seqs |= set(
            conn.execute(found.order_by(audit_event.c.seq.desc()).limit(MAX_EVENTS + 1)).scalars()
        )
    seqs |= _about_emergencies(conn, project.id, emergencies, size)
    newest = sorted(seqs)[-MAX_EVENTS:]
    return newest, len(seqs) <= MAX_EVENTS


def _about_emergencies(
    conn: Connection, log_id: str, wanted: set[tuple[str, str]], size: int | None
) -> set[int]:
    """Decisions about emergencies and their end: their object is the environment, its version the release."""
    query = select(audit_event.c.seq, audit_event.c.object_id, audit_event.c.body).where(
        audit_event.c.log_id == log_id,
        audit_event.c.action.in_(_EMERGENCY),
        audit_event.c.object_id.in_(sorted({where for where, _ in wanted})),
    )
    if size is not None:
        query = query.where(audit_event.c.seq <= size)
    if not wanted:
        return set()
    rows = conn.execute(query.order_by(audit_event.c.seq.desc()).limit(MAX_EVENTS + 1))
    return {
        row.seq
        for row in rows
        if (row.object_id, json.loads(row.body)["object"].get("version")) in wanted
    }


def _artifact(conn: Connection, project_id: str, digest: str) -> str | None:
    if not digest:
        return None
    return conn.execute(_ARTIFACT, {"project_id": project_id, "digest": digest}).scalar()


def _extension(conn: Connection, version: Version) -> str:
    found = conn.execute(
        select(prompt.c.extension).where(prompt.c.id == version.prompt_id)
    ).scalar()
    return str(found or ".prompt.yml")


def _defaults(conn: Connection, project_id: str, version: Version) -> dict[str, bytes]:
    found = {}
    for path in defaults_paths(version.path):
        oid = read.file_at(conn, project_id, version.commit, path)
        if oid is not None:
            found[path] = read.blob(conn, project_id, oid)
    return found


def _releases(
    conn: Connection, project_id: str, path: str, until: int | None
) -> tuple[dict[str, Any], ...]:
    rows = conn.execute(_RELEASES, {"project_id": project_id, "path": path})
    return tuple(
        {
            "environment": row.environment,
            "release": row.number,
            "kind": row.kind,
            "at": to_text(row.acknowledged_at),
            "by": row.actor_name,
            "reason": row.reason,
            "ticket": row.ticket,
            "state": row.state,
            "version": row.version,
            "previous": row.previous,
        }
        for row in rows
        if until is None or row.acknowledged_at <= until
    )


def _versions(
    conn: Connection, subject: Subject, version: Version, until: int | None
) -> tuple[dict[str, Any], ...]:
    rows = conn.execute(_VERSIONS, {"project_id": subject.project.id, "path": version.path})
    found = (as_version(subject.project, row) for row in rows)
    kept = [v for v in found if until is None or v.created_at <= until]
    return tuple(
        {
            "version": v.number,
            "commit": v.commit,
            "behaviour": v.behaviour,
            "record": v.record,
            "author": v.author_name,
            "message": v.message,
            "created_at": to_text(v.created_at),
        }
        for v in kept
    )
