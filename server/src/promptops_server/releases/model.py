"""The values of releases: environments, releases, what a release changes, what is live. No framework, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promptops_server.approvals.rule import EnvironmentRule
from promptops_server.infra.plain_text import control_in
from promptops_server.infra.problems import Invalid

State = Literal["live", "suspended", "removed"]
Kind = Literal["publish", "rollback", "unpublish", "suspend"]
Delivery = Literal["applied", "pending"]

REASON_MIN, REASON_MAX = 3, 2000
TICKET_MAX = 200
MAX_CHANGES = 20_000
"""Prompts in one release."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A place where prompts are live. `head` is the number of its newest release, 0 while it is empty."""

    id: str
    project_id: str
    name: str
    position: int
    approval_required: bool
    head: int
    epoch: int
    count: int
    """Entries after the newest release, suspended ones included."""
    created_at: int
    rules: tuple[EnvironmentRule, ...] = ()
    """What the gate also asks of a publish here, by name."""

    @property
    def branch(self) -> str:
        """The Git branch whose tree holds exactly what is live."""
        return branch_of(self.name)

    @property
    def tag(self) -> str:
        """The entity tag, as `If-Match` takes it."""
        return f"r{self.head}"


def branch_of(name: str) -> str:
    """The full ref name of an environment's branch."""
    return f"refs/heads/env/{name}"


@dataclass(frozen=True, slots=True)
class Pick:
    """A prompt to publish; without a version, its newest one."""

    path: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled version as followers receive it; `requires` names the features a client must know."""

    digest: str
    text: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """One version as an environment holds it: its artifact, and its file on the environment's branch."""

    version: int
    digest: str
    extension: str
    blob: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a release does to one address. `content` is there exactly when the state is live."""

    path: str
    state: State
    version: int
    content: Content | None = None
    reason: str = ""

    @classmethod
    def live(cls, path: str, content: Content) -> Change:
        """This content is live from now on."""
        return cls(path, "live", content.version, content)

    @classmethod
    def suspended(cls, path: str, version: int, reason: str) -> Change:
        """A tombstone stands where this version was."""
        return cls(path, "suspended", version, None, reason)

    @classmethod
    def removed(cls, path: str, version: int, reason: str) -> Change:
        """Nothing is live at the address any more."""
        return cls(path, "removed", version, None, reason)

    @property
    def digest(self) -> str:
        """The artifact's digest; empty unless the state is live."""
        return self.content.digest if self.content else ""


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of a release: what stands at the address after it, and the version live before (None: none was)."""

    path: str
    state: State
    version: int
    previous: int | None


@dataclass(frozen=True, slots=True)
class Seal:
    """The signature over a release's statement: which key made it, and the SHA-256 of what was signed, as hex."""

    key: str
    signature: str
    hash: str


@dataclass(frozen=True, slots=True)
class Release:
    """One commit on an environment's branch; times in microseconds since 1970."""

    number: int
    environment: str
    kind: Kind
    epoch: int
    commit: str
    acknowledged_at: int
    actor: str
    """The actor's name when it acted."""
    reason: str
    ticket: str | None
    prompts: tuple[Changed, ...]
    """By path; in lists of releases at most the first hundred."""
    changed: int
    """How many addresses the release changed."""
    seal: Seal | None = None
    """What vouches for it, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Once:
    """What makes a repeated request the same one (`Idempotency-Key`)."""

    key: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change of an environment came to."""

    release: Release
    delivery: Delivery
    """Whether Redis has it already; it will."""
    unchanged: tuple[Pick, ...] = ()
    """Asked for, and live already."""
    kept: tuple[Kept, ...] = ()
    """What a rollback of the whole environment left alone."""
    promoted: Promoted | None = None
    """Of a promotion: where the contents were live."""


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """What stands at one address at some release; `since` is when the release that put it there was acknowledged."""

    path: str
    state: State
    version: int
    release: int
    since: int
    digest: str
    reason: str
    actor: str
    """Who made that release."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An address that a rollback of a whole environment left as it was, and why."""

    path: str
    version: int
    why: str


@dataclass(frozen=True, slots=True)
class Promoted:
    """Which release of which environment was promoted, and what of it was not."""

    environment: str
    release: int
    left_out: tuple[Kept, ...] = ()
    """Live or suspended there, and not promoted; with the reason."""
    only_here: tuple[Pick, ...] = ()
    """Live in the target and not there, and left alone."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The schedule that a release carries out: its id, who made it (a name), and the head its maker saw."""

    id: str
    by: str
    head: int


def check_reason(reason: str) -> str:
    """The reason without surrounding white space.

    Raises:
        Invalid: too short, too long, or not printable text.
    """
    text = _check_text("reason", reason)
    if not REASON_MIN <= len(text) <= REASON_MAX:
        raise Invalid(
            f"reason has {len(text)} characters; {REASON_MIN} to {REASON_MAX:,} are asked for.",
            remedy="Say in a sentence why what is live should change.",
            slug="reason",
        )
    return text


def check_ticket(ticket: str | None) -> str | None:
    """The ticket without surrounding white space; None for an empty one.

    Raises:
        Invalid: too long, or more than one line of printable text.
    """
    text = _check_text("ticket", ticket or "")
    if len(text) > TICKET_MAX or "\n" in text:
        raise Invalid(
            f"ticket is one line of at most {TICKET_MAX} characters.",
            remedy="Give its key or link, for example OPS-1234.",
            slug="ticket",
        )
    return text or None


def _check_text(field: str, value: str) -> str:
    text = value.strip().replace("\r\n", "\n").replace("\r", "\n")
    # What is signed, committed and stored must be the same text everywhere: no NUL (PostgreSQL), no half surrogate.
    control = control_in(text, lines=True)
    if control is not None:
        raise Invalid(
            f"{field} holds the character {control}.", remedy="Send plain text.", slug=field
        )
    return text
