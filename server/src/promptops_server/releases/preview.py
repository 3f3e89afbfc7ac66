"""A dry run: what a change would do to an environment, and what stands in its way. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from promptops.format import Comparison, PromptFile, compare_prompts, diff_prompts, parse, unified
from promptops.format.diff_sequences import Effort
from promptops_server.approvals.gate import GATE_ROLE
from promptops_server.approvals.model import Unmet
from promptops_server.infra.authorise import decide_paths
from promptops_server.infra.clock import now_us
from promptops_server.registry.git import read
from promptops_server.registry.projects import require_readable
from promptops_server.registry.tables import prompt, version
from promptops_server.releases import environments
from promptops_server.releases.change import check_head
from promptops_server.releases.judge import judge
from promptops_server.releases.model import Change, Environment, Kept, Pick, Promoted, State
from promptops_server.releases.plan import Plan, Planner, Request, place_of
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import AnyRow, chunks, current_rows


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
    comparison: Comparison | None
    """The same by section; None where what stands there is no valid file, or the change holds too many prompts."""
    behaviour_changed: bool | None
    record_changed: bool | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would come to on release `head`. It would be allowed exactly when nothing is unmet."""

    head: int
    differences: tuple[Difference, ...]
    """Every change; only the first `MAX_DIFFS` have their diff, keys and sections."""
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
    access = decide_paths(
        deps.authorise,
        request.actor,
        request.action,
        place_of(request, environment),
        [change.path for change in planned.changes],
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
    digests = _digests(conn, environment.project_id, changes, rows)
    effort = Effort()
    differences = []
    for number, change in enumerate(changes):
        row = rows.get(change.path)
        previous = row.version if row is not None and row.state == "live" else None
        diff: str = ""
        keys: tuple[str, ...] = ()
        comparison = None
        if number < MAX_DIFFS:
            old = blobs[row.blob_oid] if row is not None and row.blob_oid else b""
            new = blobs[change.content.blob] if change.content else b""
            diff, keys, comparison = _compare(change, previous, old, new, effort)
        told = digests.get((change.path, previous)), digests.get((change.path, change.version))
        differences.append(
            Difference(
                change.path,
                change.state,
                change.version,
                previous,
                diff,
                keys,
                comparison,
                *(_differ(told, stays=change.content is not None, side=side) for side in (0, 1)),
            )
        )
    return tuple(differences)


def _compare(
    change: Change, previous: int | None, old: bytes, new: bytes, effort: Effort
) -> tuple[str, tuple[str, ...], Comparison | None]:
    before, after = _file(old), _file(new)
    text = unified(
        old.decode("utf-8", "replace"),
        new.decode("utf-8", "replace"),
        _label(change.path, previous),
        _label(change.path, change.version if change.content else None),
    )
    keys = tuple(c.key for c in diff_prompts(before, after))
    if old and before is None:
        return text, keys, None
    return text, keys, compare_prompts(before, after, same_text=old == new, effort=effort)


def _digests(
    conn: Connection, project_id: str, changes: Iterable[Change], rows: Mapping[str, AnyRow]
) -> dict[tuple[str, int | None], tuple[str | None, str | None]]:
    """Behaviour and record digest of what stands there and of what would, by path and number."""
    numbers: dict[str, set[int]] = {}
    for change in changes:
        numbers[change.path] = {change.version}
        if change.path in rows:
            numbers[change.path].add(rows[change.path].version)
    found: dict[tuple[str, int | None], tuple[str | None, str | None]] = {}
    for some in chunks(sorted(numbers)):
        query = (
            select(prompt.c.path, version.c.number, version.c.behaviour, version.c.record)
            .join(prompt, prompt.c.id == version.c.prompt_id)
            .where(
                prompt.c.project_id == project_id,
                prompt.c.path.in_(some),
                version.c.number.in_({n for path in some for n in numbers[path]}),
            )
        )
        for row in conn.execute(query):
            found[row.path, row.number] = row.behaviour, row.record
    return found


def _differ(
    told: tuple[tuple[str | None, str | None] | None, tuple[str | None, str | None] | None],
    *,
    stays: bool,
    side: int,
) -> bool | None:
    """Whether a digest changes; from or to nothing it does."""
    before, after = told
    if before is None or not stays:
        return True
    if after is None or before[side] is None or after[side] is None:
        return None
    return before[side] != after[side]


def _file(content: bytes) -> PromptFile | None:
    return parse(content).file if content else None


def _label(path: str, version: int | None) -> str:
    return "/dev/null" if version is None else f"{path}@{version}"
