"""An environment in memory with the reading surface of `PromptOps`.

Owns the releases a test makes. Leaves compiling to `compose`, looking up to `lookup`, both as
in production.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

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
from promptops.errors import NotConnected, PromptNotLive
from promptops.health import Health
from promptops.lookup import Snapshot, find, within_project
from promptops.prompt import Prompt


class InMemoryPromptOps:
    """A stand-in for `PromptOps`: what the test publishes is live at once.

    Callbacks given to `on_release` are called before the releasing method returns.
    """

    def __init__(self, project: str = "test", environment: str = "test") -> None:
        self._held = Held(_at_release(FollowerState(project, environment), 0, ()), {})
        self._versions: dict[str, list[Content]] = {}
        self._callbacks: list[Callable[[Release], object]] = []
        self._connected = True

    def publish(self, path: str, content: Content) -> Prompt:
        """Release a prompt as the next version at this address: a text, messages, or a mapping.

        A mapping has a prompt file's keys. Raises `InvalidArtifact` for content that is no prompt.
        """
        return self.publish_together({path: content})[self._bare(path)]

    def publish_together(self, prompts: Mapping[str, Content]) -> dict[str, Prompt]:
        """Release several prompts in one release. Raises `InvalidArtifact`; then nothing is
        released.
        """
        release = self._number() + 1
        made: dict[str, Prompt] = {}
        for given, content in prompts.items():
            path = self._bare(given)
            made[path] = compose(
                content,
                project=self.project,
                path=path,
                environment=self.environment,
                version=len(self._versions.get(path, ())) + 1,
                release=release,
            )
        for path, content in ((self._bare(given), content) for given, content in prompts.items()):
            self._versions.setdefault(path, []).append(content)
        self._release(
            [Entry(p, LIVE, q.version, release, q.digest, "") for p, q in made.items()],
            {path: prompt.artifact for path, prompt in made.items()},
        )
        return {path: self._held.prompts[path] for path in made}

    def suspend(self, path: str, reason: str = "suspended by the test") -> None:
        """Stop a live prompt: `get` raises `PromptSuspended` with this reason."""
        self._stop(path, SUSPENDED, reason)

    def unpublish(self, path: str, reason: str = "") -> None:
        """Take a prompt out of the environment: `get` raises `PromptNotLive`."""
        self._stop(path, REMOVED, reason)

    def disconnect(self) -> None:
        """From now on behave as a client that never reached anything: only fallbacks answer."""
        self._connected = False

    def connect(self) -> None:
        """End `disconnect`."""
        self._connected = True

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
        if self._connected:
            return find(self._held, path)
        if fallback is None:
            raise self._not_connected()
        return compose(
            fallback,
            project=self.project,
            path=self._bare(path),
            environment=self.environment,
        )

    def snapshot(self) -> Snapshot:
        """As `PromptOps.snapshot`."""
        if not self._connected:
            raise self._not_connected()
        return Snapshot(self._held)

    def on_release(self, callback: Callable[[Release], object]) -> Callable[[], None]:
        """As `PromptOps.on_release`, but called in the thread that releases."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def health(self) -> Health:
        """As `PromptOps.health`."""
        header = self._held.state.header
        assert header is not None
        return Health(
            connected=self._connected,
            epoch=header.position.epoch if self._connected else 0,
            release=header.position.release if self._connected else 0,
            age=0.0 if self._connected else float("inf"),
            source="live" if self._connected else "none",
            where="memory",
            last_error="" if self._connected else "disconnected by the test",
            disk="",
            refusals=0,
            last_refusal=None,
        )

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
        for callback in list(self._callbacks):
            callback(release_of(moved, changed))

    def _not_connected(self) -> NotConnected:
        return NotConnected(
            f"no release of {self.project}/{self.environment} is at hand: disconnected by the test"
        )

    def _bare(self, path: str) -> str:
        return within_project(self.project, path)


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
