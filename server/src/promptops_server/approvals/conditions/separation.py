"""Whoever publishes is not who wrote it; at high tier not who approved it either."""

from __future__ import annotations

from collections.abc import Iterator

from promptops_server.approvals.model import Content, GateFacts, Unmet
from promptops_server.approvals.paperwork import Paperwork


def separation(facts: GateFacts, content: Content, papers: Paperwork) -> Iterator[Unmet]:
    """Compares humans, not accounts."""
    if facts.identity in papers.authors:
        yield Unmet(
            "separation.author",
            f"{content.address}: {facts.actor} wrote part of it since it was last approved.",
            "Let somebody else publish it.",
        )
    if papers.demands is None:
        return
    approvers = {
        d.identity
        for d in (papers.progress.counted if papers.progress else ())
        if d.verdict == "approve"
    }
    if papers.demands.publisher_is_no_approver and facts.identity in approvers:
        yield Unmet(
            "separation.approver",
            f"{content.address}: {facts.actor} approved it, and at tier {papers.tier} does not publish it.",
            "Let somebody else publish it.",
        )
    if papers.demands.mapped_authors and papers.unmapped_authors:
        yield Unmet(
            "separation.unmapped_author",
            f"{content.address}: nobody here has the e-mail address of an author: {', '.join(papers.unmapped_authors)}.",
            "Let an administrator give that person's account the address, or make the change anew.",
        )
