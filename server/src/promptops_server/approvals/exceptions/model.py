"""The values of exceptions. No framework, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from promptops.format.record import BY_KEY
from promptops.format.record.catalogue import similar_key
from promptops_server.approvals.exempt import EXEMPTIBLE, may_be_exempt
from promptops_server.approvals.paperwork import Waiver
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.registry.paths import prefixes

State = Literal["requested", "accepted", "expired", "revoked"]
DAY_US: Final = 86_400 * 1_000_000
MAX_DAYS: Final = 90

_RULE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True, slots=True)
class RuleException:
    """An exception. Times are microseconds since 1970; `scope` is empty, a module with its slash, or a prompt."""

    id: str
    project_id: str
    number: int
    rule: str
    scope: str
    environment: str | None
    reason: str
    control: str
    requested_at: int
    requested_identity: str
    requested_name: str
    expires_at: int
    accepted_at: int | None = None
    accepted_name: str | None = None
    accepted_reason: str | None = None
    revoked_at: int | None = None
    revoked_name: str | None = None
    revoked_reason: str | None = None

    @property
    def name(self) -> str:
        """As people call it: E3."""
        return f"E{self.number}"

    def state(self, now: int) -> State:
        """Where it stands at a time."""
        if self.revoked_at is not None:
            return "revoked"
        if now >= self.expires_at:
            return "expired"
        return "accepted" if self.accepted_at is not None else "requested"


def check_rule(rule: str) -> str:
    """A rule that an exception may set aside.

    Raises:
        Invalid: it names no rule, one that is never set aside, or no field of the record.
    """
    if not _RULE.fullmatch(rule) or len(rule) > 100:
        raise Invalid(
            f"rule: {rule[:100]!r} is no rule's name.",
            remedy="Write it as the gate's refusal names it, for example record.harms_benefits.",
            slug="bad-rule",
        )
    if not may_be_exempt(rule):
        raise Invalid(
            f"rule: {rule} is never set aside.",
            remedy="Exceptions concern rules that begin with "
            f"{', '.join(EXEMPTIBLE)}; who must stand apart, approvals, redacted and retired content are not among them.",
            slug="not-exemptible",
        )
    group, _, key = rule.partition(".")
    if group == "record" and key not in BY_KEY:
        meant = similar_key(key)
        raise Invalid(
            f"rule: the record has no field {key}.",
            remedy=f"Did you mean record.{meant}?"
            if meant
            else "`promptops record fields` lists them.",
            slug="bad-rule",
        )
    return rule


def check_days(days: int) -> int:
    """How long it is to hold.

    Raises:
        Invalid: not 1 to 90 days.
    """
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(
            f"days is {days}; an exception holds 1 to {MAX_DAYS} days.",
            remedy="Ask for another when this one ends.",
            slug="bad-days",
        )
    return days


def over(found: RuleException, state: State) -> Conflict:
    """The refusal of something that this exception's state does not allow."""
    return Conflict(
        f"Exception {found.name} is {state}.",
        remedy="Request a new one." if state in ("expired", "revoked") else "",
        slug=f"exception-{state}",
        current={"state": state},
    )


def waivers_by_path(
    found: Iterable[RuleException], paths: Iterable[str], now: int
) -> dict[str, tuple[list[Waiver], list[Waiver]]]:
    """Per path the accepted exceptions that cover it: those in force, and those that have expired.

    Paths without any are missing. What was revoked or never accepted counts for nothing.
    """
    by_scope: dict[str, tuple[list[Waiver], list[Waiver]]] = {}
    for item in found:
        if item.accepted_at is None or item.revoked_at is not None:
            continue
        sides = by_scope.setdefault(item.scope, ([], []))
        waiver = Waiver(item.name, item.rule, item.expires_at)
        sides[0 if now < item.expires_at else 1].append(waiver)
    covered: dict[str, tuple[list[Waiver], list[Waiver]]] = {}
    if not by_scope:
        return covered
    for path in paths:
        scopes = ("", *prefixes(path), path)
        sides_found = [by_scope[scope] for scope in scopes if scope in by_scope]
        if sides_found:
            covered[path] = (
                [waiver for side in sides_found for waiver in side[0]],
                [waiver for side in sides_found for waiver in side[1]],
            )
    return covered
