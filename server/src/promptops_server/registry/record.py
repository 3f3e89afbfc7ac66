"""Writing what a numbering decided: version rows, the addresses' newest state, facets, search words, and which
fragments a version includes.

Called inside the project lock, after the commit is written and before the audit event. Bulk and single edits take the
same way, as batches of prepared statements. There is no outbox row: no job follows from a new version
(a mirror is pushed because a ref moved, see `git.mirrored`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from promptops.format.names import fold
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.tables import installation
from promptops_server.registry import facet_rows, rows
from promptops_server.registry.content import Card, Content, card_of
from promptops_server.registry.facets import (
    Facet,
    Standing,
    content_facets,
    facets_of,
    live_of,
)
from promptops_server.registry.fragments.write import write_uses
from promptops_server.registry.git.write import Ident
from promptops_server.registry.model import Project, Version
from promptops_server.registry.rows import Head, json_list
from promptops_server.registry.search import Words, facet_word, write_words
from promptops_server.registry.steps import AddressState, Numbered, Numbering

_INSTALLATION = select(installation.c.id)
# Per database opened. The id is written once, before anything else, and never changes.
_installations: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Said:
    """What a commit says: its author line (``Name <email>``), message and time (seconds since 1970).

    A commit made here says the transaction's time; that is what None stands for.
    """

    author_text: str
    message: str
    commit_time: int | None = None


def author_of(conn: Connection, actor: Actor) -> Ident:
    """The pseudonymous author of a commit made here, resolved to a person by SQL alone."""
    server = _installations.get(conn.engine)
    if server is None:
        server = conn.execute(_INSTALLATION).scalar()
        if server is not None:
            _installations[conn.engine] = server
    return Ident(actor.subject, f"{actor.subject}@{server or 'promptops'}")


def states_of(heads: Iterable[Head]) -> dict[str, AddressState]:
    """The addresses as the numbering rule sees them."""
    return {
        head.path: AddressState(head.latest, {} if head.archived else {head.extension: head.blob})
        for head in heads
    }


def record_steps(
    tx: Transaction,
    actor: Actor,
    project: Project,
    numbering: Numbering,
    *,
    heads: Mapping[str, Head],
    contents: Mapping[str, Content],
    said: Mapping[str, Said],
    cards: Mapping[str, Card] | None = None,
    records: Mapping[tuple[str, str], str] | None = None,
) -> list[Version]:
    """Write every version of a numbering and what follows from it; returns them in order.

    Args:
        heads: the touched addresses that existed before, by folded path.
        contents: what was read, by blob id, fragments resolved; every version's blob is in it.
        said: author line and message by commit.
        cards: of addresses by path, where made before the lock; the others are made here.
        records: the `record` digest by commit and path, where defaults apply (`records.inherited`).
    """
    newest: dict[str, Numbered] = {v.path: v for v in numbering.versions}
    fresh: dict[str, dict[str, Any]] = {}
    changed: list[dict[str, Any]] = []
    archived: list[int] = []
    shown: dict[str, Card] = {}
    for path, state in numbering.addresses.items():
        head = heads.get(fold(path))
        made = newest.get(path)
        if made is None:
            if head is not None:
                _note_file(head, state, changed, archived, tx.conn)
            continue
        content = contents[made.blob]
        card = (cards or {}).get(path) or card_of(path, content)
        shown[path] = card
        row = _prompt_row(state, head, made, content, card, tx.now)
        if head is None:
            fresh[path] = {
                **row,
                "project_id": project.id,
                "path": path,
                "path_fold": fold(path),
                "live": "{}",
                "created_at": tx.now,
            }
        else:
            changed.append({**row, "b_id": head.id})
    ids = {h.path: h.id for h in heads.values()}
    ids.update(rows.insert_prompts(tx.conn, list(fresh.values())))
    rows.update_prompts(tx.conn, changed)
    rows.archive_prompts(tx.conn, archived, tx.now)
    versions = [
        _version(project, actor, numbered, ids, contents, said, numbering, records or {}, tx.now)
        for numbered in numbering.versions
    ]
    rows.insert_versions(tx.conn, [_version_row(project, v) for v in versions])
    write_uses(tx.conn, project.id, versions, contents)
    found = {p: content_facets(_standing(card, 0, {})) for p, card in shown.items()}
    facet_rows.write_facets(tx.conn, project.id, list(_facet_changes(numbering, heads, shown, ids)))
    words = {p: _words(project, card, found[p]) for p, card in shown.items()}
    write_words(
        tx.conn,
        project.id,
        {ids[p]: w for p, w in words.items() if p in fresh},
        {ids[p]: w for p, w in words.items() if p not in fresh},
    )
    return versions


def _prompt_row(
    state: AddressState, head: Head | None, made: Numbered, content: Content, card: Card, now: int
) -> dict[str, Any]:
    extension = state.extension or (head.extension if head else ".prompt.yml")
    return {
        "extension": extension,
        "latest": made.number,
        "valid": content.valid,
        "name": card.name,
        "description": card.description,
        "tags": _json(card.tags),
        "owners": _json(card.owners),
        "model": card.model,
        "models": _json(card.models),
        "archived_at": None if state.files else now,
        "updated_at": now,
    }


def _note_file(
    head: Head,
    state: AddressState,
    changed: list[dict[str, Any]],
    archived: list[int],
    conn: Connection,
) -> None:
    """An address without a new version: its file is gone, or only its extension changed."""
    extension = state.extension
    if extension is None:
        if not head.archived:
            archived.append(head.id)
    elif extension != head.extension:
        rows.set_extension(conn, head.id, extension)


def _version(
    project: Project,
    actor: Actor,
    numbered: Numbered,
    ids: Mapping[str, int],
    contents: Mapping[str, Content],
    said: Mapping[str, Said],
    numbering: Numbering,
    records: Mapping[tuple[str, str], str],
    now: int,
) -> Version:
    content = contents[numbered.blob]
    words = said[numbered.commit]
    state = numbering.addresses[numbered.path]
    return Version(
        prompt_id=ids[numbered.path],
        project=project.name,
        path=numbered.path,
        number=numbered.number,
        commit=numbered.commit,
        blob=numbered.blob,
        behaviour=content.behaviour,
        record=records.get((numbered.commit, numbered.path), content.record),
        valid=content.valid,
        problems=content.problems,
        author=actor.subject,
        author_name=actor.name,
        author_text=words.author_text[:400],
        message=words.message,
        moved_from=numbered.moved_from,
        created_at=now,
        committed_at=now // 1_000_000 if words.commit_time is None else words.commit_time,
        archived=not state.files,
        latest=state.latest,
    )


def _version_row(project: Project, version: Version) -> dict[str, Any]:
    return {
        "project_id": project.id,
        "prompt_id": version.prompt_id,
        "number": version.number,
        "commit_oid": version.commit,
        "blob_oid": version.blob,
        "behaviour": version.behaviour,
        "record": version.record,
        "valid": version.valid,
        "problems": json.dumps(version.problems, ensure_ascii=False) if version.problems else "[]",
        "author": version.author,
        "author_text": version.author_text,
        "message": version.message,
        "moved_from": version.moved_from,
        "created_at": version.created_at,
    }


def _json(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else "[]"


def _words(project: Project, card: Card, found: Iterable[Facet]) -> Words:
    return card.words.with_facets(facet_word(project.id, *facet) for facet in found)


def _facet_changes(
    numbering: Numbering,
    heads: Mapping[str, Head],
    shown: Mapping[str, Card],
    ids: Mapping[str, int],
) -> Iterable[facet_rows.Change]:
    for path, state in numbering.addresses.items():
        head = heads.get(fold(path))
        card = shown.get(path)
        if head is None and card is None:
            continue
        before: frozenset[facet_rows.Key] = frozenset()
        stood = None
        if head is not None:
            stood = _stood(head)
            before = facet_rows.keys(facets_of(stood), head.archived)
        if card is not None:
            stood = _standing(card, state.latest, stood.live if stood else {})
        assert stood is not None
        after = facet_rows.keys(facets_of(stood), not state.files)
        yield facet_rows.Change(ids[path], path, before, after)


def _stood(head: Head) -> Standing:
    return Standing(
        head.valid,
        json_list(head.tags),
        json_list(head.owners),
        json_list(head.models),
        head.latest,
        live_of(head.live),
    )


def _standing(card: Card, latest: int, live: Mapping[str, int]) -> Standing:
    return Standing(card.valid, card.tags, card.owners, card.models, latest, live)
