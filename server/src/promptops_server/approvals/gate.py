"""The publish gate: from the facts of a change to a verdict that names every unmet condition at once.

Pure: it reads nothing and knows no actor. Whoever asks (`releases`) gathers the facts inside the project lock, so
that nothing can change between the verdict and the release. An environment's own rules are asked about a publish
alone: nothing may keep people from stopping a prompt or going back to what was live, unless its approval was revoked
or its content redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promptops_server.approvals.conditions.approved import approved
from promptops_server.approvals.conditions.documented import documented
from promptops_server.approvals.conditions.separation import separation
from promptops_server.approvals.conditions.standing import barred, overdue, retired
from promptops_server.approvals.exempt import set_aside, set_rules_aside
from promptops_server.approvals.model import Content, GateFacts, Unmet, Verdict
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.workflow.model import TIERS, Tier

GATE_ROLE = "gate.role"
MOST = 500
"""Conditions about papers that one verdict tells."""

_Condition = Callable[[GateFacts, Content, Paperwork], Iterator[Unmet]]
_PUBLISH: tuple[_Condition, ...] = (
    barred,
    retired,
    overdue,
    documented,
    approved,
    separation,
)
_EMERGENCY: tuple[_Condition, ...] = (barred, retired)


def gate(facts: GateFacts) -> Verdict:
    """Every condition the change fails; never only the first. What an exception covers is `waived` instead."""
    unmet = [*_role(facts), *_suspended(facts)]
    kept, waived = set_aside(facts, _papers(facts), most=MOST)
    unmet.extend(kept)
    if len(kept) == MOST:
        unmet.append(_more(facts))
    if facts.emergency is None:
        kept, more = set_rules_aside(facts, _rules(facts))
        unmet.extend(kept)
        waived = (*waived, *more)
    return Verdict(tuple(unmet), waived, _tier(facts))


def _tier(facts: GateFacts) -> Tier | None:
    read = (facts.papers.get((content.path, content.version)) for content in facts.contents)
    known = [papers.tier for papers in read if papers is not None and papers.tier is not None]
    return max(known, key=TIERS.index, default=None)


def _role(facts: GateFacts) -> Iterator[Unmet]:
    if facts.approval_required and not facts.gated.allowed:
        yield Unmet(
            GATE_ROLE,
            f"Environment {facts.environment} asks for approval: {facts.gated.reason}",
            facts.gated.remedy,
        )


def _suspended(facts: GateFacts) -> Iterator[Unmet]:
    if facts.kind != "publish":
        return
    for content in facts.contents:
        if content.suspended_since is not None:
            yield Unmet(
                "gate.suspended",
                f"{content.path} was suspended in {facts.environment} (r{content.suspended_since}) after "
                f"{content.path}@{content.version} was scheduled: a schedule does not lift a suspension.",
                "Publish it by hand if it may be live again.",
            )
        elif content.suspended_here and (facts.emergency is not None or not facts.gated.allowed):
            yield Unmet(
                "gate.suspended",
                f"{content.path}@{content.version} was suspended in {facts.environment}: to make it live again "
                "takes the role that publishes where approval is asked, and no emergency.",
                "Publish another version, or ask a publisher to publish this one.",
            )


def _papers(facts: GateFacts) -> Iterator[tuple[str, Unmet]]:
    """Per address what its papers lack, where the environment asks for approval."""
    if not facts.approval_required or facts.kind not in ("publish", "rollback"):
        return
    if facts.kind == "rollback":
        conditions: tuple[_Condition, ...] = (barred,)
    else:
        conditions = _EMERGENCY if facts.emergency is not None else _PUBLISH
    for content in facts.contents:
        papers = facts.papers.get((content.path, content.version))
        if papers is None:
            yield (
                content.path,
                Unmet(
                    "gate.papers",
                    f"{content.address}: nothing is known about its documentation and approval.",
                    "Ask for a review of this version.",
                ),
            )
            continue
        for condition in conditions:
            for unmet in condition(facts, content, papers):
                yield content.path, unmet


def _more(facts: GateFacts) -> Unmet:
    """As many as anybody reads: twenty thousand prompts without papers must not become half a million sentences."""
    return Unmet(
        "gate.more",
        f"More may be missing of these {len(facts.contents):,} prompts; the first {MOST:,} conditions are told.",
        "Satisfy these, then try again, or publish fewer prompts at a time.",
    )


def _rules(facts: GateFacts) -> Iterator[Unmet]:
    if facts.kind == "publish":
        for rule in facts.rules:
            yield from rule.check(facts)
