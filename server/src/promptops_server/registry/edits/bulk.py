"""Edit many prompts at once: tags, owners, model, module, archive, restore, as one commit.

Everything that cannot be done is told, prompt by prompt; by default nothing is written then. Reading and editing the
files happen before the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

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
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.edits.bulk_plan import (
    BulkDraft,
    Edited,
    Result,
    Selection,
    judge_targets,
    plan_bulk,
)
from promptops_server.registry.edits.frame import (
    MAX_MESSAGE,
    Edit,
    Keep,
    check_message,
    commit_edits,
    refuse_too_many,
)
from promptops_server.registry.edits.operations import (
    Archive,
    MoveTo,
    Operation,
)
from promptops_server.registry.errors import RefusedPrompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.projects import require_readable
from promptops_server.registry.touched import note_touched

_LISTED = 100


@dataclass(frozen=True, slots=True)
class BulkEdited:
    """The whole answer, by path. `commit` is None when nothing was written."""

    commit: str | None
    message: str
    items: Sequence[Edited]

    def count(self, result: Result) -> int:
        """How many prompts had this result."""
        return sum(item.result == result for item in self.items)


def bulk_edit(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    live: LiveVersion,
    project: str,
    selection: Selection,
    operations: Sequence[Operation],
    *,
    message: str | None = None,
    skip_refused: bool = False,
    dry_run: bool = False,
    keep: Keep[BulkEdited] | None = None,
) -> BulkEdited:
    """Do the operations, in their order, to every selected prompt.

    Args:
        skip_refused: edit the others when something cannot be done to some.
        dry_run: only say what would happen, with the difference of each file; refused prompts are no error then.

    Raises:
        NotFound: no such project, or not readable.
        Denied: the actor may not write here, or not archive.
        BadRequest: nothing is selected or to be done, or a path, module or the message breaks a rule.
        RefusedPrompts: something cannot be done; `errors` names every prompt and reason.
        TooLarge: more prompts than an edit may have.
    """
    require_readable(authorise, actor, project)
    place = Resource(project)
    require_somewhere(authorise, actor, "prompt:write", place)
    if any(isinstance(operation, Archive | MoveTo) for operation in operations):
        require_somewhere(authorise, actor, "prompt:archive", place)
    _check(selection, operations)
    said = check_message(message)

    def plan(conn: Connection, projects: tuple[Project, ...]) -> BulkDraft:
        draft = plan_bulk(conn, projects[0], selection, operations, live, dry_run=dry_run)
        edits = [edit for some in draft.edits.values() for edit in some]
        gone = [edit.path for edit in edits if edit.content is None]
        if gone:
            require_paths(authorise, actor, "prompt:archive", place, gone)
        written = [*draft.edits, *(edit.path for edit in edits)]
        require_paths(authorise, actor, "prompt:write", place, written)
        return draft

    def words(draft: BulkDraft) -> str:
        changed = [item for item in draft.items if item.result == "changed"]
        many = "prompt" if len(changed) == 1 else "prompts"
        done = ", ".join(dict.fromkeys(name_of(operation) for operation in operations))
        return said or f"Edit {len(changed)} {many}: {done}"[:MAX_MESSAGE]

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: BulkDraft) -> BulkEdited:
        (found,) = projects
        judge_targets(tx.conn, found, draft)
        refused = [item for item in draft.items if item.result == "refused"]
        if refused and not skip_refused:
            raise _refusal(refused, len(draft.items))
        commit = None
        if draft.edits:
            edits = [edit for some in draft.edits.values() for edit in some]
            heads = draft.seen[0].heads
            commit = commit_edits(
                tx, actor, found, edits, heads, message=words(draft), cards=draft.cards_there()
            ).commit
        done = BulkEdited(commit, words(draft), draft.items)
        if commit is not None:
            seq = record(tx, _event(actor, found, operations, done), project_id=found.id)
            note_touched(tx.conn, found.id, seq, _touched(done))
        return done

    edit = Edit(plan, apply)
    if dry_run:
        draft = edit.preview(db, project)
        return BulkEdited(None, words(draft), draft.items)
    return edit.run(db, project, keep=keep)


def name_of(operation: Operation) -> str:
    """`add_tags`, as requests say it."""
    name = type(operation).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _touched(done: BulkEdited) -> dict[str, int | None]:
    """Path to newest version of what was changed, None where a prompt left."""
    touched: dict[str, int | None] = {}
    for item in done.items:
        if item.result == "changed":
            touched[item.path] = None
            touched[item.to] = None if item.archived else item.version
    return touched


def _check(selection: Selection, operations: Sequence[Operation]) -> None:
    if not operations:
        raise BadRequest("There is no operation.", remedy="Say what to do to the prompts.")
    filters = replace(selection.wanted, q=selection.wanted.q.strip()) != Wanted()
    if selection.prompts is None and not filters and not selection.everything:
        raise BadRequest(
            "Nothing is selected.",
            remedy="Name prompts or filters; for the whole project say so (all).",
        )
    if selection.prompts is not None and (filters or selection.everything):
        raise BadRequest("Name prompts or filters, not both.")
    refuse_too_many(len(selection.prompts or ()))
    for operation in operations:
        if isinstance(operation, MoveTo) and operation.module:
            address_path(operation.module)


def _refusal(refused: Sequence[Edited], of: int) -> RefusedPrompts:
    errors = [
        {"path": item.path, "message": item.reason, "problems": [dict(p) for p in item.problems]}
        for item in refused
    ]
    return RefusedPrompts(
        f"{len(refused)} of {of} prompts cannot be edited. Nothing was changed.",
        remedy="Correct or leave out these prompts, or skip what is refused to edit the others.",
        errors=errors,
    )


def _event(
    actor: Actor, project: Project, operations: Sequence[Operation], done: BulkEdited
) -> AuditEvent:
    changed = [item for item in done.items if item.result == "changed"]
    files = [{"from": c.file, "to": c.to} for i in changed[:_LISTED] for c in i.companions][
        :_LISTED
    ]
    results: tuple[Result, ...] = ("changed", "unchanged", "refused")
    return AuditEvent(
        action="prompt.bulk_edit",
        object=AuditObject("project", project.name, version=done.commit),
        actor=actor,
        project=project.name,
        before={"prompts": [item.path for item in changed[:_LISTED]]},
        after={
            "commit": done.commit,
            "operations": [{"op": name_of(o), **asdict(o)} for o in operations],
            "prompts": [
                {"path": i.to, "version": i.version, "archived": i.archived}
                for i in changed[:_LISTED]
            ],
            **({"companions": files} if files else {}),
            "touched": len(_touched(done)),
            **{result: done.count(result) for result in results},
        },
        reason=done.message,
    )
