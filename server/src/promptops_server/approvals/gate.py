"""The publish gate: from the facts of a change to a verdict that names every unmet condition at once.

Pure: it reads nothing and knows no actor. Whoever asks (`releases`) gathers the facts inside the project lock, so
that nothing can change between the verdict and the release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from promptops_server.infra.authorise import Decision

GATE_ROLE = "gate.role"

Kind = Literal["publish", "rollback", "unpublish", "suspend"]


@dataclass(frozen=True, slots=True)
class Content:
    """One version that would become live."""

    path: str
    version: int
    behaviour: str | None
    record: str | None
    suspended_here: bool = False
    """This version was suspended in this environment and has not been published again since."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """All that a verdict rests on."""

    environment: str
    approval_required: bool
    kind: Kind
    gated: Decision
    """What `access` answers for this actor and action in an environment that asks for approval."""
    contents: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that is not met: a stable rule name, what is missing, and what would satisfy it."""

    rule: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`allowed` is true exactly when nothing is unmet."""

    unmet: tuple[Unmet, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the change may happen."""
        return not self.unmet


def gate(facts: GateFacts) -> Verdict:
    """Every condition the change fails; never only the first."""
    return Verdict((*_role(facts), *_suspended(facts)))


def _role(facts: GateFacts) -> Iterator[Unmet]:
    if facts.approval_required and not facts.gated.allowed:
        yield Unmet(
            GATE_ROLE,
            f"Environment {facts.environment} asks for approval: {facts.gated.reason}",
            facts.gated.remedy,
        )


def _suspended(facts: GateFacts) -> Iterator[Unmet]:
    if facts.gated.allowed or facts.kind != "publish":
        return
    for content in facts.contents:
        if content.suspended_here:
            yield Unmet(
                "gate.suspended",
                f"{content.path}@{content.version} was suspended in {facts.environment}: to make it live again "
                "takes the role that publishes where approval is asked.",
                "Publish another version, or ask a publisher to publish this one.",
            )
