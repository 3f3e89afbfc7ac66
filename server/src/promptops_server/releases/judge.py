"""The gate asked about a change: gathers the facts inside the lock, and turns what is unmet into a refusal.

Every way to change an environment comes through here: API, command line, pushed commits, schedules, promotions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from promptops_server.approvals.model import Content, GateFacts, MatrixAsk, Standing, Unmet, Verdict
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.evaluation.matrix.facts import Facts, Tested
from promptops_server.infra.authorise import decide_paths
from promptops_server.infra.problems import Denied, NotFound
from promptops_server.registry.redaction.versions import redacted_versions
from promptops_server.releases import environments
from promptops_server.releases.emergency.read import refused_before
from promptops_server.releases.model import Environment, Kind, check_ticket
from promptops_server.releases.plan import ACTIONS, Plan, Request, place_of
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.rows import chunks
from promptops_server.releases.tables import live, release

_IN_A_SENTENCE = 30
"""Conditions that a refusal says in its sentence."""

GATE_REDACTED = "gate.redacted"


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
        request.action,
        replace(place_of(request, environment), approval_required=True),
        [change.path for change in plan.changes],
    )
    publishes = request.kind == "publish" and bool(plan.contents)
    contents = plan.contents or _returning(request, plan)
    sources = {name for rule in environment.rules for name in rule.sources() if publishes}
    verdict = deps.gate(
        GateFacts(
            environment=environment.name,
            approval_required=environment.approval_required,
            kind=request.kind,
            gated=gated,
            contents=contents,
            rules=environment.rules if publishes else (),
            now=now,
            ticket=check_ticket(request.ticket),
            elsewhere=standing_in(
                conn, environment.project_id, sources, [c.path for c in plan.contents]
            ),
            project=request.project.name,
            actor=request.actor.name,
            identity=request.actor.identity,
            papers=_papers(deps, conn, request, environment, contents, now),
            emergency=request.emergency,
            matrix=_matrix(deps, conn, request, environment, contents) if publishes else {},
        )
    )
    told = any(unmet.rule == GATE_REDACTED for unmet in verdict.unmet)
    unmet = (
        *verdict.unmet,
        *(_redacted(conn, environment, plan) if not told else ()),
        *_stopping(deps, request, environment, plan),
        *refused_before(conn, request.kind, environment, plan),
    )
    return Verdict(unmet, verdict.waived, verdict.tier)


def _papers(
    deps: ReleaseDeps,
    conn: Connection,
    request: Request,
    environment: Environment,
    contents: Sequence[Content],
    now: int,
) -> Mapping[tuple[str, int], Paperwork]:
    """What is known of the contents, where approval is asked or a rule holds: an exception may set that aside."""
    if not contents or not (environment.approval_required or environment.rules):
        return {}
    wanted = [(content.path, content.version) for content in contents]
    return deps.papers(conn, request.project, environment.name, wanted, now)


def _matrix(
    deps: ReleaseDeps,
    conn: Connection,
    request: Request,
    environment: Environment,
    contents: Sequence[Content],
) -> Mapping[MatrixAsk, Facts]:
    """What is known of the contents on targets, where a rule asks for it and no emergency passes over it."""
    if request.emergency is not None:
        return {}
    asks = {ask for rule in environment.rules if (ask := rule.tested_on()) is not None}
    versions = [Tested(c.path, c.version, c.behaviour) for c in contents]
    return {
        ask: deps.matrix(conn, request.project, versions, ask.targets, suite=ask.suite)
        for ask in asks
    }


def _redacted(conn: Connection, environment: Environment, plan: Plan) -> tuple[Unmet, ...]:
    """A version whose content a redaction changed never goes live again, by whichever way and wherever."""
    coming = [change for change in plan.changes if change.state == "live"]
    marked = redacted_versions(conn, environment.project_id, [change.path for change in coming])
    return tuple(
        Unmet(
            GATE_REDACTED,
            f"The content of {change.path}@{change.version} was changed by a redaction: it is not what was approved "
            "or tested.",
            "Make a new version from it and release that.",
        )
        for change in coming
        if change.version in marked.get(change.path, ())
    )


def _returning(request: Request, plan: Plan) -> tuple[Content, ...]:
    """What a rollback brings back: whether it was revoked or redacted is asked, nothing else."""
    if request.kind != "rollback":
        return ()
    return tuple(
        Content(change.path, change.version, None, None)
        for change in plan.changes
        if change.state == "live"
    )


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
    if not verdict.allowed:
        raise refusal_of(verdict.unmet, kind)


def refusal_of(unmet: Sequence[Unmet], kind: Kind) -> Denied:
    """The refusal: the first few conditions in its sentence, all of them in its list."""
    more = len(unmet) - _IN_A_SENTENCE
    remedies = dict.fromkeys(u.remedy for u in unmet[:_IN_A_SENTENCE] if u.remedy)
    return Denied(
        "The publish gate refuses: "
        + " ".join(u.detail for u in unmet[:_IN_A_SENTENCE])
        + (f" And {more:,} more." if more > 0 else ""),
        rule=unmet[0].rule,
        remedy=" ".join(remedies),
        action=ACTIONS[kind],
        unmet=unmet_json(unmet),
    )


def unmet_json(unmet: Sequence[Unmet]) -> list[dict[str, str]]:
    """The unmet conditions as they are shown."""
    return [{"rule": u.rule, "detail": u.detail, "remedy": u.remedy} for u in unmet]
