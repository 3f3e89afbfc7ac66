"""The gate asked about a change: gathers the facts inside the lock, and turns what is unmet into a refusal.

Every way to change an environment comes through here: API, command line, pushed commits, schedules, promotions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import Connection, select

from promptops_server.approvals.model import GateFacts, Standing, Unmet, Verdict
from promptops_server.infra.authorise import decide_paths
from promptops_server.infra.problems import Denied, NotFound
from promptops_server.releases import environments
from promptops_server.releases.model import Environment, Kind, check_ticket
from promptops_server.releases.plan import ACTIONS, Plan, Request, place_of
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import chunks
from promptops_server.releases.tables import live, release


def judge(
    deps: ReleaseDeps,
    conn: Connection,
    request: Request,
    environment: Environment,
    plan: Plan,
    *,
    now: int,
) -> Verdict:
    """The gate's verdict over this plan, for this actor, as of `now` (microseconds)."""
    gated = decide_paths(
        deps.authorise,
        request.actor,
        ACTIONS[request.kind],
        replace(place_of(request, environment), approval_required=True),
        [change.path for change in plan.changes],
    )
    publishes = request.kind == "publish" and bool(plan.contents)
    sources = {name for rule in environment.rules for name in rule.sources() if publishes}
    verdict = deps.gate(
        GateFacts(
            environment=environment.name,
            approval_required=environment.approval_required,
            kind=request.kind,
            gated=gated,
            contents=plan.contents,
            rules=environment.rules if publishes else (),
            now=now,
            ticket=check_ticket(request.ticket),
            elsewhere=standing_in(
                conn, environment.project_id, sources, [c.path for c in plan.contents]
            ),
        )
    )
    return Verdict((*verdict.unmet, *_stopping(deps, request, environment, plan)))


def _stopping(
    deps: ReleaseDeps, request: Request, environment: Environment, plan: Plan
) -> tuple[Unmet, ...]:
    """A publish that also takes prompts out needs the right to stop them."""
    if request.kind != "publish" or not plan.removed:
        return ()
    decision = decide_paths(
        deps.authorise,
        request.actor,
        ACTIONS["unpublish"],
        place_of(request, environment),
        [change.path for change in plan.changes if change.state == "removed"],
    )
    if decision.allowed:
        return ()
    return (Unmet(decision.rule, decision.reason, decision.remedy),)


def standing_in(
    conn: Connection, project_id: str, names: Collection[str], paths: Collection[str]
) -> Mapping[str, Mapping[str, Standing]]:
    """What is live at these paths in these environments, and since when."""
    found: dict[str, dict[str, Standing]] = {}
    for name in sorted(names):
        there = found.setdefault(name, {})
        try:
            source = environments.get(conn, project_id, name)
        except NotFound:
            continue  # nothing is live there; a rule names only environments that exist
        for some in chunks(sorted(paths)):
            rows = conn.execute(
                select(live.c.path, live.c.version, release.c.acknowledged_at)
                .join(
                    release,
                    (release.c.environment_id == live.c.environment_id)
                    & (release.c.number == live.c.from_release),
                )
                .where(
                    live.c.environment_id == source.id,
                    live.c.to_release.is_(None),
                    live.c.state == "live",
                    live.c.path.in_(some),
                )
            )
            there.update((r.path, Standing(r.version, r.acknowledged_at)) for r in rows)
    return found


def refuse_unmet(verdict: Verdict, kind: Kind) -> None:
    """Turn a verdict into a refusal that names everything that is missing.

    Raises:
        Denied: something is.
    """
    if verdict.allowed:
        return
    first = verdict.unmet[0]
    raise Denied(
        "The publish gate refuses: " + " ".join(unmet.detail for unmet in verdict.unmet),
        rule=first.rule,
        remedy=" ".join(dict.fromkeys(unmet.remedy for unmet in verdict.unmet if unmet.remedy)),
        action=ACTIONS[kind],
        unmet=unmet_json(verdict),
    )


def unmet_json(verdict: Verdict) -> list[dict[str, str]]:
    """The unmet conditions as they are shown."""
    return [{"rule": u.rule, "detail": u.detail, "remedy": u.remedy} for u in verdict.unmet]
