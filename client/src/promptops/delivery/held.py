"""What a follower holds at one moment, and how a release is announced to the application.

Owns the two values that cross from the follower's thread to everybody else: they are never
changed after they were made, so readers need no lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from promptops.delivery.header import REMOVED, parse_time
from promptops.delivery.verify import FollowerState
from promptops.prompt import Prompt


class Held:
    """One release, whole: the verified state and its prompts by path. Replaced, never changed."""

    __slots__ = ("prefix", "prompts", "state")

    def __init__(self, state: FollowerState, prompts: Mapping[str, Prompt]) -> None:
        self.state = state
        self.prompts = prompts
        self.prefix = f"{state.project}/"

    def moved_by_step(self, state: FollowerState) -> tuple[Held, tuple[str, ...]]:
        """After one release: its changes only. Also the paths that changed."""
        assert state.header is not None
        changes = state.header.statement.changes
        prompts = dict(self.prompts)
        for change in changes:
            if change.state == REMOVED or change.path not in state.live:
                prompts.pop(change.path, None)
            else:
                prompts[change.path] = _prompt(state, change.path)
        return Held(state, prompts), tuple(change.path for change in changes)

    def moved_by_snapshot(self, state: FollowerState) -> tuple[Held, tuple[str, ...]]:
        """After a snapshot: what is the same keeps its prompt. Also the paths that changed."""
        old, prompts, changed = self.state.live, dict[str, Prompt](), list[str]()
        for path, live in state.live.items():
            before = old.get(path)
            if before is not None and before.entry == live.entry and path in self.prompts:
                prompts[path] = self.prompts[path]
            else:
                prompts[path] = _prompt(state, path)
                changed.append(path)
        changed.extend(path for path in old if path not in state.live)
        return Held(state, prompts), tuple(changed)

    def vouched_anew(self, state: FollowerState) -> Held:
        """At the same position: only the header's `as_of` is newer."""
        return Held(state, self.prompts)


@dataclass(frozen=True)
class Release:
    """A release that was taken over. `changed` names the paths whose content or state is
    another now.

    After a gap one `Release` stands for all that lay between; `changed` then covers all of them.
    """

    project: str
    environment: str
    epoch: int
    number: int
    acknowledged_at: datetime
    changed: tuple[str, ...]


def release_of(state: FollowerState, changed: tuple[str, ...]) -> Release:
    """The announcement of the state's release."""
    assert state.header is not None
    statement = state.header.statement
    return Release(
        statement.project,
        statement.environment,
        statement.epoch,
        statement.release,
        parse_time(statement.acknowledged_at),
        changed,
    )


def _prompt(state: FollowerState, path: str) -> Prompt:
    live = state.live[path]
    return Prompt(
        live.text,
        environment=state.environment,
        release=live.entry.release,
        digest=live.entry.digest,
    )
