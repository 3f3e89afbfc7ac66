"""The publish gate: from the facts of a change to a verdict that names every unmet condition at once.

Pure: it reads nothing and knows no actor. Whoever asks (`releases`) gathers the facts inside the project lock, so
that nothing can change between the verdict and the release. An environment's own rules are asked about a publish
alone: nothing may keep people from stopping a prompt or going back to what was live.
"""

from __future__ import annotations

from collections.abc import Iterator

from promptops_server.approvals.model import GateFacts, Unmet, Verdict

GATE_ROLE = "gate.role"


def gate(facts: GateFacts) -> Verdict:
    """Every condition the change fails; never only the first."""
    return Verdict((*_role(facts), *_suspended(facts), *_rules(facts)))


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
        elif content.suspended_here and not facts.gated.allowed:
            yield Unmet(
                "gate.suspended",
                f"{content.path}@{content.version} was suspended in {facts.environment}: to make it live again "
                "takes the role that publishes where approval is asked.",
                "Publish another version, or ask a publisher to publish this one.",
            )


def _rules(facts: GateFacts) -> Iterator[Unmet]:
    if facts.kind == "publish":
        for rule in facts.rules:
            yield from rule.check(facts)
