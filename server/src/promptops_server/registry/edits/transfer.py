"""What moving and copying share: from where to where, the answer's shape, and what the audit log keeps of it.

A source or target that ends with a slash is a module; the rest of each address stays as it is below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import BadRequest, Conflict, NotFound
from promptops_server.registry.edits.archive import refuse_stale
from promptops_server.registry.edits.companions import Companion
from promptops_server.registry.edits.frame import MAX_MESSAGE, Seen
from promptops_server.registry.model import LivePlace, Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.touched import note_touched
from promptops_server.registry.versions import no_prompt

LISTED = 100
"""Addresses that an audit event names, and references left behind that are read; the commit has all."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One prompt at its new address: `source` is the version it was, `version` its number there."""

    source: str
    source_version: int
    path: str
    version: int
    fragment: bool = False
    """Brought along because a prompt includes it."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A newest version that still names an old address, which keeps all its versions: nothing breaks.

    `pins` are its references; not read for more than a hundred prompts.
    """

    path: str
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transferred:
    """What a move or copy did. `commit` is in the target project, `source_commit` in the source when that is another."""

    project: str
    to_project: str
    commit: str
    source_commit: str | None
    message: str
    arrivals: Sequence[Arrival]
    repinned: Mapping[str, int]
    """Prompts that were not moved and got a version with new pins: path to number."""
    left: Sequence[LeftBehind]
    live: Mapping[str, tuple[LivePlace, ...]]
    """Where the old addresses are still live."""
    companions: Sequence[Companion] = ()
    """Suite files that went along."""


def check_places(source: str, target: str) -> None:
    """Raises BadRequest unless the one is a prompt or module and the other a place for it."""
    if not source.strip("/"):
        raise BadRequest(
            "`from` names nothing.",
            remedy="Name a prompt, or a module with a slash at its end.",
            slug="bad-path",
        )
    address_path(source.removesuffix("/"))
    if target.strip("/"):
        address_path(target.removesuffix("/"))
    if source.endswith("/"):
        if target and not target.endswith("/"):
            raise BadRequest(
                f"{source} is a module, and {target[:200]!r} is written as a prompt.",
                remedy="End the target with a slash too.",
                slug="bad-path",
            )
        if target.startswith(source) and target != source:
            raise BadRequest(f"The module {source} cannot go into itself.", slug="bad-path")


def pairs(
    conn: Connection, project: Project, source: str, target: str, parent: int | None
) -> tuple[Seen, dict[str, str]]:
    """The prompts that go, and where: old path to new path.

    Raises:
        NotFound: there is no such prompt, or nothing in the module.
        Conflict: there is a newer version than `parent` of a single prompt.
        TooLarge: a module of more prompts than an edit may have.
    """
    target = target.lstrip("/")
    if not source.endswith("/"):
        seen = Seen.of(conn, project.id, [source])
        head = seen.head(source)
        if head is None or head.archived:
            raise no_prompt(project, source)
        if parent is not None:
            refuse_stale(project, head, parent)
        last = source.rpartition("/")[2]
        return seen, {source: target + last if not target or target.endswith("/") else target}
    if parent is not None:
        raise BadRequest(
            "A module has no version.", remedy="Leave If-Match away: it is about one prompt."
        )
    seen = Seen.below(conn, project.id, source)
    if not seen.paths:
        raise NotFound(
            f"There is no prompt in {project.name}/{source}.",
            remedy="Addresses are case-sensitive; `promptops prompt list` shows them.",
        )
    return seen, {path: target + path[len(source) :] for path in sorted(seen.paths)}


def refuse_standing_still(project: Project, to: Project, pairs: Mapping[str, str]) -> None:
    """Raises Conflict when a prompt would go where it is."""
    if project.id == to.id and any(old == new for old, new in pairs.items()):
        raise Conflict("It is at this address already.", slug="address-taken")


def with_trailer(message: str, trailer: str) -> str:
    """A commit's message with where its content came from as its last paragraph."""
    return f"{message[:MAX_MESSAGE]}\n\n{trailer}"


def record_transfer(
    tx: Transaction,
    actor: Actor,
    action: str,
    project: Project,
    done: Transferred,
    source: str,
    target: str,
) -> None:
    """Write the event into the log of one of the two projects, and note which of its prompts it touched."""
    touched: dict[str, int | None] = {}
    if action == "prompt.move" and project.name == done.project:
        touched.update((a.source, None) for a in done.arrivals if not a.fragment)
    if project.name == done.to_project:
        touched.update((a.path, a.version) for a in done.arrivals)
        touched.update(done.repinned)
    event = _event(actor, action, project, done, source, target, len(touched))
    note_touched(tx.conn, project.id, record(tx, event, project_id=project.id), touched)


def _event(
    actor: Actor,
    action: str,
    project: Project,
    done: Transferred,
    source: str,
    target: str,
    touched: int,
) -> AuditEvent:
    """Names the first hundred prompts; the commit has all."""
    kind = "module" if source.endswith("/") else "prompt"
    arrived = target if kind == "module" else done.arrivals[0].path
    # What changed here: in one project a move is an event of the old address, a copy of the new one.
    ours = project.name == done.project and (
        action == "prompt.move" or done.to_project != project.name
    )
    here = source if ours else arrived
    listed = [
        {"from": f"{a.source}@{a.source_version}", "to": f"{a.path}@{a.version}"}
        for a in done.arrivals[:LISTED]
    ]
    after: dict[str, Any] = {
        "address": f"{done.to_project}/{arrived}",
        "commit": done.commit,
        "prompts": listed,
        "count": len(done.arrivals),
        "touched": touched,
    }
    if done.source_commit is not None:
        after["source_commit"] = done.source_commit
    if done.companions:
        after["companions"] = [{"from": c.file, "to": c.to} for c in done.companions[:LISTED]]
    if done.repinned:
        after["repinned"] = dict(list(done.repinned.items())[:LISTED])
    return AuditEvent(
        action=action,
        object=AuditObject(kind, f"{project.name}/{here}".rstrip("/"), version=done.commit),
        actor=actor,
        project=project.name,
        before={"address": f"{done.project}/{source}"},
        after=after,
        reason=done.message,
    )
