"""Finding a prompt in one release, and saying why when it is not there.

Owns addresses with and without the project, the sentences of `PromptNotLive` and
`PromptSuspended`, and the pinned `Snapshot`. Leaves what is held to `delivery` and connectivity
to `client`.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptops.delivery.header import SUSPENDED
from promptops.delivery.held import Held
from promptops.delivery.verify import FollowerState
from promptops.errors import PromptNotLive, PromptSuspended
from promptops.prompt import Prompt


def find(held: Held, path: str) -> Prompt:
    """The live prompt at an address with or without its project.

    Raises `PromptSuspended` or `PromptNotLive`, with the reason where it is known.
    """
    if not isinstance(path, str):
        raise TypeError(f"the address of a prompt is a text such as 'claims/triage', not {path!r}")
    for candidate in _readings(held.state, path):
        prompt = held.prompts.get(candidate)
        if prompt is not None:
            return prompt
    for candidate in _readings(held.state, path):
        stopped = _why_stopped(held.state, candidate)
        if stopped is not None:
            raise stopped
    raise _not_live(held.state, path)


def within_project(project: str, path: str) -> str:
    """The address without the project."""
    return path.removeprefix(f"{project}/")


class Snapshot:
    """One release, pinned: every `get` answers from it, whatever is released meanwhile."""

    __slots__ = ("_held",)

    def __init__(self, held: Held) -> None:
        self._held = held

    @property
    def epoch(self) -> int:
        """The epoch of the release; 0 when nothing is held."""
        position = self._held.state.position
        return 0 if position is None else position.epoch

    @property
    def release(self) -> int:
        """The number of the release; 0 when nothing is held."""
        position = self._held.state.position
        return 0 if position is None else position.release

    def get(self, path: str) -> Prompt:
        """The prompt in this release. Raises `PromptSuspended` or `PromptNotLive`."""
        try:
            return self._held.prompts[path]
        except (KeyError, TypeError):
            return find(self._held, path)

    def paths(self) -> tuple[str, ...]:
        """The live prompts' addresses without the project, sorted."""
        return tuple(sorted(self._held.prompts))

    def __iter__(self) -> Iterator[Prompt]:
        return iter(self._held.prompts.values())

    def __len__(self) -> int:
        return len(self._held.prompts)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and any(
            reading in self._held.prompts for reading in _readings(self._held.state, path)
        )

    def __repr__(self) -> str:
        state = self._held.state
        return f"<Snapshot of {state.project}/{state.environment}, release {self.epoch}-{self.release}>"


def _without_trimmings(path: str) -> str:
    """An address as it was probably meant: without blanks, slashes around it and the ending of a file."""
    name = path.strip().strip("/")
    for ending in (".prompt.yml", ".prompt.yaml"):
        name = name.removesuffix(ending)
    return name


def _readings(state: FollowerState, path: str) -> tuple[str, ...]:
    bare = within_project(state.project, path)
    return (path,) if bare == path else (path, bare)


def _why_stopped(state: FollowerState, path: str) -> PromptNotLive | None:
    if not path.isascii():  # nothing that can be stored has such an address
        return None
    where = f"{state.project}/{path} in {state.environment}"
    entry = state.tree.get(path)
    if entry is not None and entry.state == SUSPENDED:
        return PromptSuspended(
            f"{where} was suspended by release {entry.release}: {entry.reason or 'no reason given'}",
            path=path,
            reason=entry.reason,
        )
    gone = state.removed.get(path)
    if gone is not None:
        return PromptNotLive(
            f"{where} was unpublished by release {gone.release}: {gone.reason or 'no reason given'}",
            path=path,
            reason=gone.reason,
        )
    return None


def _not_live(state: FollowerState, path: str) -> PromptNotLive:
    bare, at, _ = within_project(state.project, path).partition("@")
    told = bare if len(bare) <= 200 else f"{bare[:200]}…"
    told = told.encode(errors="backslashreplace").decode()  # so that it can be printed
    sentence = f"{state.project}/{told} is not live in {state.environment}"
    if state.position is not None:
        sentence += f" (release {state.position} is held)"
    if at:
        sentence += "; an application gets what is live, so the address has no @ part"
    elif bare in state.live:
        sentence = f"{path!r} is not an address"
    else:
        meant = _without_trimmings(bare)
        near = [live for live in state.live if live.lower() == meant.lower()]
        near += [live for live in state.live if live.endswith(f"/{meant}")]
        if near:
            sentence += f"; did you mean {near[0]}?"
    return PromptNotLive(sentence, path=bare)
