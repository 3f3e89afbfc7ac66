"""What a mirror is: its values, its states, and the rules of trying again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "pending", "retrying", "failed", "diverged", "paused"]
CredentialKind = Literal["none", "password", "ssh_key"]

MAIN = "refs/heads/main"
ENVIRONMENTS = "refs/heads/env/"
BRANCHES = "refs/heads/"
TAGS = "refs/tags/"

MAX_LISTED = 100
"""Refs named in a state or an event; a count tells of more."""

WAITS_FOR_A_PERSON = frozenset(
    {"credentials", "not-found", "host-key", "host-refused", "moved", "unsupported", "sealed"}
)
"""Problems that another attempt would only meet again: nothing is tried until somebody asks or changes the mirror."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the last attempt did not do everything, in words, and what to do."""

    code: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class HeldRef:
    """A ref that did not go out: `why` is ``diverged`` (somebody else moved it) or ``refused`` (by the host)."""

    name: str
    why: Literal["diverged", "refused"]
    here: str | None
    """The object id in this project; ``None`` when the ref was deleted here."""
    there: str | None = None
    """The object id found on the mirror."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How the server signs in, without what is secret."""

    kind: CredentialKind = "none"
    user: str = ""
    public_key: str = ""
    """The SSH key's public half, as a host wants it in its settings."""
    fingerprint: str = ""
    host_keys: tuple[str, ...] = ()
    """``type base64`` of each key by which the SSH host may prove itself."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A row of `mirror`, without the sealed secret. Times are microseconds since 1970."""

    id: str
    project_id: str
    url: str
    all_branches: bool
    enabled: bool
    revision: int
    credentials: Credentials
    state: State
    problem: Problem | None
    held: tuple[HeldRef, ...]
    overwrite: dict[str, str]
    attempts: int
    requested_at: int | None
    next_attempt_at: int | None
    attempted_at: int | None
    pushed_at: int | None
    lease: str | None
    lease_until: int | None
    created_at: int
    updated_at: int


def goes_out(name: str, *, all_branches: bool) -> bool:
    """Whether a ref of the project is mirrored: `main`, environments and tags; every branch if so chosen."""
    if name.startswith(BRANCHES):
        return all_branches or name == MAIN or name.startswith(ENVIRONMENTS)
    return name.startswith(TAGS)


def shown(mirror: Mirror, *, behind: bool) -> State:
    """The state people see: what the last attempt said, unless something has happened since."""
    if not mirror.enabled:
        return "paused"
    if mirror.requested_at is not None or (mirror.state == "ok" and behind):
        return "pending"
    return mirror.state


def may_try(mirror: Mirror, run: str, now: int) -> bool:
    """Whether this run may push now.

    Not while another run does, not before a retry is due, not when only a person can help; what somebody asked for
    goes at once.
    """
    if not mirror.enabled:
        return False
    if mirror.lease == run:
        return True  # taken up again after a crash
    if mirror.lease is not None and (mirror.lease_until or 0) > now:
        return False
    if mirror.requested_at is not None:
        return True
    if mirror.problem is not None and mirror.problem.code in WAITS_FOR_A_PERSON:
        return False
    return mirror.state != "retrying" or (mirror.next_attempt_at or 0) <= now


def retry_wait(attempts: int, first: float, longest: float, luck: float) -> float:
    """Seconds until the next attempt after so many failed ones.

    Doubles from `first` to `longest`; `luck` (0 to 1) shortens it by up to a quarter, so that mirrors that failed
    together do not come back together.
    """
    doubled = first * 2.0 ** min(max(attempts, 1) - 1, 40)
    return min(doubled, longest) * (1.0 - luck / 4)
