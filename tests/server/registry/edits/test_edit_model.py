"""Any sequence of puts, restores, moves, copies, archives and bulk edits, against a model that remembers everything."""

from __future__ import annotations

import itertools
from pathlib import Path

from bank import ADMIN, Bank, LiveTable, prompt_text
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import select

from promptops_server.access.policy import authorise
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, NotFound
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.bulk import bulk_edit
from promptops_server.registry.edits.bulk_plan import Selection
from promptops_server.registry.edits.copy import copy_prompts
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.edits.operations import AddTags, Archive, MoveTo, Operation, Restore
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.edits.restore import restore_prompt
from promptops_server.registry.errors import RefusedPrompts
from promptops_server.registry.git import read
from promptops_server.registry.projects import create_project
from promptops_server.registry.tables import prompt, version
from support.repositories import Repository
from support.stock_git import Git

PATHS = ("a", "b", "m/a", "m/b", "m/n/a", "x/a")
MODULES = ("m/", "x/", "m/n/")
LIVE = LiveTable()
_numbers = itertools.count(1)
_texts = itertools.count(1)
paths = st.sampled_from(PATHS)


class Edits(RuleBasedStateMachine):
    """The model: per address every content it had, in order, and whether it is archived."""

    database: Database
    folder: Path

    @initialize()
    def begin(self) -> None:
        self.project = create_project(self.database, ADMIN, authorise, f"p-{next(_numbers)}")
        self.contents: dict[str, list[str]] = {}
        self.moved: dict[tuple[str, int], str] = {}
        self.standing: set[str] = set()
        for path in ("a", "m/a", "m/n/a"):
            self.put(path)

    def add(self, path: str, text: str) -> None:
        self.contents.setdefault(path, []).append(text)
        self.standing.add(path)

    def take_over(self, old: str, new: str, text: str) -> None:
        self.standing.discard(old)
        self.add(new, text)
        self.moved[new, len(self.contents[new])] = f"{old}@{len(self.contents[old])}"

    def newest(self, path: str) -> str:
        return self.contents[path][-1]

    @rule(path=paths)
    def put(self, path: str) -> None:
        text = f"# {next(_texts)}\n" + prompt_text("x", tags="[a]")
        parent = len(self.contents[path]) if path in self.standing else None
        put_prompt(self.database, ADMIN, authorise, self.project.name, path, text, parent=parent)
        self.add(path, text)

    @rule(path=paths)
    def archive(self, path: str) -> None:
        parent = len(self.contents.get(path, ()))
        try:
            archive_prompt(
                self.database, ADMIN, authorise, LIVE, self.project.name, path, parent=parent
            )
        except NotFound:
            assert path not in self.standing
        else:
            self.standing.remove(path)

    @rule(path=paths, number=st.integers(1, 3))
    def restore(self, path: str, number: int) -> None:
        had = self.contents.get(path, [])
        parent = len(had) if path in self.standing else None
        try:
            done = restore_prompt(
                self.database,
                ADMIN,
                authorise,
                self.project.name,
                path,
                version=number,
                parent=parent,
            )
        except NotFound:
            assert number > len(had)
            return
        assert done.changed == (path not in self.standing or had[number - 1] != had[-1])
        if done.changed:
            self.add(path, had[number - 1])

    @rule(source=paths, to=paths, copy=st.booleans())
    def transfer_one(self, source: str, to: str, copy: bool) -> None:
        where = {source: to} if source in self.standing else {}
        self.transfer(source, to, where, copy)

    def pairs(self, sources: list[str], module: str, to: str) -> dict[str, str]:
        return {s: to + s[len(module) :] for s in sources if s in self.standing}

    @rule(source=st.sampled_from(MODULES), to=st.sampled_from(("", *MODULES)), copy=st.booleans())
    def transfer_module(self, source: str, to: str, copy: bool) -> None:
        if to.startswith(source):
            return
        inside = [path for path in self.standing if path.startswith(source)]
        self.transfer(source, to or "/", self.pairs(inside, source, to), copy)

    def transfer(self, source: str, target: str, where: dict[str, str], copy: bool) -> None:
        try:
            if copy:
                copy_prompts(self.database, ADMIN, authorise, self.project.name, source, target)
            else:
                move_prompts(
                    self.database, ADMIN, authorise, LIVE, self.project.name, source, target
                )
        except NotFound:
            assert not where
        except Conflict:
            assert set(where.values()) & self.standing
        else:
            assert where
            for old, new in sorted(where.items()):
                if copy:
                    self.add(new, self.newest(old))
                else:
                    self.take_over(old, new, self.newest(old))

    @rule(
        chosen=st.lists(paths, min_size=1, unique=True),
        kind=st.sampled_from(["tag", "move", "archive", "restore", "tag and move"]),
        skip=st.booleans(),
    )
    def bulk(self, chosen: list[str], kind: str, skip: bool) -> None:
        tag = AddTags((f"t{next(_texts)}",))
        operations: dict[str, list[Operation]] = {
            "tag": [tag],
            "move": [MoveTo("bulk")],
            "archive": [Archive()],
            "restore": [Restore()],
            "tag and move": [tag, MoveTo("bulk")],
        }
        try:
            done = bulk_edit(
                self.database,
                ADMIN,
                authorise,
                LIVE,
                self.project.name,
                Selection(prompts=tuple((path, None) for path in chosen)),
                operations[kind],
                skip_refused=skip,
            )
        except RefusedPrompts:
            assert not skip
            return
        for item in done.items:
            if item.result != "changed":
                continue
            old = self.newest(item.path)
            new = old.replace("]\n", f", {tag.tags[0]}]\n", 1) if "tag" in kind else old
            if item.archived:
                self.standing.remove(item.path)
            elif item.to != item.path:
                self.take_over(item.path, item.to, new)
            else:
                self.add(item.path, new)

    @invariant()
    def everything_agrees(self) -> None:
        if not hasattr(self, "project"):
            return
        with self.database.read() as conn:
            rows = conn.execute(
                select(prompt.c.path, prompt.c.archived_at, prompt.c.latest, version)
                .join(version, version.c.prompt_id == prompt.c.id)
                .where(prompt.c.project_id == self.project.id)
                .order_by(prompt.c.path, version.c.number)
            ).all()
            found: dict[str, list[str]] = {}
            blobs = read.blobs(conn, self.project.id, {row.blob_oid for row in rows})
            for row in rows:
                texts = found.setdefault(row.path, [])
                texts.append(blobs[row.blob_oid].decode())
                assert row.number == len(texts)
                assert row.valid
                assert row.moved_from == self.moved.get((row.path, row.number))
                assert (row.archived_at is None) == (row.path in self.standing)
            assert found == self.contents
            assert {row.path: row.latest for row in rows} == {
                path: len(texts) for path, texts in self.contents.items()
            }
            tip = read.ref(conn, self.project.id, MAIN) or ""
            tree = {
                path.removesuffix(".prompt.yml"): blobs[oid].decode()
                for path, oid in read.files(conn, self.project.id, tip).items()
            }
        assert tree == {path: self.newest(path) for path in self.standing}

    def teardown(self) -> None:
        if not hasattr(self, "project"):
            return
        git = Git(self.folder / "home")
        at = self.folder / f"{self.project.name}-{next(_numbers)}"
        Repository(self.database, self.project.id, self.project.name).export(git, at)
        checked = git.run("fsck", "--strict", "--no-dangling", cwd=at)
        assert (checked.code, checked.err) == (0, "")


def test_every_sequence_of_edits_leaves_what_the_model_says(bank: Bank, tmp_path: Path) -> None:
    class OnThisDatabase(Edits):
        database = bank.db
        folder = tmp_path

    run_machine(
        OnThisDatabase,
        settings=settings(
            max_examples=25 if bank.db.is_sqlite else 8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
