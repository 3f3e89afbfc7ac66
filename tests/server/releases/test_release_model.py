"""Any sequence of publish, rollback, suspend and unpublish, against a model that remembers everything."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from release_world import PUBLISHER, World, shown

from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Invalid, NotFound
from promptops_server.releases import environments
from promptops_server.releases.live import live_at

PATHS = ("a", "b", "m/c")
Snapshot = dict[str, str]
_numbers = itertools.count(1)


class Releases(RuleBasedStateMachine):
    """The model: one snapshot per release, and per prompt the versions barred from returning."""

    database: Database

    @initialize()
    def begin(self) -> None:
        self.world = World(self.database, f"project-{next(_numbers)}")
        self.versions = dict.fromkeys(PATHS, 0)
        self.snapshots: list[Snapshot] = [{}]
        self.times = [self.world.environment().created_at]
        self.barred: dict[str, set[str]] = {path: set() for path in PATHS}
        for path in PATHS:
            self.write(path)

    @property
    def now(self) -> Snapshot:
        return self.snapshots[-1]

    def release(self, after: Snapshot, moment: int) -> None:
        for path, text in after.items():
            if text != self.now.get(path):
                if text.startswith("suspended"):
                    self.barred[path].add(text.removeprefix("suspended "))
                else:
                    self.barred[path].discard(text)
        self.snapshots.append(after)
        self.times.append(moment)

    @rule(path=st.sampled_from(PATHS))
    def write(self, path: str) -> None:
        self.versions[path] = self.world.put(path, f"text {self.versions[path] + 1}")

    @rule(picks=st.dictionaries(st.sampled_from(PATHS), st.integers(1, 4), min_size=1))
    def publish(self, picks: dict[str, int]) -> None:
        wanted = {path: min(number, self.versions[path]) for path, number in picks.items()}
        after = {**self.now, **{path: str(number) for path, number in wanted.items()}}
        try:
            outcome = self.world.publish(
                *[f"{path}@{number}" for path, number in wanted.items()], actor=PUBLISHER
            )
        except Conflict:
            assert after == self.now
        else:
            assert after != self.now
            self.release(after, outcome.release.acknowledged_at)

    @precondition(lambda self: self.now)
    @rule(data=st.data())
    def suspend(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.now)))
        standing = self.now[path]
        try:
            outcome = self.world.suspend(path, actor=PUBLISHER)
        except Conflict:
            assert standing.startswith("suspended")
        else:
            after = {**self.now, path: f"suspended {standing}"}
            self.release(after, outcome.release.acknowledged_at)

    @precondition(lambda self: self.now)
    @rule(data=st.data())
    def unpublish(self, data: st.DataObject) -> None:
        paths = data.draw(st.lists(st.sampled_from(sorted(self.now)), min_size=1, unique=True))
        outcome = self.world.unpublish(*paths, actor=PUBLISHER)
        after = {path: text for path, text in self.now.items() if path not in paths}
        self.release(after, outcome.release.acknowledged_at)

    @rule(path=st.sampled_from(PATHS))
    def roll_back_one(self, path: str) -> None:
        earlier = [shot[path] for shot in reversed(self.snapshots) if path in shot]
        fit = [
            text
            for text in earlier
            if not text.startswith("suspended")
            and text not in self.barred[path]
            and text != self.now.get(path)
        ]
        try:
            outcome = self.world.rollback(path, actor=PUBLISHER)
        except (Invalid, NotFound):
            assert not fit
        else:
            self.release({**self.now, path: fit[0]}, outcome.release.acknowledged_at)

    @precondition(lambda self: len(self.snapshots) > 1)
    @rule(data=st.data())
    def roll_back_all(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, len(self.snapshots) - 1))
        then, now = self.snapshots[number], self.now
        after: Snapshot = {}
        refused = False
        for path in {*then, *now}:
            before, standing = then.get(path), now.get(path)
            if standing is not None and standing.startswith("suspended"):
                after[path] = standing
            elif before is not None:
                after[path] = before
                refused = refused or (before != standing and before in self.barred[path])
        try:
            outcome = self.world.rollback(to_release=number, actor=PUBLISHER)
        except Invalid:
            assert refused
        except Conflict:
            assert after == now
        else:
            assert not refused
            self.release(after, outcome.release.acknowledged_at)

    @invariant()
    def everything_agrees(self) -> None:
        if not hasattr(self, "world"):
            return
        assert self.world.live() == self.now
        self.world.check()
        with self.world.db.read() as conn:
            found = environments.get(conn, self.world.project.id, "staging")
            assert found.head == len(self.snapshots) - 1
            for number, (snapshot, moment) in enumerate(
                zip(self.snapshots, self.times, strict=True)
            ):
                assert shown(live_at(conn, found, f"r{number}")) == snapshot
                assert shown(live_at(conn, found, to_text(moment))) == snapshot


def test_every_sequence_of_releases_leaves_what_the_model_says(any_database: Database) -> None:
    class OnThisDatabase(Releases):
        database = any_database

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=25 if any_database.is_sqlite else 8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
