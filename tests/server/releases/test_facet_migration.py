"""A database from before facets: the migration gives its prompts what the code would have kept, on both databases."""

from __future__ import annotations

from alembic import command
from release_world import AUTHOR, World
from sqlalchemy import Connection, text

from promptops_server.access.policy import authorise
from promptops_server.app import migrate
from promptops_server.infra.database import Database
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted

TAGGED = """\
tags: [B, ä, " c "]
owners: [Zoë@bank.example]
messages:
  - role: user
    content: Dear customer
"""


def test_facets_of_prompts_from_before_are_what_the_code_would_have_kept(
    any_database: Database,
) -> None:
    world = World(any_database)
    for n, model in enumerate(("openai/o3-mini", "meta/llama-3.3-70b", "gpt", "mistral/pixtral")):
        world.put(f"m/p{n}", "x", model=model)
    import_prompts(
        any_database,
        AUTHOR,
        authorise,
        world.project.name,
        [("tagged", TAGGED), ("broken", "messages: ["), ("gone", TAGGED)],
        allow_invalid=True,
    )
    world.publish("m/p0", "tagged")
    world.publish("m/p1")
    world.put("m/p0", "y")
    world.suspend("m/p1")
    world.archive("gone")
    kept = facets_of(any_database)
    assert len(kept) > 20
    with any_database.engine.begin() as conn:
        command.downgrade(migrate.alembic_config(conn), "0001")
    with any_database.write() as tx:
        forget_facet_words(tx.conn)
    assert migrate.upgrade(any_database)[-1:] == migrate.revisions()[-1:]
    assert facets_of(any_database) == kept
    with any_database.read() as conn:
        for wanted in (
            Wanted(q="dear", tags=("b",)),
            Wanted(q="example"),
            Wanted(state="published", model="gpt"),
            Wanted(environment="staging", tags=("ä",)),
        ):
            found = list_prompts(conn, world.project, wanted, limit=9)
            assert [p.path for p in found.items] == (["tagged"] if wanted.model == "" else [])
    world.put("m/p0", "z")  # new rows get ids after the migrated ones


def facets_of(db: Database) -> list[tuple[object, ...]]:
    """Every facet row with its prompt, and every counter."""
    with db.read() as conn:
        rows = conn.execute(
            text(
                "SELECT prompt.path, prompt.live, prompt.models, facet.archived, facet.kind,"
                " facet.value, facet.prompts FROM prompt_facet"
                " JOIN prompt ON prompt.id = prompt_facet.prompt_id"
                " JOIN facet ON facet.id = prompt_facet.facet_id"
            )
        )
        return sorted((row[0], row[1], row[2], bool(row[3]), *row[4:]) for row in rows)


def forget_facet_words(conn: Connection) -> None:
    """Make the index of words what it was before facets were words in it."""
    if conn.dialect.name != "sqlite":
        conn.execute(
            text(
                "UPDATE prompt_search SET words = ts_delete(words, ARRAY(SELECT w FROM"
                r" unnest(tsvector_to_array(words)) AS w WHERE w LIKE '\_\_%' AND length(w) = 18"
                " OR w IN ('zoe', 'bank', 'example')))"
            )
        )
        return
    for row in conn.execute(text("SELECT rowid, words FROM prompt_search")).all():
        old = {"zoe", "bank", "example"}
        words = [
            w for w in row.words.split() if w not in old and not (w[:2] == "__" and len(w) == 18)
        ]
        conn.execute(
            text("UPDATE prompt_search SET words = :words WHERE rowid = :row"),
            {"words": " ".join(words), "row": row.rowid},
        )
