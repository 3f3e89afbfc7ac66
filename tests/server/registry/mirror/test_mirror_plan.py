"""What is pushed, who is waited for, and for how long: pure rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.registry.mirror.model import (
    Credentials,
    HeldRef,
    Mirror,
    Problem,
    goes_out,
    may_try,
    retry_wait,
    shown,
)
from promptops_server.registry.mirror.plan import Update, plan

MAIN = "refs/heads/main"


def mirror(**changes: Any) -> Mirror:
    values: dict[str, Any] = {
        "id": "m", "project_id": "p", "url": "https://h/x", "all_branches": False, "enabled": True,
        "revision": 1, "credentials": Credentials(), "state": "ok", "problem": None, "held": (),
        "overwrite": {}, "attempts": 0, "requested_at": None, "next_attempt_at": None,
        "attempted_at": None, "pushed_at": None, "lease": None, "lease_until": None,
        "created_at": 0, "updated_at": 0,
    }  # fmt: skip
    return Mirror(**{**values, **changes})


def never(old: str, new: str) -> bool:
    return False


NAMES = st.sampled_from([MAIN, "refs/heads/env/a", "refs/heads/work", "refs/tags/v1"])
REFS = st.dictionaries(NAMES, st.sampled_from("abcd"))


@given(here=REFS, pushed=REFS, there=REFS, overwrite=REFS)
def test_nothing_of_others_is_ever_lost_unless_its_id_was_named(
    here: dict[str, str], pushed: dict[str, str], there: dict[str, str], overwrite: dict[str, str]
) -> None:
    made = plan(here, set(pushed) - here.keys(), pushed, there, overwrite, never)
    for update in made.updates:
        assert update.old == there.get(update.name), "a lease on what is there now"
        assert update.old in (None, pushed.get(update.name), overwrite.get(update.name))
        assert update.new == here.get(update.name) != update.old
    touched = {u.name for u in made.updates}
    assert touched <= here.keys() | pushed.keys(), "refs that never came from here are left alone"
    held = {ref.name for ref in made.diverged}
    assert not touched & held
    arrived = {**there, **{u.name: u.new for u in made.updates}}
    for name in (here.keys() | pushed.keys()) - held:
        assert arrived.get(name) == here.get(name), "everything else ends as it is here"


def test_a_branch_that_only_lags_behind_is_moved_and_a_tag_is_not() -> None:
    def contains(old: str, new: str) -> bool:
        return (old, new) == ("a", "b")

    here = {MAIN: "b", "refs/tags/v1": "b"}
    made = plan(here, set(), {}, {MAIN: "a", "refs/tags/v1": "a"}, {}, contains)
    assert made.updates == [Update(MAIN, "a", "b")]
    assert made.diverged == [HeldRef("refs/tags/v1", "diverged", "b", "a")]


@pytest.mark.parametrize(
    ("name", "always", "if_all"),
    [
        (MAIN, True, True),
        ("refs/heads/env/production", True, True),
        ("refs/tags/v1", True, True),
        ("refs/heads/work", False, True),
        ("refs/heads/main2", False, True),
        ("refs/heads/environment", False, True),
        ("refs/notes/x", False, False),
    ],
)
def test_which_refs_go_out(name: str, always: bool, if_all: bool) -> None:
    assert goes_out(name, all_branches=False) == always
    assert goes_out(name, all_branches=True) == if_all


@given(attempts=st.integers(1, 10_000), luck=st.floats(0, 1))
def test_waits_double_to_a_limit_and_are_spread(attempts: int, luck: float) -> None:
    wait = retry_wait(attempts, 5, 3600, luck)
    full = min(5 * 2.0 ** min(attempts - 1, 40), 3600)
    assert 0.75 * full <= wait <= full


def test_the_state_people_see() -> None:
    assert shown(mirror(), behind=False) == "ok"
    assert shown(mirror(), behind=True) == "pending"
    assert shown(mirror(state="failed"), behind=True) == "failed"
    assert shown(mirror(state="failed", requested_at=1), behind=True) == "pending"
    assert shown(mirror(state="failed", enabled=False), behind=True) == "paused"


def test_who_may_try() -> None:
    wrong = Problem("credentials", "")
    assert may_try(mirror(), "r", 5)
    assert not may_try(mirror(enabled=False, requested_at=1), "r", 5)
    assert not may_try(mirror(lease="other", lease_until=9), "r", 5)
    assert may_try(mirror(lease="other", lease_until=5), "r", 5), "a dead run's lease ends"
    assert may_try(mirror(lease="r", lease_until=9, state="retrying", next_attempt_at=9), "r", 5)
    assert not may_try(mirror(state="retrying", next_attempt_at=6), "r", 5)
    assert may_try(mirror(state="retrying", next_attempt_at=5), "r", 5)
    assert not may_try(mirror(state="failed", problem=wrong), "r", 5)
    assert may_try(mirror(state="failed", problem=wrong, requested_at=4), "r", 5)
    assert may_try(mirror(state="diverged", problem=Problem("diverged", "")), "r", 5)
