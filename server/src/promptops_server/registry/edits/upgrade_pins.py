"""Upgrade pins: many prompts come to include another version of a fragment, in one commit.

Only the characters of the pins change. A fragment that includes the fragment gets a new version by that; with
`transitive` whoever pins its newest version follows in the same commit. A prompt that would not be valid afterwards is
named, and nothing is written, unless it may be skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import (
    Authorise,
    Resource,
    require_paths,
    require_somewhere,
)
from promptops_server.infra.database import Database, Transaction
from promptops_server.registry.edits.frame import (
    Edit,
    FileEdit,
    Keep,
    check_message,
    commit_edits,
)
from promptops_server.registry.edits.pin_plan import (
    Result,
    Upgrade,
    UpgradeDraft,
    Wish,
    plan_upgrade,
)
from promptops_server.registry.errors import RefusedPrompts
from promptops_server.registry.model import Project, Version
from promptops_server.registry.projects import require_readable
from promptops_server.registry.touched import note_touched

_LISTED = 100


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The whole answer, by path. `commit` is None when nothing changed (or nothing was to be written)."""

    commit: str | None
    message: str
    fragment: str
    to: Version
    items: Sequence[Upgrade]

    def count(self, result: Result) -> int:
        """How many prompts had this result."""
        return sum(item.result == result for item in self.items)


def upgrade_pins(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    wish: Wish,
    *,
    message: str | None = None,
    dry_run: bool = False,
    keep: Keep[Upgraded] | None = None,
) -> Upgraded:
    """Move pins of a fragment in the newest versions that include it.

    Args:
        dry_run: only say what would happen, with the difference of each file; refused prompts are no error then.

    Raises:
        NotFound: no such project (or not readable), fragment or version.
        Denied: the actor may not write here.
        BadRequest: `to`, a path or the message breaks a rule.
        Invalid: the version is not valid.
        RefusedPrompts: prompts would not be valid afterwards; `errors` names all of them.
        TooLarge: more prompts than an edit may have.
    """
    require_readable(authorise, actor, project)
    require_somewhere(authorise, actor, "prompt:write", Resource(project))
    said = check_message(message)

    def plan(conn: Connection, projects: tuple[Project, ...]) -> UpgradeDraft:
        draft = plan_upgrade(conn, projects[0], wish)
        require_paths(authorise, actor, "prompt:write", Resource(project), draft.contents)
        return draft

    def words(draft: UpgradeDraft) -> str:
        return said or f"Use {wish.fragment}@{draft.to.number}"

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: UpgradeDraft) -> Upgraded:
        (found,) = projects
        refused = [item for item in draft.items if item.result == "refused"]
        if refused and not wish.skip_refused:
            raise _refusal(refused, draft.to)
        commit = None
        if draft.contents:
            edits = [FileEdit(path, content) for path, content in draft.contents.items()]
            commit = commit_edits(
                tx,
                actor,
                found,
                edits,
                draft.seen[0].heads,
                message=words(draft),
                cards=draft.cards,
            ).commit
        done = Upgraded(commit, words(draft), wish.fragment, draft.to, draft.items)
        if commit is not None:
            seq = record(tx, _event(actor, found, done), project_id=found.id)
            changed = {i.path: i.version for i in done.items if i.result == "changed"}
            note_touched(tx.conn, found.id, seq, changed)
        return done

    edit = Edit(plan, apply)
    if dry_run:
        draft = edit.preview(db, project)
        return Upgraded(None, words(draft), wish.fragment, draft.to, draft.items)
    return edit.run(db, project, keep=keep)


def _refusal(refused: Sequence[Upgrade], to: Version) -> RefusedPrompts:
    errors = [
        dict(error)
        for item in refused
        for error in (item.problems or ({"path": item.path, "message": item.reason},))
    ]
    many = "prompts" if len(refused) > 1 else "prompt"
    return RefusedPrompts(
        f"{len(refused)} {many} would not be valid with {to.path}@{to.number}. Nothing was changed.",
        remedy="Correct them first, or skip what is refused to leave them as they are.",
        errors=errors,
    )


def _event(actor: Actor, project: Project, done: Upgraded) -> AuditEvent:
    changed = [item for item in done.items if item.result == "changed"]
    return AuditEvent(
        action="fragment.upgrade",
        object=AuditObject(
            "prompt",
            f"{project.name}/{done.fragment}",
            version=str(done.to.number),
            hash=done.to.behaviour,
        ),
        actor=actor,
        project=project.name,
        before={"pins": sorted({old for item in changed for old, _ in item.pins})[:_LISTED]},
        after={
            "commit": done.commit,
            "prompts": {item.path: item.version for item in changed[:_LISTED]},
            "count": len(changed),
            "refused": done.count("refused"),
        },
        reason=done.message,
    )
