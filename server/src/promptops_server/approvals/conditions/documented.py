"""The documentation is complete for its tier."""

from __future__ import annotations

from collections.abc import Iterator

from promptops_server.approvals.model import Content, GateFacts, Unmet
from promptops_server.approvals.paperwork import Paperwork


def documented(facts: GateFacts, content: Content, papers: Paperwork) -> Iterator[Unmet]:
    """Each field that is missing or wrong is an answer of its own."""
    if papers.tier is None:
        yield Unmet(
            "record.tier",
            f"{content.address}: the risk tier is unknown; not answered: {', '.join(papers.tier_missing) or 'impact, complexity, reliance'}.",
            "Answer them in the prompt's record: `promptops record check` tells how.",
        )
    for gap in papers.gaps:
        yield Unmet(
            f"record.{gap.key}", f"{content.address}: {gap.id} {gap.key}: {gap.message}", gap.fix
        )
    accepted = papers.progress.counted if papers.progress else ()
    open_na = set(papers.not_applicable).difference(*(d.accepted for d in accepted))
    if open_na and papers.progress is not None and papers.progress.state == "approved":
        yield Unmet(
            "record.not_applicable",
            f"{content.address}: nobody accepted why these do not apply: {', '.join(sorted(open_na))}.",
            "Ask for a new review; the reviewer accepts the reasons with the decision.",
        )
