"""Releases and faults in any order, against a model of the truth.

A hypothesis state machine publishes, rolls back and suspends while it kills, sets back, fills, empties and pauses Redis,
kills the server, cuts connections and restarts applications. The model knows what must be live; a change whose answer was lost counts as made or not made,
whichever the server says afterwards, and nothing else. The seed is printed: PROMPTOPS_FAULT_SEED plays it again,
PROMPTOPS_FAULT_EXAMPLES makes it longer.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.fault_stage import PATHS, VERSIONS, Content, Stage

SEED = int(os.environ.get("PROMPTOPS_FAULT_SEED", random.randrange(1 << 30)))
EXAMPLES = int(os.environ.get("PROMPTOPS_FAULT_EXAMPLES", 3))
STEPS = 14

names = (f"random-{number}" for number in itertools.count(1))


def machine(shared: Stage, folder: Path) -> type[RuleBasedStateMachine]:
    """The state machine over this server and Redis."""

    class Faults(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            shared.heal()
            self.stage = shared.another(next(names))
            self.model: list[Content] = [dict.fromkeys(PATHS)]  # by release
            self.stopped: set[tuple[str, int]] = set()  # may not return
            for via in ("http", "redis"):
                cache = folder / f"{self.stage.project}-{via}"
                self.stage.watch(via, disk_cache=True, cache_dir=cache)

        # What people do.

        @rule(version=st.integers(1, VERSIONS), paths=st.sampled_from([PATHS, PATHS[:1]]))
        def publish(self, version: int, paths: tuple[str, ...]) -> None:
            wanted = self._published(version, paths)
            if wanted is not None:
                prompts = [{"path": path, "version": version} for path in paths]
                self._made(self.stage.change("releases", {"prompts": prompts}), wanted)

        @rule(back=st.integers(1, 5))
        @precondition(lambda self: len(self.model) > 2)
        def roll_back(self, back: int) -> None:
            to = max(1, len(self.model) - 1 - back)
            now, then = self.model[-1], self.model[to]
            # What is suspended stays so, whatever the rest goes back to.
            wanted = {p: now[p] if now[p] == "suspended" else then[p] for p in PATHS}
            returning = [p for p in PATHS if wanted[p] != now[p]]
            if returning and not any(
                wanted[p] == "suspended" or (p, wanted[p]) in self.stopped for p in returning
            ):
                self._made(self.stage.change("rollback", {"to_release": to}), wanted)

        @rule(path=st.sampled_from(PATHS))
        def suspend(self, path: str) -> None:
            version = self.model[-1][path]
            if isinstance(version, int):
                self.stopped.add((path, version))
                wanted = {**self.model[-1], path: "suspended"}
                self._made(self.stage.change("suspend", {"prompts": [path]}), wanted)

        # What happens.

        @rule(keep=st.booleans())
        def redis_dies(self, keep: bool) -> None:
            if self.stage.node.process is None:
                self.stage.node.start()
            self.stage.kill_redis(keep=keep)

        @rule()
        def redis_is_saved(self) -> None:
            if self.stage.node.process is not None and not self.stage.paused:
                self.stage.node.client().save()

        @rule()
        def redis_hangs(self) -> None:
            if self.stage.node.process is not None:
                self.stage.pause_redis()

        @rule()
        def redis_is_back(self) -> None:
            self.stage.heal()

        @rule()
        def redis_is_emptied(self) -> None:
            if self.stage.node.process is not None and not self.stage.paused:
                self.stage.node.client().flushall()

        @rule()
        def redis_is_full(self) -> None:
            if self.stage.node.process is not None and not self.stage.paused:
                self.stage.fill_redis()

        @rule(which=st.integers(0, 1))
        def an_application_restarts(self, which: int) -> None:
            self.stage.watched[which].restart()

        @rule(http=st.booleans(), redis=st.booleans(), hold=st.booleans())
        def connections_break(self, http: bool, redis: bool, hold: bool) -> None:
            if http:
                self.stage.to_server.cut()
            if redis:
                (self.stage.to_redis.hold if hold else self.stage.to_redis.cut)()

        @rule(version=st.integers(1, VERSIONS), after=st.floats(0, 0.06))
        def the_server_dies_while_publishing(self, version: int, after: float) -> None:
            wanted = self._published(version, PATHS)
            made: list[int | None] = []
            if wanted is not None:
                thread = threading.Thread(target=lambda: made.append(self.stage.publish(version)))
                thread.start()
                time.sleep(after)
            self.stage.server.kill()
            if wanted is not None:
                thread.join()
            self.stage.server.start()
            if wanted is None:
                return
            if made[0] is None:  # no answer: made or not, and the server knows
                head = max(self.stage.truth())
                assert head in (len(self.model) - 1, len(self.model))
                made[0] = head if head == len(self.model) else None
            if made[0] is not None:
                self._made(made[0], wanted)

        def _published(self, version: int, paths: tuple[str, ...]) -> Content | None:
            """What is live after publishing this, None when that is refused or no change."""
            now = self.model[-1]
            if any(now[p] == version or (p, version) in self.stopped for p in paths):
                return None
            return {**now, **dict.fromkeys(paths, version)}

        def _made(self, number: int | None, wanted: Content) -> None:
            assert number == len(self.model), "each release has the next number"
            self.model.append(wanted)

        def teardown(self) -> None:
            if not hasattr(self, "stage"):
                return
            self.stage.heal()
            try:
                assert self.stage.converges() == dict(enumerate(self.model))
            finally:
                self.stage.forget()

    return Faults


@pytest.mark.timeout(600)
def test_whatever_happens_all_end_at_the_truth_and_nobody_ever_left_it(
    shared: Stage, tmp_path: Path
) -> None:
    print(f"PROMPTOPS_FAULT_SEED={SEED}")
    run_state_machine_as_test(
        seed(SEED)(machine(shared, tmp_path)),
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            phases=[Phase.generate],  # an example takes seconds: the one that failed is shown as it is
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
