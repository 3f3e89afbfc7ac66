"""An environment in memory with the reading surface of `PromptOps`.

Owns the releases a test makes. Leaves compiling to `compose` and `format`, looking up to `lookup`,
all as in production.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from promptops.callbacks import check_plain
from promptops.compose import Content, compose
from promptops.delivery.header import (
    LIVE,
    REMOVED,
    SUSPENDED,
    Entry,
    Header,
    Statement,
    format_time,
)
from promptops.delivery.held import Held, Release, release_of
from promptops.delivery.verify import FollowerState, Live
from promptops.errors import NotConnected, PromptNotLive, PromptOpsError, TooOld
from promptops.format import PromptFile, compile_artifact
from promptops.health import Health
from promptops.lookup import Snapshot, find, within_project
from promptops.prompt import Prompt
from promptops.settings import check_seconds
from promptops.testing.prompt_files import read_prompt_files

_Maker: TypeAlias = Callable[[int, int], Prompt]
"""Makes the prompt of a version number and a release number. Raises `InvalidArtifact`."""


class InMemoryEnvironment:
    """What a test does to an environment, and what both kinds of clients read from it.

    `max_age` is as in `PromptOps`; `lose_connection` lets the age grow.
    """

    def __init__(
        self, project: str = "test", environment: str = "test", *, max_age: float | None = None
    ) -> None:
        check_seconds(max_age=max_age)
        self._held = Held(_at_release(FollowerState(project, environment), 0, ()), {})
        self._versions: dict[str, list[_Maker]] = {}
        self._listeners: list[Callable[[Release], object]] = []
        self._reached = True
        self._age = 0.0
        self._max_age = max_age

    def publish(self, path: str, content: Content) -> Prompt:
        """Release a prompt as the next version at this address: a text, messages, or a mapping.

        A mapping has a prompt file's keys. Raises `InvalidArtifact` for content that is no prompt.
        """
        return self.publish_together({path: content})[self._bare(path)]

    def publish_together(self, prompts: Mapping[str, Content]) -> dict[str, Prompt]:
        """Release several prompts in one release. Raises `InvalidArtifact`; then nothing is
        released.
        """
        return self._publish(
            {self._bare(path): self._composed(path, content) for path, content in prompts.items()}
        )

    def publish_files(self, folder: str | Path) -> dict[str, Prompt]:
        """Release every prompt file of a folder, such as a clone of the project, in one release.

        A fragment is taken as it lies in the folder, whatever version is pinned. Raises
        `InvalidArtifact` naming the file at fault; then nothing is released.
        """
        return self._publish(
            {path: self._compiled(path, file) for path, file in read_prompt_files(folder).items()}
        )

    def rollback(self, path: str, version: int) -> Prompt:
        """Release an earlier version again. Raises `PromptNotLive` when there never was one."""
        path, made = self._bare(path), self._versions.get(self._bare(path), [])
        if not 1 <= version <= len(made):
            raise PromptNotLive(f"{path} never had a version {version}", path=path)
        self._release_live({path: made[version - 1](version, self._number() + 1)})
        return self._held.prompts[path]

    def suspend(self, path: str, reason: str = "suspended by the test") -> None:
        """Stop a live prompt: `get` raises `PromptSuspended` with this reason."""
        self._stop(path, SUSPENDED, reason)

    def unpublish(self, path: str, reason: str = "") -> None:
        """Take a prompt out of the environment: `get` raises `PromptNotLive`."""
        self._stop(path, REMOVED, reason)

    def disconnect(self) -> None:
        """From now on behave as a client that never reached anything: only fallbacks answer."""
        self._reached = False

    def lose_connection(self, seconds: float) -> None:
        """From now on behave as a client that had its release and has been cut off for so long."""
        self._age = seconds

    def connect(self) -> None:
        """End `disconnect` and `lose_connection`."""
        self._reached, self._age = True, 0.0

    @property
    def project(self) -> str:
        """The project's name."""
        return self._held.state.project

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self._held.state.environment

    def get(self, path: str, *, fallback: Content | None = None) -> Prompt:
        """As `PromptOps.get`."""
        problem: PromptOpsError | None = self._not_connected()
        if problem is None:
            prompt = find(self._held, path)
            problem = self._too_old()
            if problem is None:
                return prompt
        if fallback is None:
            raise problem
        return compose(
            fallback,
            project=self.project,
            path=self._bare(path),
            environment=self.environment,
        )

    def snapshot(self) -> Snapshot:
        """As `PromptOps.snapshot`."""
        problem = self._not_connected() or self._too_old()
        if problem is not None:
            raise problem
        return Snapshot(self._held)

    def health(self) -> Health:
        """As `PromptOps.health`."""
        header = self._held.state.header
        assert header is not None
        reached = self._reached
        why = "" if reached and not self._age else "disconnected by the test"
        return Health(
            connected=not why,
            epoch=header.position.epoch if reached else 0,
            release=header.position.release if reached else 0,
            age=self._age if reached else float("inf"),
            source="live" if reached else "none",
            where="memory",
            last_error=why,
            disk="",
            refusals=0,
            last_refusal=None,
        )

    def _stop(self, given: str, state: str, reason: str) -> None:
        path = self._bare(given)
        entry = self._held.state.tree.get(path)
        if entry is None:
            raise PromptNotLive(f"{path} is not live and cannot be stopped", path=path)
        self._release([Entry(path, state, entry.version, self._number() + 1, "", reason)], {})

    def _number(self) -> int:
        header = self._held.state.header
        return 0 if header is None else header.position.release

    def _release(self, changes: list[Entry], texts: Mapping[str, str]) -> None:
        state = self._held.state
        live = {k: v for k, v in state.live.items() if k not in {c.path for c in changes}}
        live.update((c.path, Live(c, texts[c.path])) for c in changes if c.state == LIVE)
        removed = {k: v for k, v in state.removed.items() if k not in texts}
        removed.update((c.path, c) for c in changes if c.state == REMOVED)
        moved = FollowerState(
            state.project, state.environment, state.header, state.tree.apply(changes), live, removed
        )
        moved = _at_release(moved, self._number() + 1, tuple(changes))
        self._held, changed = self._held.moved_by_step(moved)
        for listener in list(self._listeners):
            listener(release_of(moved, changed))

    def _publish(self, makers: Mapping[str, _Maker]) -> dict[str, Prompt]:
        """Make all, then release all: a fault in one releases none."""
        number = self._number() + 1
        made = {p: make(len(self._versions.get(p, ())) + 1, number) for p, make in makers.items()}
        for path, make in makers.items():
            self._versions.setdefault(path, []).append(make)
        self._release_live(made)
        return {path: self._held.prompts[path] for path in made}

    def _release_live(self, made: Mapping[str, Prompt]) -> None:
        number = self._number() + 1
        changes = [Entry(p, LIVE, q.version, number, q.digest, "") for p, q in made.items()]
        self._release(changes, {path: prompt.artifact for path, prompt in made.items()})

    def _composed(self, path: str, content: Content) -> _Maker:
        project, environment, bare = self.project, self.environment, self._bare(path)

        def make(version: int, release: int) -> Prompt:
            return compose(
                content,
                project=project,
                path=bare,
                environment=environment,
                version=version,
                release=release,
            )

        return make

    def _compiled(self, path: str, file: PromptFile) -> _Maker:
        project, environment = self.project, self.environment

        def make(version: int, release: int) -> Prompt:
            artifact = compile_artifact(
                file, project=project, path=path, version=version, commit=""
            )
            return Prompt(
                artifact.text, environment=environment, release=release, digest=artifact.digest
            )

        return make

    def _listen(self, listener: Callable[[Release], object]) -> Callable[[], None]:
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def _not_connected(self) -> NotConnected | None:
        if self._reached:
            return None
        return NotConnected(
            f"no release of {self.project}/{self.environment} is at hand: disconnected by the test"
        )

    def _too_old(self) -> TooOld | None:
        if self._max_age is None or self._age <= self._max_age:
            return None
        return TooOld(
            f"the server last vouched for the release {self._age:.0f} s ago, and max_age is "
            f"{self._max_age:g} s: disconnected by the test",
            age=self._age,
        )

    def _bare(self, path: str) -> str:
        return within_project(self.project, path)


class InMemoryPromptOps(InMemoryEnvironment):
    """A stand-in for `PromptOps`: what the test publishes is live at once.

    Callbacks given to `on_release` are called before the releasing method returns.
    """

    def on_release(self, callback: Callable[[Release], object]) -> Callable[[], None]:
        """As `PromptOps.on_release`, but called in the thread that releases."""
        check_plain(callback)
        return self._listen(callback)

    def close(self) -> None:
        """Nothing to end; here so that it can stand where a `PromptOps` does."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _at_release(state: FollowerState, number: int, changes: tuple[Entry, ...]) -> FollowerState:
    """The state under an unsigned header of this release."""
    now = format_time(datetime.now(UTC))
    statement = Statement(
        installation="in-memory",
        project=state.project,
        environment=state.environment,
        environment_id="in-memory",
        epoch=1,
        release=number,
        previous="" if number == 0 else "0" * 64,
        changes=changes,
        root=state.tree.root,
        count=state.tree.count,
        acknowledged_at=now,
    )
    header = Header(statement.to_text(), now, "", "")
    return FollowerState(
        state.project, state.environment, header, state.tree, state.live, state.removed
    )
