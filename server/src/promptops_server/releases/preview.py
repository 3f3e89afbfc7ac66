"""A dry run: what a change would do to an environment, and what stands in its way. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from promptops.format import PromptFile, diff_prompts, parse, unified
from promptops_server.approvals.gate import GATE_ROLE, Unmet
from promptops_server.infra.authorise import Resource
from promptops_server.registry.git import read
from promptops_server.registry.projects import require_readable
from promptops_server.releases import environments
from promptops_server.releases.change import (
    ACTIONS,
    Planner,
    Request,
    ask_gate,
    check_head,
)
from promptops_server.releases.model import Kept, Pick, State
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
    unchanged: tuple[Pick, ...]
    kept: tuple[Kept, ...]
    unmet: tuple[Unmet, ...]


def preview_change(deps: ReleaseDeps, request: Request, plan: Planner) -> Preview:
    """Run the plan against the environment as it is, and ask access and gate, without acting.

    Raises:
        Invalid, Conflict, NotFound: what the change itself would raise.
    """
    project = request.project
    require_readable(deps.authorise, request.actor, project.name)
    with deps.db.read() as conn:
        environment = environments.get(conn, project.id, request.environment)
        check_head(environment, request.expected_head)
        planned = plan(conn, environment)
        rows = current_rows(conn, environment.id, [change.path for change in planned.changes])
        blobs = read.blobs(
            conn,
            project.id,
            {row.blob_oid for row in rows.values() if row.blob_oid}
            | {change.content.blob for change in planned.changes if change.content},
        )
    differences = []
    for change in planned.changes:
        row = rows.get(change.path)
        old = blobs[row.blob_oid] if row is not None and row.blob_oid else b""
        new = blobs[change.content.blob] if change.content else b""
        previous = row.version if row is not None and row.state == "live" else None
        differences.append(
            Difference(
                change.path,
                change.state,
                change.version,
                previous,
                unified(
                    old.decode("utf-8", "replace"),
                    new.decode("utf-8", "replace"),
                    _label(change.path, previous),
                    _label(change.path, change.version if change.content else None),
                ),
                tuple(c.key for c in diff_prompts(_file(old), _file(new))),
            )
        )
    access = deps.authorise(
        request.actor,
        ACTIONS[request.kind],
        Resource(
            project=project.name,
            environment=environment.name,
            approval_required=environment.approval_required,
        ),
    )
    unmet = ask_gate(deps, request, environment, planned.contents).unmet
    if not access.allowed:
        if environment.approval_required:
            # The gate asked `access` the very same.
            unmet = tuple(u for u in unmet if u.rule != GATE_ROLE)
        unmet = (Unmet(access.rule, access.reason, access.remedy), *unmet)
    return Preview(environment.head, tuple(differences), planned.unchanged, planned.kept, unmet)


def _file(content: bytes) -> PromptFile | None:
    return parse(content).file if content else None


def _label(path: str, version: int | None) -> str:
    return "/dev/null" if version is None else f"{path}@{version}"
