"""Hand out a pack: decide, fix the log position, make it, and record that it was handed out.

The export is an event of the project's log like any change, and is written before anybody has the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.audit.checkpoints import CheckpointDeps, Log, PastChanged, make_checkpoint
from promptops_server.audit.slice import checkpoint_of
from promptops_server.compliance.pack import Signing, Sources, make_pack, read_facts
from promptops_server.compliance.subject import Subject, subject_of_address, subject_of_release
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.project_lock import hold_project
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.releases import environments


@dataclass(frozen=True, slots=True)
class PackDeps:
    """Built by `app`."""

    db: Database
    authorise: Authorise
    checkpoints: CheckpointDeps
    signing: Signing
    sources: Sources


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack and the name of its file; `position` is the size of the log it was made at."""

    content: bytes
    name: str
    position: int | None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def export_prompt(
    deps: PackDeps,
    actor: Actor,
    project: str,
    path: str,
    selector: str | None,
    position: int | None,
) -> Pack:
    """The pack of what an address means, as of a log position (None: now).

    Raises:
        NotFound, BadRequest, Conflict: as for a version; there is no checkpoint of that size.
        Denied: the actor may not read evidence of it.
    """

    def find(conn: Connection, found: Project) -> Subject:
        return subject_of_address(conn, found, path, selector, deps.sources.live)

    return _export(deps, actor, Resource(project, path), find, position)


def export_release(
    deps: PackDeps, actor: Actor, project: str, environment: str, number: int, position: int | None
) -> Pack:
    """The pack of a release with all it changed.

    Raises:
        NotFound: no such environment, release or checkpoint.
        Invalid: it changed too many prompts for one pack.
        Denied: the actor may not read evidence of the project.
    """

    def find(conn: Connection, found: Project) -> Subject:
        place = environments.get(conn, found.id, environment)
        return subject_of_release(conn, found, place, number)

    return _export(deps, actor, Resource(project, environment=environment), find, position)


def _export(
    deps: PackDeps,
    actor: Actor,
    about: Resource,
    find: Callable[[Connection, Project], Subject],
    position: int | None,
) -> Pack:
    name = about.project or ""
    require_readable(deps.authorise, actor, name)
    decision = require(deps.authorise, actor, "evidence:read", about)
    with deps.db.read() as conn:
        project = get_project(conn, name)
        subject = find(conn, project)  # what is not there is told before anything is signed
    if position is None:
        # Without a new one the pack is of the last checkpoint, and shows what is wrong.
        with suppress(PastChanged, Unavailable, OSError):
            make_checkpoint(deps.checkpoints, Log(project.id, project.name))
    with deps.db.read() as conn:
        signed = checkpoint_of(conn, project.id, position)
        facts = read_facts(conn, find(conn, project), deps.sources, signed)
    content = make_pack(facts, deps.signing)
    pack = Pack(content, _file_name(subject), None if signed is None else signed.checkpoint.size)
    with deps.db.write() as tx:
        hold_project(tx.conn, project.id)
        record(
            tx,
            AuditEvent(
                "evidence.export",
                AuditObject("evidence", subject.name, subject.selector, pack.digest),
                actor,
                project=project.name,
                environment=subject.environment.name if subject.environment else None,
                after={"position": pack.position, "bytes": len(content), "sha256": pack.digest},
                rule=decision.rule,
            ),
            project_id=project.id,
        )
    return pack


def _file_name(subject: Subject) -> str:
    flat = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in subject.name)
    return f"evidence-{flat[-120:]}-{subject.selector}.zip"
