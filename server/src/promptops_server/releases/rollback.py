"""Put earlier content back: one prompt, or the whole environment as it was after a release.

Only content that was live here returns, byte for byte as it was, without a new approval. What was suspended does not
return this way. Leaves new content to `publish`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import BadRequest, Conflict, Invalid, NotFound
from promptops_server.releases.change import change_environment
from promptops_server.releases.history import no_such_release
from promptops_server.releases.intervals import (
    Interval,
    contents_by_version,
    differences,
    histories,
    stopped_versions,
    suspended_versions,
)
from promptops_server.releases.model import (
    Change,
    Content,
    Environment,
    Kept,
    Once,
    Outcome,
    check_reason,
)
from promptops_server.releases.plan import Plan, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.preview import Preview, preview_change
from promptops_server.releases.stop import check_paths

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

Differences = Mapping[str, tuple[Interval | None, Interval | None]]


def rollback(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    reason: str,
    *,
    path: str | None = None,
    to_version: int | None = None,
    to_release: int | None = None,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
) -> Outcome:
    """Put earlier content back: of `path` the version named (else the one live before), or all as after `to_release`.

    A rollback of the whole environment never lifts a suspension: such prompts stay stopped and are reported in `kept`.

    Raises:
        BadRequest: neither or both of `path` and `to_release`.
        Invalid: the version was never live here, or was suspended here; `possible` lists what may return.
        NotFound: the prompt was never live here, or there is no such release.
        Conflict: nothing would change, or the head is not `expected_head`.
        Denied: as `change_environment`.
    """
    target = Target(path, to_version, to_release)
    request = Request(actor, project, environment, "rollback", reason, ticket, expected_head, once)
    return change_environment(
        deps, request, lambda conn, found: _plan(conn, found, target, check_reason(reason))
    )


def preview_rollback(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    *,
    path: str | None = None,
    to_version: int | None = None,
    to_release: int | None = None,
    expected_head: int | None = None,
) -> Preview:
    """What `rollback` would do, without doing it.

    Raises:
        BadRequest, Invalid, NotFound, Conflict: as `rollback`.
    """
    target = Target(path, to_version, to_release)
    request = Request(actor, project, environment, "rollback", "", None, expected_head)
    return preview_change(deps, request, lambda conn, found: _plan(conn, found, target, ""))


@dataclass(frozen=True, slots=True)
class Target:
    """What to put back: one prompt (`path`), or the whole environment (`to_release`).

    Raises:
        BadRequest: neither or both.
        Invalid: what cannot be a path.
    """

    path: str | None
    to_version: int | None
    to_release: int | None

    def __post_init__(self) -> None:
        whole = self.path is None
        if whole == (self.to_release is None) or (whole and self.to_version is not None):
            raise BadRequest(
                "Say either which prompt (path, and to_version if not the one before) or to_release.",
                slug="rollback-of-what",
            )
        if self.path is not None:
            check_paths([self.path])


def _plan(conn: Connection, found: Environment, target: Target, reason: str) -> Plan:
    if target.path is not None:
        history = histories(conn, found.id, [target.path]).get(target.path, [])
        return Plan(
            (Change.live(target.path, choose(found, target.path, history, target.to_version)),)
        )
    assert target.to_release is not None
    if not 1 <= target.to_release <= found.head:
        raise no_such_release(found, target.to_release)
    different = differences(conn, found.id, target.to_release)
    stopped = suspended_versions(conn, found.id, list(different))
    return restore(found, target.to_release, different, stopped, reason)


def choose(
    environment: Environment, path: str, history: Sequence[Interval], wanted: int | None
) -> Content:
    """The content of one prompt that returns: of the version wanted, else of the one live before the current one.

    "Before" passes over the current version and over what was suspended. `history` is the address's intervals in order.

    Raises:
        NotFound: the prompt was never live here.
        Invalid: the version wanted was never live here or was suspended, or there is none before.
        Conflict: the version wanted is live.
    """
    if not history:
        raise NotFound(
            f"{path} was never live in {environment.name}.",
            remedy="Publish it.",
            slug="never-live",
        )
    current = history[-1] if history[-1].to_release is None else None
    stopped = stopped_versions(history)
    contents = contents_by_version(history)
    running = current.version if current is not None and current.content is not None else None
    possible = sorted(
        version for version in contents if version not in stopped and version != running
    )
    says = (
        f"May return: {', '.join(map(str, possible))}."
        if possible
        else "Publish a version instead."
    )
    if wanted is None:
        for interval in reversed(history):
            if interval.content is not None and interval.version in possible:
                return interval.content
        raise Invalid(
            f"No other version of {path} that may return was live in {environment.name}.",
            remedy=says,
            slug="nothing-before",
            possible=possible,
        )
    if wanted == running:
        raise Conflict(
            f"{path}@{wanted} is live in {environment.name} already.",
            remedy=says,
            slug="nothing-to-roll-back",
            current={"release": environment.head, "etag": environment.tag},
        )
    if wanted in stopped:
        raise Invalid(
            f"{path}@{wanted} was suspended in {environment.name}: a rollback does not bring it back.",
            remedy=f"{says} A publisher may publish the suspended version again.",
            slug="suspended-content",
            possible=possible,
        )
    if wanted not in contents:
        raise Invalid(
            f"{path}@{wanted} was never live in {environment.name}.",
            remedy=says,
            slug="never-live",
            possible=possible,
        )
    return contents[wanted]


def restore(
    environment: Environment,
    number: int,
    different: Differences,
    stopped: Mapping[str, set[int]],
    reason: str,
) -> Plan:
    """The changes that make the environment hold what it held after release `number`, except lifting suspensions.

    `different` is then and now per address; `stopped` the versions barred from returning.

    Raises:
        Invalid: something that would have to return was suspended since; all such are named.
        Conflict: nothing would change.
    """
    changes: list[Change] = []
    kept: list[Kept] = []
    barred: list[tuple[str, int]] = []
    for path, (then, now) in different.items():
        if now is not None and now.state == "suspended":
            if then is None or then.state != "suspended":
                kept.append(Kept(path, now.version, f"suspended: {now.reason}"))
        elif then is None:
            assert now is not None
            changes.append(Change.removed(path, now.version, reason))
        elif then.state == "suspended":
            changes.append(Change.suspended(path, then.version, then.reason))
        elif now is not None and now.content == then.content:
            continue  # taken out, or replaced, and put back since
        elif then.version in stopped.get(path, ()):
            barred.append((path, then.version))
        elif then.content is not None:
            changes.append(Change.live(path, then.content))
    if barred:
        names = [f"{path}@{version}" for path, version in barred]
        raise Invalid(
            f"Suspended since release {number}, and not brought back by a rollback: {', '.join(names)}.",
            remedy="Roll back the other prompts one by one, or choose another release.",
            slug="suspended-content",
            errors=[
                {"path": path, "version": version, "message": "was suspended here"}
                for path, version in barred
            ],
        )
    if not changes:
        raise Conflict(
            f"{environment.name} holds what it held after release {number} already"
            + (", except what is suspended." if kept else "."),
            slug="nothing-to-roll-back",
            current={"release": environment.head, "etag": environment.tag},
        )
    return Plan(tuple(changes), kept=tuple(kept))
