"""Stop prompts: `suspend` leaves a signed tombstone that no copy or fallback gets past, `unpublish` takes them out.

Both are releases. Leaves the return of a suspended prompt to `publish` and `rollback`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection

from promptops_server.approvals.rule import listed
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.registry.paths import path_fault
from promptops_server.releases.change import change_environment
from promptops_server.releases.model import Change, Environment, Once, Outcome, Pick, check_reason
from promptops_server.releases.plan import Plan, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import current_rows

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

Stop = Literal["suspend", "unpublish"]


def suspend(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    paths: Sequence[str],
    reason: str,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
) -> Outcome:
    """Put a signed tombstone, with the reason, where these prompts are live.

    Prompts suspended already are reported as unchanged.

    Raises:
        Invalid: a path is not live here (all such are named), or is given twice.
        Conflict: nothing would change, or the head is not `expected_head`.
        Denied, NotFound: as `change_environment`.
    """
    request = Request(actor, project, environment, "suspend", reason, ticket, expected_head, once)
    return _stop(deps, request, "suspend", paths)


def unpublish(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    paths: Sequence[str],
    reason: str,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
) -> Outcome:
    """Take these prompts out of the environment, suspended ones included (what was suspended stays barred from
    rollback).

    Raises:
        Invalid: a path is not here (all such are named), or is given twice.
        Conflict: the head is not `expected_head`.
        Denied, NotFound: as `change_environment`.
    """
    request = Request(actor, project, environment, "unpublish", reason, ticket, expected_head, once)
    return _stop(deps, request, "unpublish", paths)


def _stop(deps: ReleaseDeps, request: Request, stop: Stop, paths: Sequence[str]) -> Outcome:
    check_paths(paths)
    reason = check_reason(request.reason)

    def plan(conn: Connection, environment: Environment) -> Plan:
        rows = current_rows(conn, environment.id, list(paths))
        missing = [path for path in paths if path not in rows]
        if missing:
            raise not_live(environment.name, missing)
        if stop == "unpublish":
            return Plan(tuple(Change.removed(p, rows[p].version, reason) for p in paths))
        running = [path for path in paths if rows[path].state == "live"]
        unchanged = tuple(Pick(p, rows[p].version) for p in paths if rows[p].state != "live")
        if not running:
            raise Conflict(
                "Suspended already: " + ", ".join(pick.path for pick in unchanged) + ".",
                slug="nothing-to-suspend",
                current={"release": environment.head, "etag": environment.tag},
            )
        return Plan(
            tuple(Change.suspended(p, rows[p].version, reason) for p in running),
            unchanged=unchanged,
        )

    return change_environment(deps, request, plan)


def check_paths(paths: Sequence[str]) -> None:
    """Refuse an empty list of prompts, one that names a prompt twice, and what cannot be a path at all.

    Raises:
        Invalid: with the paths at fault.
    """
    if not paths:
        raise Invalid("No prompt is named.", remedy="Give at least one.", slug="no-prompts")
    malformed = [(path, fault) for path in paths if (fault := path_fault(path))]
    if malformed:
        raise Invalid(
            "Not a prompt's path: "
            + "; ".join(f"{p[:100]!r}: {f}" for p, f in malformed[:5])
            + ".",
            remedy="Write module/prompt, without the project.",
            slug="bad-path",
            errors=[{"path": ascii(p[:200])[1:-1], "message": f} for p, f in malformed],
        )
    repeated = sorted(path for path, times in Counter(paths).items() if times > 1)
    if repeated:
        raise Invalid(
            f"Named more than once: {', '.join(repeated)}.",
            remedy="Name each prompt once.",
            slug="repeated-prompts",
            errors=[{"path": path, "message": "named more than once"} for path in repeated],
        )


def not_live(environment: str, missing: Sequence[str]) -> Invalid:
    """The refusal of prompts that are not in an environment; all are named."""
    errors: list[dict[str, Any]] = [
        {"path": path, "message": f"not live in {environment}"} for path in missing
    ]
    return Invalid(
        f"Not live in {environment}: {listed(missing, 20)}.",
        remedy="Look at what is live there, and name those.",
        slug="not-live",
        errors=errors,
    )
