"""The values of the publish gate: what it is asked, what it answers. No framework, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from promptops_server.infra.authorise import Decision

if TYPE_CHECKING:
    from promptops_server.approvals.paperwork import Paperwork
    from promptops_server.approvals.workflow.model import Tier
    from promptops_server.evaluation.matrix.facts import Facts

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
    suspended_since: int | None = None
    """The release that suspended the prompt here after the change was decided; only of a change that was scheduled."""

    @property
    def address(self) -> str:
        """Path and version, as refusals name it."""
        return f"{self.path}@{self.version}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is live at an address of another environment, and since when (microseconds)."""

    version: int
    since: int


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that is not met: a stable rule name, what is missing, and what would satisfy it."""

    rule: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MatrixAsk:
    """Cells that a rule looks at: those of every content on these targets, of all its suites or of one."""

    targets: tuple[str, ...]
    suite: str | None = None


class Condition(Protocol):
    """A rule of an environment, as the gate asks it."""

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        """What the rule misses; nothing when it is satisfied."""
        ...


@dataclass(frozen=True, slots=True)
class Emergency:
    """A glass that is broken: the incident, and why it cannot wait."""

    incident: str


@dataclass(frozen=True, slots=True)
class Waived:
    """A condition that an accepted exception set aside, and until when (microseconds)."""

    path: str
    rule: str
    exception: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class GateFacts:
    """All that a verdict rests on."""

    environment: str
    approval_required: bool
    kind: Kind
    gated: Decision
    """What `access` answers for this actor and action in an environment that asks for approval."""
    contents: tuple[Content, ...] = ()
    rules: tuple[Condition, ...] = ()
    """The environment's own rules; asked only about a publish."""
    now: int = 0
    """When the change would happen, in microseconds: the transaction's time, or what a schedule names."""
    ticket: str | None = None
    elsewhere: Mapping[str, Mapping[str, Standing]] = field(default_factory=dict)
    """Environment to path to what is live there, for the environments that the rules name."""
    project: str = ""
    actor: str = ""
    """The name of who asks."""
    identity: str = ""
    """The human or machine behind that account."""
    papers: Mapping[tuple[str, int], Paperwork] = field(default_factory=dict)
    """By path and version; read where approval is required."""
    emergency: Emergency | None = None
    matrix: Mapping[MatrixAsk, Facts] = field(default_factory=dict)
    """What is known of the contents on targets; read where a rule asks."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`allowed` is true exactly when nothing is unmet."""

    unmet: tuple[Unmet, ...] = ()
    waived: tuple[Waived, ...] = ()
    tier: Tier | None = None
    """The highest tier of the contents, of those whose papers were read and whose tier is known."""

    @property
    def allowed(self) -> bool:
        """Whether the change may happen."""
        return not self.unmet
