"""Move a prompt or a module: within a project one commit, between projects one commit in each, in one transaction.

Numbers belong to addresses: the new address starts at version 1 (or continues, if it is archived) and says where it came
from; the old one is archived and keeps its versions. So no pin breaks and what is live stays live; references of newest
versions can be rewritten to the new address in the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format.fragment import FragmentRef, Pin
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import (
    Authorise,
    Resource,
    require_paths,
    require_somewhere,
)
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.content import Card, Content, card_of
from promptops_server.registry.edits.arriving import (
    Coming,
    coming,
    renamed,
    repinned,
    resolve_coming,
)
from promptops_server.registry.edits.companions import Carried, carry, refuse_companions, removal
from promptops_server.registry.edits.copy import CopyDraft, arrivals, arrive, plan_copy
from promptops_server.registry.edits.frame import (
    MAX_MESSAGE,
    Edit,
    FileEdit,
    Keep,
    Seen,
    check_message,
    commit_edits,
    refuse_too_many,
)
from promptops_server.registry.edits.places import refuse_targets, stored_contents, target_faults
from promptops_server.registry.edits.transfer import (
    LISTED,
    Arrival,
    LeftBehind,
    Transferred,
    check_places,
    pairs,
    record_transfer,
    refuse_standing_still,
    with_trailer,
)
from promptops_server.registry.fragments.uses import references, users_of
from promptops_server.registry.model import Project
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.projects import require_readable
from promptops_server.registry.versions import find_pinned, fragment_loader


@dataclass(frozen=True, slots=True)
class _Draft:
    seen: tuple[Seen, ...]
    moved: Sequence[Coming]
    users: Sequence[Coming]
    """Prompts that stay where they are and get new pins."""
    left: Sequence[LeftBehind]
    contents: dict[str, Content]
    cards: dict[str, Card]


def move_prompts(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    live: LiveVersion,
    project: str,
    source: str,
    target: str,
    *,
    to_project: str | None = None,
    parent: int | None = None,
    update_pins: bool = False,
    with_fragments: bool = False,
    message: str | None = None,
    keep: Keep[Transferred] | None = None,
) -> Transferred:
    """Move a prompt, or all prompts of a module (`source` ends with a slash).

    Args:
        target: the new address; ending with a slash, the module it goes into.
        to_project: None for the same project.
        parent: the newest version of the one prompt, as the caller saw it; None does not ask.
        update_pins: rewrite references to the moved content in the newest versions that include it.
        with_fragments: for another project: bring along what is included and missing there.

    Raises:
        as `copy.copy_prompts`; Denied also when the actor may not archive in the source.
    """
    to = to_project or project
    require_readable(authorise, actor, project)
    require_readable(authorise, actor, to)
    check_places(source, target)
    require_somewhere(authorise, actor, "prompt:archive", Resource(project))
    require_somewhere(authorise, actor, "prompt:write", Resource(to))
    said = check_message(message) or f"Move {source} to {target or '/'}"[:MAX_MESSAGE]
    if to != project:
        if update_pins:
            raise BadRequest(
                "Pins name prompts of their own project: they cannot follow into another one.",
                remedy="Leave update_pins away; the old address keeps its versions.",
            )
        return _between(
            db,
            actor,
            authorise,
            live,
            project,
            to,
            source,
            target,
            parent,
            with_fragments,
            said,
            keep,
        )

    def plan(conn: Connection, projects: tuple[Project, ...]) -> _Draft:
        draft = _plan(conn, projects[0], source, target, parent, update_pins)
        olds = [item.source for item in draft.moved]
        require_paths(authorise, actor, "prompt:archive", Resource(project), olds)
        news = [item.path for item in (*draft.moved, *draft.users)]
        require_paths(authorise, actor, "prompt:write", Resource(project), news)
        return draft

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: _Draft) -> Transferred:
        (found,) = projects
        seen = draft.seen[0]
        refuse_targets(target_faults(tx.conn, found.id, [i.path for i in draft.moved], seen.heads))
        where = {item.source: item.path for item in draft.moved}
        carried = carry(tx.conn, found, found, where, leave=True)
        refuse_companions(carried.faults)
        beside = carried.by_prompt()
        edits = [removal(item.source, beside.get(item.source, ())) for item in draft.moved]
        edits += [
            FileEdit(
                i.path,
                draft.contents[i.path],
                moved_from=i.source,
                extension=i.extension,
                beside={c.to: c.blob for c in beside.get(i.source, ()) if c.to is not None},
            )
            for i in draft.moved
        ]
        edits += [FileEdit(item.path, draft.contents[item.path]) for item in draft.users]
        made = commit_edits(tx, actor, found, edits, seen.heads, message=said, cards=draft.cards)
        done = Transferred(
            project,
            project,
            made.commit,
            None,
            said,
            [
                Arrival(i.source, i.source_version, i.path, made.versions[i.path].number)
                for i in draft.moved
            ],
            {item.path: made.versions[item.path].number for item in draft.users},
            draft.left,
            live.where(tx.conn, found.id, [item.source for item in draft.moved]),
            carried.files,
        )
        record_transfer(tx, actor, "prompt.move", found, done, source, target)
        return done

    return Edit(plan, apply).run(db, project, keep=keep)


def _plan(
    conn: Connection,
    project: Project,
    source: str,
    target: str,
    parent: int | None,
    update_pins: bool,
) -> _Draft:
    from_, where = pairs(conn, project, source, target, parent)
    refuse_standing_still(project, project, where)
    using = users_of(conn, project.id, list(where))
    staying = [path for path in using if path not in where]
    seen = Seen.of(conn, project.id, [*where, *where.values(), *(staying if update_pins else ())])
    refuse_targets(target_faults(conn, project.id, where.values(), seen.heads))
    moved = coming(conn, where, from_, seen)
    stored = stored_contents(conn, project, from_.heads.values())
    contents = {item.path: stored[item.blob] for item in moved}
    users: list[Coming] = []
    left: list[LeftBehind] = []
    if update_pins and using:
        refuse_too_many(len(where) + len(staying))
        by_old = {item.source: item for item in moved}
        candidates = coming(conn, {path: path for path in staying}, seen, seen)
        texts = stored_contents(conn, project, (h for p in staying if (h := seen.head(p))))
        contents.update((item.path, texts[item.blob]) for item in candidates)
        for item in [*moved, *candidates]:
            content = contents[item.path]
            choose, old = _new_names(conn, project, content, by_old)
            if old:
                left.append(LeftBehind(item.path, old))
            if choose:
                contents[item.path] = repinned(content, choose)
            if choose and item.source not in where:
                users.append(item)
            elif item.source not in where:
                del contents[item.path]
        contents = resolve_coming([*moved, *users], contents, fragment_loader(conn, project))
    else:
        left = left_behind(conn, project, using, where)
    cards = {path: card_of(path, content) for path, content in contents.items()}
    return _Draft((seen, from_), moved, users, left, contents, cards)


def _new_names(
    conn: Connection, project: Project, content: Content, moved: dict[str, Coming]
) -> tuple[dict[FragmentRef, tuple[str, Pin]], tuple[str, ...]]:
    """The references that get a new name, and those to earlier versions, which only the old address has."""
    choose: dict[FragmentRef, tuple[str, Pin]] = {}
    old: list[str] = []
    for reference in content.includes:
        item = moved.get(reference.path)
        if item is None:
            continue
        found = find_pinned(conn, project, reference.path, reference.pin)
        if found is not None and (
            found.blob == item.blob
            or (found.behaviour is not None and found.behaviour == item.behaviour)
        ):
            choose[reference] = renamed(reference, (item.path, item.number))
        else:
            old.append(str(reference))
    return choose, tuple(dict.fromkeys(old))


def left_behind(
    conn: Connection, project: Project, using: Sequence[str], where: Mapping[str, str]
) -> list[LeftBehind]:
    """Prompts whose newest version still names one of these addresses, by the path they have afterwards."""
    pins: dict[str, list[str]] = {path: [] for path in using}
    for row in references(conn, project, using[:LISTED], dict.fromkeys(where)):
        if row.number == row.latest:
            pins[row.path].append(f"{row.fragment}@{row.pin}")
    return [LeftBehind(where.get(path) or path, tuple(named)) for path, named in pins.items()]


def _between(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    live: LiveVersion,
    project: str,
    to: str,
    source: str,
    target: str,
    parent: int | None,
    with_fragments: bool,
    said: str,
    keep: Keep[Transferred] | None,
) -> Transferred:
    """Copy there, archive here: both commits or none."""

    def plan(conn: Connection, projects: tuple[Project, ...]) -> CopyDraft:
        draft = plan_copy(conn, projects, source, target, parent, with_fragments=with_fragments)
        olds = [item.source for item in draft.items if not item.fragment]
        require_paths(authorise, actor, "prompt:archive", Resource(project), olds)
        news = [item.path for item in draft.items]
        require_paths(authorise, actor, "prompt:write", Resource(to), news)
        return draft

    def apply(tx: Transaction, projects: tuple[Project, ...], draft: CopyDraft) -> Transferred:
        here, there = projects
        gone = [item for item in draft.items if not item.fragment]
        olds = [item.source for item in gone]
        named = source if source.endswith("/") else f"{source}@{gone[0].source_version}"
        message = with_trailer(said, f"Moved-from: {project}/{named}")
        commit, numbers, companions = arrive(tx, actor, here, there, draft, message)
        beside = Carried(companions).by_prompt()
        left = commit_edits(
            tx,
            actor,
            here,
            [removal(old, beside.get(old, ())) for old in olds],
            draft.seen[0].heads,
            message=with_trailer(said, f"Moved-to: {to}/{target}"),
        )
        done = Transferred(
            project,
            to,
            commit,
            left.commit,
            said,
            arrivals(draft, numbers),
            {},
            left_behind(tx.conn, here, users_of(tx.conn, here.id, olds), dict.fromkeys(olds, "")),
            live.where(tx.conn, here.id, olds),
            companions,
        )
        for one in projects:
            record_transfer(tx, actor, "prompt.move", one, done, source, target)
        return done

    return Edit(plan, apply).run(db, project, to, keep=keep)
