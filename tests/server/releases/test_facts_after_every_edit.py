"""What lists, searches and fragment uses read is, after any edits and releases, what a rebuild from scratch would write."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_world import AUTHOR, PUBLISHER, World
from sqlalchemy import Connection, select, text

from promptops_server.access.policy import authorise
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.content import card_of, read_content, with_fragments
from promptops_server.registry.edits.bulk import bulk_edit
from promptops_server.registry.edits.bulk_plan import Selection
from promptops_server.registry.edits.copy import copy_prompts
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.edits.operations import (
    AddTags,
    Archive,
    MoveTo,
    Operation,
    RemoveTags,
    Restore,
    SetModel,
    SetOwners,
)
from promptops_server.registry.edits.pin_plan import Wish
from promptops_server.registry.edits.restore import restore_prompt
from promptops_server.registry.edits.upgrade_pins import upgrade_pins
from promptops_server.registry.facets import Standing, content_facets, facets_of
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.git import read
from promptops_server.registry.git.ports import RefUpdate
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.write import Ident, commit_blobs, move_ref, prepare_blob
from promptops_server.registry.model import Project
from promptops_server.registry.pushed import PushedToMain
from promptops_server.registry.search import _indexed, facet_word, project_word
from promptops_server.registry.tables import facet, fragment_use, prompt, prompt_facet, version
from promptops_server.registry.versions import find_version, fragment_loader
from promptops_server.releases.live import LiveVersions
from promptops_server.releases.promote import Selection as Promoted
from promptops_server.releases.promote import promote
from promptops_server.releases.tables import environment, live

_projects = itertools.count()
MAIN, SIDE = "refs/heads/main", "refs/heads/side"
PATHS = ("one", "two", "a/one", "a/two", "a/b/one", "b/one", "b/two", "a/style", "a/tone")
STYLES = ("a/style", "a/tone")
LIVE = LiveVersions()


def written(rng: random.Random) -> str:
    """A random file: mostly valid, often with a fragment, sometimes with carriage returns."""
    if rng.random() < 0.1:
        return f"messages: [ # {rng.randrange(9)}"
    pin = f"{{{{> {rng.choice(STYLES)}@{rng.choice((1, 1, 2))} }}}} " if rng.random() < 0.4 else ""
    file = (
        f"name: n{rng.randrange(3)}\nmodel: {rng.choice(('openai/gpt-4o', 'qwen/qwen3-32b'))}\n"
        f"tags: {rng.sample(['Red', 'green'], rng.randint(0, 2))}\nmessages:\n  - role: user\n"
        f'    content: "{pin}word{rng.randrange(5)}"\n'
    )
    return file.replace("\n", "\r\n") if rng.random() < 0.2 else file


def push(world: World, commits: list[dict[str, str | None]]) -> None:
    """Commits on a side branch, then `main` moved there as the Git remote does."""
    project, may = world.project.id, Ident("May Lin", "may@example.org")
    with world.db.write() as tx:
        old = tip = read.ref(tx.conn, project, MAIN)
        if (side := read.ref(tx.conn, project, SIDE)) != old:
            move_ref(tx, project, SIDE, side, old)
        for files in commits:
            changes = {f: None if t is None else prepare_blob(t.encode()) for f, t in files.items()}
            tip = commit_blobs(
                tx, project, ref=SIDE, parent=tip, changes=changes, author=may, message="A change"
            ).oid
    pushed, update = PushedToMain(authorise), RefUpdate(MAIN, old, tip)
    with world.db.read() as conn:
        view = ObjectView(conn, project)
        prepared = pushed.check(view, AUTHOR, world.project, update)
    with world.db.write() as tx:
        lock_project(tx.conn, project)
        move_ref(tx, project, MAIN, old, tip)
        list(pushed.apply(tx, AUTHOR, world.project, update, prepared))


class Town:
    """Two projects in which random things happen."""

    def __init__(self, db: Database, rng: random.Random) -> None:
        self.db, self.rng = db, rng
        self.worlds = [World(db, f"facts{next(_projects)}") for _ in range(2)]
        self.done: Counter[str] = Counter()

    def act(self) -> None:
        names = [name for name in vars(Town) if name.startswith("do_")]
        name = self.rng.choice([*names, "do_put", "do_put", "do_push", "do_publish"])
        world = self.worlds[0] if self.rng.random() < 0.8 else self.worlds[1]
        try:
            getattr(self, name)(world)
            self.done[name] += 1
        except ProblemError:
            pass  # refused, as some must be; nothing may have changed then

    def path(self) -> str:
        return self.rng.choice(PATHS)

    def stage(self) -> str:
        return self.rng.choice(("staging", "staging", "production"))

    def do_put(self, world: World) -> None:
        push(world, [{f"{self.path()}.prompt.yml": written(self.rng)}])

    def do_push(self, world: World) -> None:
        with self.db.read() as conn:
            head = read.ref(conn, world.project.id, MAIN)
            there = read.files(conn, world.project.id, head) if head else {}
        commits: list[dict[str, str | None]] = []
        for _ in range(self.rng.randint(1, 3)):
            files: dict[str, str | None] = {}
            for path in self.rng.sample(PATHS, 3):
                file = f"{path}.prompt.yml"
                files[file] = written(self.rng)
                if file in there and not commits and self.rng.random() < 0.6:
                    files[file] = None
            commits.append(files)
        push(world, commits)

    def do_publish(self, world: World) -> None:
        back = self.rng.choice(("", "", "@1"))
        world.publish(self.path() + back, to=self.stage(), actor=PUBLISHER)

    def do_suspend(self, world: World) -> None:
        world.suspend(self.path(), to=self.stage(), actor=PUBLISHER)

    def do_unpublish(self, world: World) -> None:
        world.unpublish(self.path(), to=self.stage(), actor=PUBLISHER)

    def do_rollback(self, world: World) -> None:
        if self.rng.random() < 0.5:
            world.rollback(self.path(), to=self.stage(), actor=PUBLISHER)
        else:
            to = self.rng.randrange(4)
            world.rollback(to=self.stage(), actor=PUBLISHER, to_release=to)

    def do_promote(self, world: World) -> None:
        wish = Promoted(source="staging", prune=self.rng.random() < 0.6)
        promote(world.deps, PUBLISHER, world.project, "production", wish, "all of it")

    def do_archive(self, world: World) -> None:
        with self.db.read() as conn:
            found = find_version(conn, world.project, path := self.path())
        if found is not None and not found.archived:
            world.archive(path)

    def do_restore(self, world: World) -> None:
        with self.db.read() as conn:
            found = find_version(conn, world.project, path := self.path())
        parent = found.number if found else None
        number = self.rng.choice((None, 1, 2))
        restore_prompt(
            self.db, AUTHOR, authorise, world.project.name, path, version=number, parent=parent
        )

    def places(self) -> tuple[str, str]:
        if self.rng.random() < 0.4:
            return self.rng.choice((("a/", "c/"), ("a/b/", "b/"), ("c/", "a/"), ("b/", "a/b/")))
        return self.path(), self.rng.choice((self.path(), "b/", "new"))

    def do_move(self, world: World) -> None:
        source, target = self.places()
        across = self.rng.random() < 0.3
        to = self.rng.choice(self.worlds).project.name if across else world.project.name
        pins = to == world.project.name and self.rng.random() < 0.7
        move_prompts(
            self.db, AUTHOR, authorise, LIVE, world.project.name, source, target,
            to_project=to, update_pins=pins, with_fragments=True,
        )  # fmt: skip

    def do_copy(self, world: World) -> None:
        source, target = self.places()
        to = self.rng.choice(self.worlds).project.name
        copy_prompts(
            self.db, AUTHOR, authorise, world.project.name, source, target,
            to_project=to, with_fragments=True,
        )  # fmt: skip

    def do_bulk(self, world: World) -> None:
        every: tuple[Operation, ...] = (
            AddTags(("new", "RED")), RemoveTags(("red",)), SetOwners(("ada@bank.example",)),
            SetModel(None), SetModel("anthropic/claude-sonnet-4"), MoveTo("b"), MoveTo(""),
            Archive(), Restore(),
        )  # fmt: skip
        chosen = self.rng.choice(
            (
                Selection(everything=True),
                Selection(wanted=Wanted(module="a")),
                Selection(wanted=Wanted(tags=("red",))),
                Selection(prompts=tuple((p, None) for p in self.rng.sample(PATHS, 3))),
            )
        )
        bulk_edit(
            self.db, AUTHOR, authorise, LIVE, world.project.name, chosen,
            self.rng.sample(every, self.rng.randint(1, 3)), skip_refused=True,
        )  # fmt: skip

    def do_upgrade(self, world: World) -> None:
        wish = Wish(
            self.rng.choice(STYLES),
            by=self.rng.choice((None, "digest", "version")),
            transitive=self.rng.random() < 0.5,
            skip_refused=True,
        )
        upgrade_pins(self.db, AUTHOR, authorise, world.project.name, wish)


def rebuilt(conn: Connection, project: Project) -> dict[str, Any]:
    """What is kept, by what it is kept for, made anew from the files of `main` and the rows of releases."""
    load = fragment_loader(conn, project)
    rows = conn.execute(select(prompt).where(prompt.c.project_id == project.id)).all()
    lives: dict[str, dict[str, int]] = {row.path: {} for row in rows}
    query = (
        select(live.c.path, live.c.version, live.c.state, environment.c.name)
        .join(environment, environment.c.id == live.c.environment_id)
        .where(environment.c.project_id == project.id, live.c.to_release.is_(None))
    )
    for row in conn.execute(query):
        lives[row.path][row.name] = row.version if row.state == "live" else 0
    head = read.ref(conn, project.id, MAIN)
    on_main = read.files(conn, project.id, head) if head else {}
    facts: dict[str, Any] = {"facet": Counter(), "uses": set()}
    for row in rows:
        versions = conn.execute(
            select(version).where(version.c.prompt_id == row.id).order_by(version.c.number)
        ).all()
        assert [v.number for v in versions] == list(range(1, row.latest + 1))
        blobs = read.blobs(conn, project.id, {v.blob_oid for v in versions})
        for v in versions:
            content = read_content(blobs[v.blob_oid])
            pins = dict.fromkeys((r.path, str(r.pin)) for r in content.includes)
            facts["uses"] |= {(row.path, v.number, at, *pin) for at, pin in enumerate(pins)}
        # Whether a version is valid was decided when it was written; a fragment may have come since.
        content = replace(with_fragments(content, load), valid=v.valid)
        card = card_of(row.path, content)
        archived = row.path + row.extension not in on_main
        assert archived or on_main[row.path + row.extension] == v.blob_oid
        stands = Standing(
            card.valid, card.tags, card.owners, card.models, row.latest, lives[row.path]
        )
        found = facets_of(stands)
        facts["facet"].update((archived, *f) for f in found)
        words = card.words.with_facets(facet_word(project.id, *f) for f in content_facets(stands))
        facts[row.path] = {
            "valid": card.valid,
            "name": card.name,
            "tags": list(card.tags),
            "owners": list(card.owners),
            "models": list(card.models),
            "archived": archived,
            "live": lives[row.path],
            "facets": {(archived, *f) for f in found},
            "words": sorted(set(_indexed(project_word(project.id), words))),
        }
    return facts


def kept(conn: Connection, project: Project) -> dict[str, Any]:
    """The same as it is stored."""
    counters = conn.execute(select(facet).where(facet.c.project_id == project.id)).all()
    uses = conn.execute(select(fragment_use).where(fragment_use.c.project_id == project.id)).all()
    facts: dict[str, Any] = {
        "facet": Counter({(c.archived, c.kind, c.value): c.prompts for c in counters if c.prompts}),
        "uses": {(u.path, u.number, u.position, u.fragment, u.pin) for u in uses},
    }
    sqlite = conn.dialect.name == "sqlite"
    words_of = text(
        "SELECT words FROM prompt_search WHERE rowid = :id"
        if sqlite
        else "SELECT tsvector_to_array(words) FROM prompt_search WHERE prompt_id = :id"
    )
    for row in conn.execute(select(prompt).where(prompt.c.project_id == project.id)).all():
        rows = conn.execute(
            select(facet.c.archived, facet.c.kind, facet.c.value, prompt_facet.c.path)
            .join(prompt_facet, prompt_facet.c.facet_id == facet.c.id)
            .where(prompt_facet.c.prompt_id == row.id)
        ).all()
        assert {r.path for r in rows} <= {row.path}
        words = conn.execute(words_of, {"id": row.id}).scalar_one()
        facts[row.path] = {
            "valid": row.valid,
            "name": row.name,
            "tags": json.loads(row.tags),
            "owners": json.loads(row.owners),
            "models": json.loads(row.models),
            "archived": row.archived_at is not None,
            "live": json.loads(row.live),
            "facets": {(r.archived, r.kind, r.value) for r in rows},
            "words": sorted(set(words.split() if sqlite else words)),
        }
    return facts


@pytest.mark.slow
@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_after_any_edits_the_facts_are_those_of_a_rebuild(
    any_database: Database, seed: int
) -> None:
    town = Town(any_database, random.Random(seed))
    for world in town.worlds:
        town.do_put(world)
    for _ in range(45):
        town.act()
    with any_database.read() as conn:
        for world in town.worlds:
            assert kept(conn, world.project) == rebuilt(conn, world.project), town.done
