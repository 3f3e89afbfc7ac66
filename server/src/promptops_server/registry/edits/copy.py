"""Copy a prompt or a module, within its project or into another one: one commit in the target.

Within a project pins stay as they are. Into another project the fragments a prompt includes must be there already, with
the same text, or are brought along; pins are rewritten to the numbers they have there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import (
    Authorise,
    Resource,
    require_paths,
    require_somewhere,
)
from promptops_server.infra.database import Database, Transaction
from promptops_server.registry.content import Card, Content, card_of
from promptops_server.registry.edits.arriving import Coming, bring, coming
from promptops_server.registry.edits.frame import (
    Edit,
    FileEdit,
    Keep,
    Seen,
    check_message,
    commit_edits,
)
from promptops_server.registry.edits.places import refuse_targets, stored_contents, target_faults
from promptops_server.registry.edits.transfer import (
    Arrival,
    Transferred,
    check_places,
    pairs,
    record_transfer,
    refuse_standing_still,
    with_trailer,
)
from promptops_server.registry.model import Project
from promptops_server.registry.projects import require_readable


@dataclass(frozen=True, slots=True)
class CopyDraft:
    """What will arrive: each with its content and card, by new path."""

    seen: tuple[Seen, ...]
    items: Sequence[Coming]
    contents: dict[str, Content]
    cards: dict[str, Card]


def copy_prompts(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    source: str,
    target: str,
    *,
    to_project: str | None = None,
    parent: int | None = None,
    with_fragments: bool = False,
    message: str | None = None,
    keep: Keep[Transferred] | None = None,
) -> Transferred:
    """Copy the newest content of a prompt, or of all prompts of a module (`source` ends with a slash).

    Args:
        target: the new address; ending with a slash, the module it goes into.
        to_project: None for the same project.
        parent: the newest version of the one prompt, as the caller saw it; None does not ask.
        with_fragments: bring along what is included and missing in the other project.

    Raises:
        NotFound: a project is not there or not readable, or there is nothing at `source`.
        Denied: the actor may not write in the target.
        BadRequest: a path or the message breaks a rule.
        Conflict: a target is taken, or there is a newer version than `parent`.
        Invalid: a target differs only by case from another address, or fragments are missing there.
        TooLarge: more prompts than an edit may have.
    """
    to = to_project or project
    require_readable(authorise, actor, project)
    require_readable(authorise, actor, to)
    check_places(source, target)
    require_somewhere(authorise, actor, "prompt:write", Resource(to))
    said = check_message(message)

    def plan(conn: Connection, projects: tuple[Project, ...]) -> CopyDraft:
        draft = plan_copy(conn, projects, source, target, parent, with_fragments=with_fragments)
        news = [item.path for item in draft.items]
        require_paths(authorise, actor, "prompt:write", Resource(to), news)
        return draft

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: CopyDraft) -> Transferred:
        here, there = projects[0], projects[-1]
        words = said or f"Copy {source} to {target or '/'}"
        trailer = f"Copied-from: {project}/{_named(source, draft.items)}"
        commit, number_of = arrive(tx, actor, there, draft, with_trailer(words, trailer))
        done = Transferred(project, to, commit, None, words, arrivals(draft, number_of), {}, (), {})
        for one in {here.id: here, there.id: there}.values():
            record_transfer(tx, actor, "prompt.copy", one, done, source, target)
        return done

    names = (project,) if to == project else (project, to)
    return Edit(plan, apply).run(db, *names, keep=keep)


def plan_copy(
    conn: Connection,
    projects: tuple[Project, ...],
    source: str,
    target: str,
    parent: int | None,
    *,
    with_fragments: bool,
) -> CopyDraft:
    """What arrives where; raises as `copy_prompts`."""
    here, there = projects[0], projects[-1]
    seen, where = pairs(conn, here, source, target, parent)
    refuse_standing_still(here, there, where)
    landing = Seen.of(conn, there.id, where.values())
    refuse_targets(target_faults(conn, there.id, where.values(), landing.heads))
    items = coming(conn, where, seen, landing)
    if here.id == there.id:
        stored = stored_contents(conn, here, (seen.heads[key] for key in seen.heads))
        contents = {item.path: stored[item.blob] for item in items}
    else:
        items, contents = bring(conn, here, there, items, with_fragments=with_fragments)
        brought = [item.path for item in items if item.fragment]
        if brought:
            landing = Seen.of(conn, there.id, [*where.values(), *brought])
            refuse_targets(target_faults(conn, there.id, [i.path for i in items], landing.heads))
    cards = {path: card_of(path, content) for path, content in contents.items()}
    return CopyDraft((seen, landing), items, contents, cards)


def arrive(
    tx: Transaction, actor: Actor, there: Project, draft: CopyDraft, message: str
) -> tuple[str, dict[str, int]]:
    """Write what arrives, in one commit; gives the commit and the numbers by path. Raises Conflict, Invalid."""
    landing = draft.seen[-1]
    # A module of another spelling may have come up meanwhile at an address the plan did not look at.
    refuse_targets(
        target_faults(tx.conn, there.id, [item.path for item in draft.items], landing.heads)
    )
    done = commit_edits(
        tx,
        actor,
        there,
        [
            FileEdit(item.path, draft.contents[item.path], extension=item.extension)
            for item in draft.items
        ],
        landing.heads,
        message=message,
        cards=draft.cards,
    )
    return done.commit, {path: version.number for path, version in done.versions.items()}


def arrivals(draft: CopyDraft, number_of: dict[str, int]) -> list[Arrival]:
    """What arrived, in the order of the source."""
    return [
        Arrival(i.source, i.source_version, i.path, number_of[i.path], i.fragment)
        for i in draft.items
    ]


def _named(source: str, items: Sequence[Coming]) -> str:
    return source if source.endswith("/") else f"{source}@{items[0].source_version}"
