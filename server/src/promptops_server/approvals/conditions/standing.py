"""Nothing speaks against the content itself: revoked, retired, its review overdue."""

from __future__ import annotations

from collections.abc import Iterator

from promptops_server.approvals.model import Content, GateFacts, Unmet
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.infra.clock import to_text


def barred(facts: GateFacts, content: Content, papers: Paperwork) -> Iterator[Unmet]:
    """What keeps content from every return, by publish or by rollback."""
    if papers.redacted:
        yield Unmet(
            "gate.redacted",
            f"The content of {content.address} was changed by a redaction: it is not what was approved or tested.",
            "Make a new version from it and release that.",
        )
    # A publish without emergency is told so by `approved`, which knows what the newest request came to.
    unasked = facts.kind == "rollback" or facts.emergency is not None
    if unasked and papers.revoked_by is not None:
        yield Unmet(
            "approval.revoked",
            f"{content.address}: its approval was revoked (request #{papers.revoked_by}).",
            "Go back to another version, or make a new one and have it approved.",
        )


def retired(facts: GateFacts, content: Content, papers: Paperwork) -> Iterator[Unmet]:
    """A prompt whose use has ended stays out, also in an emergency."""
    if papers.retired is not None:
        yield Unmet(
            "gate.retired",
            f"{content.path} was retired: {papers.retired}",
            "Start a new prompt at another address, or let an approver bring it back.",
        )


def overdue(facts: GateFacts, content: Content, papers: Paperwork) -> Iterator[Unmet]:
    """What is live waits for its periodic review: no new version before it is done."""
    if papers.overdue_since is not None:
        yield Unmet(
            "review.overdue",
            f"{content.path}: the review of what is live was due at {to_text(papers.overdue_since)}.",
            f"Do it first: `promptops review certify {facts.project}/{content.path}`.",
        )
