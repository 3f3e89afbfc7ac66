"""What the Git remote asks of others; `app` connects the answers.

`RefGuard` is answered by `releases`, `PushedVersions` by `registry`'s versions, the rest by `access` and `registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Denied
from promptops_server.registry.git.objects import CommitInfo
from promptops_server.registry.git.view import ObjectView


class ProjectLike(Protocol):
    """A project, as far as the remote needs it."""

    @property
    def id(self) -> str:
        """The row id."""
        ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref a push wants to create (`old` None), move or delete (`new` None). `name` is the full name."""

    name: str
    old: str | None
    new: str | None

    @property
    def branch(self) -> str | None:
        """The branch's name without ``refs/heads/``; ``None`` for a tag."""
        return (
            self.name.removeprefix("refs/heads/") if self.name.startswith("refs/heads/") else None
        )


@dataclass(frozen=True, slots=True)
class NewCommits:
    """What an update brings: every commit reachable from its new end and not from its old end, parents first.

    The objects may not be stored yet: read them through `view` (files, changed files, blobs, commits), which sees the
    push and the database together. After the guard has agreed they are stored, and `read` sees them too.
    """

    commits: Sequence[CommitInfo]
    complete: bool
    """False when there are more new commits than are listed here (see `Limits.guarded_commits`)."""
    view: ObjectView


class RefGuard(Protocol):
    """Asked about every update of ``refs/heads/env/…``, inside the project lock, before anything is written."""

    def __call__(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        commits: NewCommits,
    ) -> Callable[[], None] | None:
        """Agree, or raise a ProblemError: its text is shown in the pusher's terminal and the ref stays.

        Returns what is to be done after the objects are stored and the refs moved, still in this transaction (the rows
        of a release). When that raises, nothing of this ref is kept.
        """
        ...


class PushedVersions(Protocol):
    """What a push to ``main`` means: which versions it makes."""

    def check(self, view: ObjectView, actor: Actor, project: ProjectLike, update: RefUpdate) -> Any:
        """Before the lock: validate the tip, compile what is expensive.

        `view` sees the push and the database; `ancestry.first_parent_steps(view, old, new)` gives the steps.

        Asks too whether the actor may write every path that the push changes.

        Returns whatever `apply` wants to have. Raises Invalid, Denied (or another ProblemError) to refuse the ref.
        """
        ...

    def apply(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        prepared: Any,
    ) -> Sequence[str] | None:
        """Inside the lock, objects stored and refs moved: number and write the versions.

        Returns lines for the pusher's terminal, shown once the push is kept. The ref was at `update.old` under the lock. A ProblemError undoes this ref.
        """
        ...

    def touched(self, prepared: Any) -> int:
        """How many prompts the versions of a plan of `check` are of, archived ones included: for the audit event."""
        ...

    def note(self, tx: Transaction, project: ProjectLike, prepared: Any, seq: int) -> None:
        """After the push's audit event `seq`: remember which prompts it touched."""
        ...


GitAction = Literal["project:read", "prompt:write", "main", "push"]
"""``push`` asks whether the actor could push anything at all: versions or releases. Each ref is judged on its own:
environments by the `RefGuard`; `main` by ``main``, whether they could write any prompt, and then path by path by
`PushedVersions`; every other ref, which belongs to the whole project, by ``prompt:write``."""


class ProjectAccess(Protocol):
    """Finds a project by name and asks whether the actor may do this in it."""

    def __call__(self, actor: Actor, name: str, action: GitAction) -> ProjectLike:
        """Raises NotFound (none such, or none this actor may see) or Denied."""
        ...


class GitAuthenticate(Protocol):
    """Turns the credentials of stock Git into an actor. Called in a worker thread; it may be slow."""

    def __call__(
        self, user: str, password: str, *, ip: str | None, request_id: str | None
    ) -> Actor:
        """`password` is a token (or, if `access` allows, the user's password); `user` is empty for a bearer token.

        Raises Unauthenticated.
        """
        ...


class DenialRecorder(Protocol):
    """Writes a refusal into the audit log (in a transaction of its own). Called in a worker thread."""

    def __call__(self, actor: Actor, project: str, action: str, denied: Denied) -> None: ...
