"""Publish: make versions live, one or many, in one release.

Leaves earlier content to `rollback`, what a dry run shows to `preview`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from promptops_server.approvals.model import Content as GateContent
from promptops_server.approvals.model import Emergency
from promptops_server.approvals.rule import listed
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Conflict, Denied, ProblemError
from promptops_server.releases.candidates import Candidate, compile_candidates, find_candidates
from promptops_server.releases.change import change_environment
from promptops_server.releases.emergency.invoke import check_incident
from promptops_server.releases.intervals import suspended_after, suspended_versions
from promptops_server.releases.judge import refusal_of
from promptops_server.releases.model import (
    Artifact,
    Change,
    Environment,
    Once,
    Outcome,
    Pick,
    Promoted,
)
from promptops_server.releases.plan import Plan, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.preview import Preview, preview_change
from promptops_server.releases.rows import current_rows
from promptops_server.releases.stop import check_paths

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


def publish(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    picks: Sequence[Pick],
    reason: str,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
    emergency: Emergency | None = None,
) -> Outcome:
    """Make these versions live in one release; a pick without a version means the newest one.

    Versions that are live already are reported as unchanged. `emergency` breaks the glass: no approval is waited for,
    and what it made live goes back unless others ratify it within 72 hours.

    Raises:
        Invalid: picks that are unknown, archived, invalid or named twice (all are named).
        Conflict: everything picked is live already, or the head is not `expected_head`.
        Denied: access or the gate refuses; `unmet` names every condition.
        NotFound: there is no such environment.
    """
    check_paths([pick.path for pick in picks])
    request = Request(
        actor,
        project,
        environment,
        "publish",
        reason,
        ticket,
        expected_head,
        once,
        emergency=check_incident(emergency),
    )
    publication = Publication(project, picks)
    try:
        return change_environment(deps, request, publication.plan, prepare=publication.prepare)
    except Denied as refusal:
        if "unmet" in refusal.members or len(picks) > TOLD_ANYWAY:
            raise
        raise _with_the_gates_answer(deps, request, refusal, picks) from None


TOLD_ANYWAY = 20
"""Prompts for which somebody who may not publish is told what the gate misses; working it out for more is no gift."""


def _with_the_gates_answer(
    deps: ReleaseDeps, request: Request, refusal: Denied, picks: Sequence[Pick]
) -> Denied:
    """The refusal of access, with all that the gate misses too: whoever may see the prompt sees what it lacks."""
    try:
        plan = Publication(request.project, picks).plan
        unmet = preview_change(deps, request, plan).unmet
    except ProblemError:
        return refusal
    if len(unmet) < 2:
        return refusal
    return refusal_of(unmet, request.kind)


def preview_publish(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    picks: Sequence[Pick],
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    at: int | None = None,
    emergency: Emergency | None = None,
) -> Preview:
    """What `publish` would do, without doing it: differences from what is live, and the gate's verdict (as of `at`).

    Raises:
        Invalid, Conflict, NotFound: as `publish`; a refusal of access or gate is part of the answer instead.
    """
    check_paths([pick.path for pick in picks])
    request = Request(
        actor,
        project,
        environment,
        "publish",
        "",
        ticket,
        expected_head,
        emergency=check_incident(emergency),
    )
    return preview_change(deps, request, Publication(project, picks).plan, at=at)


class Publication:
    """The picks of one request: compiled before the lock, judged again inside it.

    Args:
        removals: prompts that the same release takes out, where they are live still; `reason` stands with them.
        decided_on: the head that was seen when a schedule was made: what was suspended since stays suspended.
        promoted: where the picks were live when they were chosen.
    """

    def __init__(
        self,
        project: Project,
        picks: Sequence[Pick],
        *,
        removals: Sequence[str] = (),
        reason: str = "",
        decided_on: int | None = None,
        promoted: Promoted | None = None,
    ) -> None:
        self._project = project
        self._picks = picks
        self._removals = removals
        self._reason = reason
        self._decided_on = decided_on
        self._promoted = promoted
        self._compiled: dict[tuple[str, int], Artifact] = {}

    def prepare(self, conn: Connection, environment: Environment) -> None:
        """Compile what is not live yet. Raises as `plan`."""
        fresh, _ = self._split(conn, environment)
        self._compile(conn, fresh)

    def plan(self, conn: Connection, environment: Environment) -> Plan:
        """The changes. A version that came up since `prepare` is compiled now.

        Raises:
            Invalid: picks that cannot be released.
            Conflict: everything is live already.
        """
        fresh, unchanged = self._split(conn, environment)
        removed = self._removed(conn, environment)
        if not fresh and not removed:
            raise Conflict(
                f"Live in {environment.name} already: "
                + listed([f"{pick.path}@{pick.version}" for pick in unchanged], 20)
                + ".",
                remedy="Pick another version.",
                slug="nothing-to-publish",
                current={"release": environment.head, "etag": environment.tag},
            )
        self._compile(conn, fresh)
        artifacts = {(c.path, c.number): self._compiled[c.path, c.number] for c in fresh}
        live = [Change.live(c.path, c.content(artifacts[c.path, c.number].digest)) for c in fresh]
        return Plan(
            (*live, *removed),
            {artifact.digest: artifact for artifact in artifacts.values()},
            gate_contents(conn, environment, fresh, decided_on=self._decided_on),
            tuple(unchanged),
            promoted=self._promoted,
        )

    def _removed(self, conn: Connection, environment: Environment) -> list[Change]:
        rows = current_rows(conn, environment.id, list(self._removals))
        return [
            Change.removed(path, row.version, self._reason)
            for path, row in rows.items()
            if row.state == "live"
        ]

    def _split(
        self, conn: Connection, environment: Environment
    ) -> tuple[list[Candidate], list[Pick]]:
        candidates = find_candidates(conn, self._project, self._picks)
        rows = current_rows(conn, environment.id, [c.path for c in candidates])
        fresh: list[Candidate] = []
        unchanged: list[Pick] = []
        for candidate in candidates:
            row = rows.get(candidate.path)
            if row is not None and row.state == "live" and row.version == candidate.number:
                unchanged.append(Pick(candidate.path, candidate.number))
            else:
                fresh.append(candidate)
        return fresh, unchanged

    def _compile(self, conn: Connection, candidates: Sequence[Candidate]) -> None:
        missing = [c for c in candidates if (c.path, c.number) not in self._compiled]
        if missing:
            self._compiled.update(compile_candidates(conn, self._project, missing))


def gate_contents(
    conn: Connection,
    environment: Environment,
    candidates: Sequence[Candidate],
    *,
    decided_on: int | None = None,
) -> tuple[GateContent, ...]:
    """What the gate is told of each version."""
    paths = [c.path for c in candidates]
    stopped = suspended_versions(conn, environment.id, paths)
    since = {} if decided_on is None else suspended_after(conn, environment.id, paths, decided_on)
    return tuple(
        GateContent(
            c.path,
            c.number,
            c.version.behaviour,
            c.version.record,
            suspended_here=c.number in stopped.get(c.path, ()),
            suspended_since=since.get(c.path),
        )
        for c in candidates
    )
