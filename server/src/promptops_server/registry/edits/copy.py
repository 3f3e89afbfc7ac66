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
from promptops_server.registry.edits.companions import Companion, carry, refuse_companions
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
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import PreparedBlob
from promptops_server.registry.git.write import prepare_blob
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
        Conflict: a target is taken, by a prompt or by a suite file, or there is a newer version than `parent`.
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
        message = with_trailer(words, trailer)
        commit, number_of, companions = arrive(tx, actor, here, there, draft, message)
        came = arrivals(draft, number_of)
        done = Transferred(project, to, commit, None, words, came, {}, (), {}, companions)
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
    tx: Transaction, actor: Actor, here: Project, there: Project, draft: CopyDraft, message: str
) -> tuple[str, dict[str, int], list[Companion]]:
    """Write what arrives and its suites, in one commit; gives the commit, the numbers by path and the suites' files.

    Fragments that are brought along come without their suites.

    Raises:
        Conflict, Invalid: an address or the name of a suite is taken.
    """
    landing = draft.seen[-1]
    # A module of another spelling may have come up meanwhile at an address the plan did not look at.
    refuse_targets(
        target_faults(tx.conn, there.id, [item.path for item in draft.items], landing.heads)
    )
    named = {item.source: item.path for item in draft.items if not item.fragment}
    carried = carry(tx.conn, here, there, named, leave=False)
    refuse_companions(carried.faults)
    beside = _files_there(tx.conn, here, there, carried.files)
    done = commit_edits(
        tx,
        actor,
        there,
        [
            FileEdit(
                item.path,
                draft.contents[item.path],
                extension=item.extension,
                beside={} if item.fragment else beside.get(item.source, {}),
            )
            for item in draft.items
        ],
        landing.heads,
        message=message,
        cards=draft.cards,
    )
    numbers = {path: version.number for path, version in done.versions.items()}
    return done.commit, numbers, carried.files


def _files_there(
    conn: Connection, here: Project, there: Project, companions: Sequence[Companion]
) -> dict[str, dict[str, PreparedBlob | str]]:
    """By the prompt's old path; for another project with what stands in them, which it may not have."""
    made: dict[str, PreparedBlob] = {}
    if here.id != there.id:
        blobs = read.blobs(conn, here.id, {one.blob for one in companions})
        made = {oid: prepare_blob(data) for oid, data in blobs.items()}
    files: dict[str, dict[str, PreparedBlob | str]] = {}
    for one in companions:
        if one.to is not None:
            files.setdefault(one.prompt, {})[one.to] = made.get(one.blob, one.blob)
    return files


def arrivals(draft: CopyDraft, number_of: dict[str, int]) -> list[Arrival]:
    """What arrived, in the order of the source."""
    return [
        Arrival(i.source, i.source_version, i.path, number_of[i.path], i.fragment)
        for i in draft.items
    ]


def _named(source: str, items: Sequence[Coming]) -> str:
    return source if source.endswith("/") else f"{source}@{items[0].source_version}"
