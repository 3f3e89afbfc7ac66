"""Which unmet conditions an accepted exception sets aside. Pure.

The four-eyes rule, who must stand apart, revoked, redacted and retired content are never set aside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from promptops_server.approvals.model import Content, GateFacts, Unmet, Waived
from promptops_server.approvals.paperwork import Waiver
from promptops_server.infra.clock import to_text

EXEMPTIBLE: Final[tuple[str, ...]] = ("record.", "review.overdue", "tests.", "rule.")
"""What rule names an exception may name begin with; `record.tier` is not among them."""
NEVER: Final[frozenset[str]] = frozenset({"record.tier", "record.not_applicable"})


def may_be_exempt(rule: str) -> bool:
    """Whether an exception may set this rule aside at all."""
    return rule not in NEVER and rule.startswith(EXEMPTIBLE)


def set_aside(
    facts: GateFacts, unmet: Iterable[tuple[str, Unmet]], *, most: int
) -> tuple[list[Unmet], tuple[Waived, ...]]:
    """Split what is unmet per address into what stands and what an exception in force covers.

    A condition whose exception has expired stands, and says so. Once `most` stand, the rest is not looked at.
    """
    by_path = {path: papers for (path, _), papers in facts.papers.items()}
    kept: list[Unmet] = []
    waived: list[Waived] = []
    for path, item in unmet:
        if len(kept) == most:
            break
        papers = by_path.get(path)
        if papers is None or not may_be_exempt(item.rule):
            kept.append(item)
            continue
        waiver = next(
            (w for w in papers.waivers if w.rule == item.rule and w.expires_at > facts.now), None
        )
        if waiver is not None:
            waived.append(Waived(path, item.rule, waiver.id, waiver.expires_at))
            continue
        over = next((w for w in papers.expired_waivers if w.rule == item.rule), None)
        if over is not None:
            item = Unmet(
                item.rule,
                f"{item.detail} Exception {over.id} covered it until {to_text(over.expires_at)}.",
                f"{item.remedy} Or have a new exception accepted.",
            )
        kept.append(item)
    return kept, tuple(waived)


def set_rules_aside(
    facts: GateFacts, unmet: Iterable[Unmet]
) -> tuple[list[Unmet], tuple[Waived, ...]]:
    """The same for rules of the environment, which speak of a release as a whole: one is set aside only when an
    exception in force covers every prompt that would go live."""
    kept: list[Unmet] = []
    waived: list[Waived] = []
    for item in unmet:
        covered = [_waiver(facts, content, item.rule) for content in facts.contents]
        found = [waiver for waiver in covered if waiver is not None]
        if not covered or len(found) < len(covered) or not may_be_exempt(item.rule):
            kept.append(item)
            continue
        waived.extend(
            Waived(content.path, item.rule, waiver.id, waiver.expires_at)
            for content, waiver in zip(facts.contents, found, strict=True)
        )
    return kept, tuple(waived)


def _waiver(facts: GateFacts, content: Content, rule: str) -> Waiver | None:
    papers = facts.papers.get((content.path, content.version))
    waivers = () if papers is None else papers.waivers
    return next((w for w in waivers if w.rule == rule and w.expires_at > facts.now), None)
