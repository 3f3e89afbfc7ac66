"""The registry's rows after the history was rewritten: versions, what lists and searches show, which fragments are used.

Numbers stay. A version whose content changed is marked for ever, and its digests are those of what it is now, so that
nothing that was bound to the old ones (an approval, a test) speaks of it any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text, update

from promptops_server.infra.database import Transaction
from promptops_server.registry import facet_rows
from promptops_server.registry.content import Card, Content, card_of, read_content, with_fragments
from promptops_server.registry.facets import Standing, content_facets, facets_of, live_of
from promptops_server.registry.fragments.write import write_uses
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import COMMIT
from promptops_server.registry.git.store import batches
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.find import Planned
from promptops_server.registry.redaction.versions import Affected
from promptops_server.registry.rows import json_list
from promptops_server.registry.search import facet_word, write_words
from promptops_server.registry.tables import facet, fragment_use, prompt, version
from promptops_server.registry.versions import find_version, fragment_loader

_CHUNK = 400
_MOVE_COMMIT = (
    update(version)
    .where(version.c.project_id == bindparam("project"), version.c.commit_oid == bindparam("b_old"))
    .values(commit_oid=bindparam("b_new"))
)
_MOVE_FILE = (
    update(version).where(version.c.id == bindparam("b_id")).values(blob_oid=bindparam("b_blob"))
)
_MARK = (
    update(version)
    .where(version.c.id == bindparam("b_id"))
    .values(
        {name: bindparam(f"b_{name}") for name in ("behaviour", "record", "valid", "problems")}
        | {"redacted_at": bindparam("b_now")}
    )
)
_SHOW = (
    update(prompt)
    .where(prompt.c.id == bindparam("b_id"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in ("valid", "name", "description", "tags", "owners", "model", "models")
        }
    )
)


def redact_prompts(
    tx: Transaction, project: Project, versions: list[Affected], planned: Planned
) -> None:
    """Bring the rows to the new history. The objects are written; the project lock is held."""
    conn = tx.conn
    ids = planned.rewrite.ids
    commits = [
        {"project": project.id, "b_old": old, "b_new": ids[old]}
        for old in planned.rewrite.of_kind(COMMIT)
    ]
    if commits:
        conn.execute(_MOVE_COMMIT, commits)
    files = [{"b_id": v.id, "b_blob": ids[v.blob]} for v in versions if v.direct]
    if files:
        conn.execute(_MOVE_FILE, files)
    if not versions:
        return
    loader = fragment_loader(conn, project)
    marks: list[dict[str, Any]] = []
    shown: dict[int, tuple[str, Content]] = {}
    for one in versions:
        content = _content(conn, project, one, planned)
        if content.pending:
            content = with_fragments(content, loader)
        marks.append(
            {
                "b_id": one.id,
                "b_behaviour": content.behaviour,
                "b_record": content.record,
                "b_valid": content.valid,
                "b_problems": json.dumps(content.problems, ensure_ascii=False),
                "b_now": tx.now,
            }
        )
        if one.newest:
            shown[one.prompt_id] = (one.path, content)
    conn.execute(_MARK, marks)
    _redact_uses(conn, project, versions, planned)
    _show(conn, project, shown)


def _content(conn: Connection, project: Project, one: Affected, planned: Planned) -> Content:
    if one.direct:
        return planned.contents[planned.rewrite.ids[one.blob]]
    return read_content(read.blob(conn, project.id, one.blob), stored_as=one.blob)


def _redact_uses(
    conn: Connection, project: Project, versions: list[Affected], planned: Planned
) -> None:
    """References stand in files that changed: they are written anew where a file has or had one."""
    own = [one for one in versions if one.direct]
    using: set[tuple[int, int]] = set()
    for some in batches(sorted({one.prompt_id for one in own}), _CHUNK):
        rows = conn.execute(
            select(fragment_use.c.prompt_id, fragment_use.c.number).where(
                fragment_use.c.prompt_id.in_(some)
            )
        )
        using.update((row.prompt_id, row.number) for row in rows)
    for one in own:
        content = planned.contents[planned.rewrite.ids[one.blob]]
        had = (one.prompt_id, one.number) in using
        if had:
            conn.execute(
                delete(fragment_use).where(
                    fragment_use.c.prompt_id == one.prompt_id, fragment_use.c.number == one.number
                )
            )
        if had or content.includes:
            made = find_version(conn, project, one.path, one.number)
            if made is not None:
                write_uses(conn, project.id, [made], {made.blob: content})


def _show(conn: Connection, project: Project, shown: Mapping[int, tuple[str, Content]]) -> None:
    cards = {row: card_of(path, content) for row, (path, content) in shown.items()}
    rows: list[dict[str, Any]] = []
    changes: list[facet_rows.Change] = []
    for some in batches(sorted(cards), _CHUNK):
        for row in conn.execute(select(prompt).where(prompt.c.id.in_(some))):
            card, live = cards[row.id], live_of(row.live)
            archived = row.archived_at is not None
            before = Standing(
                row.valid,
                json_list(row.tags),
                json_list(row.owners),
                json_list(row.models),
                row.latest,
                live,
            )
            after = Standing(card.valid, card.tags, card.owners, card.models, row.latest, live)
            changes.append(
                facet_rows.Change(
                    row.id,
                    row.path,
                    facet_rows.keys(facets_of(before), archived),
                    facet_rows.keys(facets_of(after), archived),
                )
            )
            rows.append(_row(row.id, card))
    if not rows:
        return
    conn.execute(_SHOW, rows)
    facet_rows.write_facets(conn, project.id, changes)
    # A tag, owner or model that no prompt has any more would stay in the dictionary.
    conn.execute(delete(facet).where(facet.c.project_id == project.id, facet.c.prompts == 0))
    words = {
        row: card.words.with_facets(
            facet_word(project.id, *found)
            for found in content_facets(
                Standing(card.valid, card.tags, card.owners, card.models, 0, {})
            )
        )
        for row, card in cards.items()
    }
    write_words(conn, project.id, {}, words)
    if conn.dialect.name == "sqlite":
        # FTS5 only notes that a word is gone; merging its segments takes it out.
        conn.execute(text("INSERT INTO prompt_search(prompt_search) VALUES ('optimize')"))


def _row(prompt_id: int, card: Card) -> dict[str, Any]:
    return {
        "b_id": prompt_id,
        "b_valid": card.valid,
        "b_name": card.name,
        "b_description": card.description,
        "b_tags": json.dumps(card.tags, ensure_ascii=False),
        "b_owners": json.dumps(card.owners, ensure_ascii=False),
        "b_model": card.model,
        "b_models": json.dumps(card.models, ensure_ascii=False),
    }
