"""A dry run: what a change would do to an environment, and what stands in its way. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format import PromptFile, diff_prompts, parse, unified
from promptops_server.approvals.gate import GATE_ROLE
from promptops_server.approvals.model import Unmet
from promptops_server.infra.authorise import Resource
from promptops_server.infra.clock import now_us
from promptops_server.registry.git import read
from promptops_server.registry.projects import require_readable
from promptops_server.releases import environments
from promptops_server.releases.change import check_head
from promptops_server.releases.judge import judge
from promptops_server.releases.model import Change, Environment, Kept, Pick, Promoted, State
from promptops_server.releases.plan import ACTIONS, Plan, Planner, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import current_rows


@dataclass(frozen=True, slots=True)
class Difference:
    """One prompt: what stands there now, what would, and how the file differs."""

    path: str
    state: State
    version: int
    previous: int | None
    diff: str
    """A unified diff of the file; empty when the texts are the same."""
    keys: tuple[str, ...]
    """Keys of the file that differ, such as `messages[0].content`."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would come to on release `head`. It would be allowed exactly when nothing is unmet."""

    head: int
    differences: tuple[Difference, ...]
    """Every change; only the first `MAX_DIFFS` have their diff and keys."""
    unchanged: tuple[Pick, ...]
    kept: tuple[Kept, ...]
    unmet: tuple[Unmet, ...]
    promoted: Promoted | None = None


MAX_DIFFS = 200
"""Prompts of a dry run whose files are compared; nobody reads more, and twenty thousand would take minutes."""


def preview_change(
    deps: ReleaseDeps, request: Request, plan: Planner, *, at: int | None = None
) -> Preview:
    """Run the plan against the environment as it is, and ask access and gate, without acting.

    The gate is asked as of `at` (microseconds; None for now).

    Raises:
        Invalid, Conflict, NotFound: what the change itself would raise.
    """
    project = request.project
    require_readable(deps.authorise, request.actor, project.name)
    with deps.db.read() as conn:
        environment = environments.get(conn, project.id, request.environment)
        check_head(environment, request.expected_head)
        planned = plan(conn, environment)
        differences = _differences(conn, environment, planned.changes)
        unmet = unmet_of(deps, conn, request, environment, planned, at=at)
    return Preview(
        environment.head,
        differences,
        planned.unchanged,
        planned.kept,
        unmet,
        planned.promoted,
    )


def unmet_of(
    deps: ReleaseDeps,
    conn: Connection,
    request: Request,
    environment: Environment,
    planned: Plan,
    *,
    at: int | None = None,
) -> tuple[Unmet, ...]:
    """All that access and gate have against a plan, as of `at` (None: now)."""
    access = deps.authorise(
        request.actor,
        ACTIONS[request.kind],
        Resource(
            project=request.project.name,
            environment=environment.name,
            approval_required=environment.approval_required,
        ),
    )
    now = now_us() if at is None else at
    unmet = judge(deps, conn, request, environment, planned, now=now).unmet
    if not access.allowed:
        if environment.approval_required:
            # The gate asked `access` the very same.
            unmet = tuple(u for u in unmet if u.rule != GATE_ROLE)
        unmet = (Unmet(access.rule, access.reason, access.remedy), *unmet)
    return unmet


def _differences(
    conn: Connection, environment: Environment, changes: tuple[Change, ...]
) -> tuple[Difference, ...]:
    rows = current_rows(conn, environment.id, [change.path for change in changes])
    compared = changes[:MAX_DIFFS]
    blobs = read.blobs(
        conn,
        environment.project_id,
        {row.blob_oid for c in compared if (row := rows.get(c.path)) and row.blob_oid}
        | {change.content.blob for change in compared if change.content},
    )
    differences = []
    for number, change in enumerate(changes):
        row = rows.get(change.path)
        previous = row.version if row is not None and row.state == "live" else None
        diff: str = ""
        keys: tuple[str, ...] = ()
        if number < MAX_DIFFS:
            old = blobs[row.blob_oid] if row is not None and row.blob_oid else b""
            new = blobs[change.content.blob] if change.content else b""
            diff, keys = _compare(change, previous, old, new)
        differences.append(
            Difference(change.path, change.state, change.version, previous, diff, keys)
        )
    return tuple(differences)


def _compare(
    change: Change, previous: int | None, old: bytes, new: bytes
) -> tuple[str, tuple[str, ...]]:
    return (
        unified(
            old.decode("utf-8", "replace"),
            new.decode("utf-8", "replace"),
            _label(change.path, previous),
            _label(change.path, change.version if change.content else None),
        ),
        tuple(c.key for c in diff_prompts(_file(old), _file(new))),
    )


def _file(content: bytes) -> PromptFile | None:
    return parse(content).file if content else None


def _label(path: str, version: int | None) -> str:
    return "/dev/null" if version is None else f"{path}@{version}"
