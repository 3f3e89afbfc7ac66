"""Exactly this content and documentation is approved, by as many people as its tier asks, and still counts."""

from __future__ import annotations

from collections.abc import Iterator

from promptops_server.approvals.model import Content, GateFacts, Unmet
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.workflow.progress import Missing
from promptops_server.infra.clock import to_text

_ASK = "Ask for a review: `promptops review request {address}`."


def approved(facts: GateFacts, content: Content, papers: Paperwork) -> Iterator[Unmet]:
    """What is missing of the decisions; nothing once they are complete and in force."""
    ask = _ASK.format(address=f"{facts.project}/{content.address}")
    standing = papers.progress
    if standing is None or papers.request is None:
        yield Unmet(
            "approval.missing", f"{content.address}: nobody was asked to review this content.", ask
        )
        return
    where = f"{content.address}: request #{papers.request}"
    if standing.state == "lapsed":
        assert standing.lapses_at is not None
        yield Unmet(
            "approval.lapsed",
            f"{where} was approved and not used; the approval lapsed at {to_text(standing.lapses_at)}.",
            ask,
        )
    elif standing.state in ("rejected", "withdrawn", "revoked"):
        yield Unmet(
            f"approval.{standing.state}",
            f"{where} was {standing.state}.",
            "Make a new version, then ask for a review.",
        )
    elif standing.state == "changes_requested":
        yield Unmet(
            "approval.changes_requested",
            f"{where}: a reviewer asked for changes.",
            "Make them in a new version and ask for a review of it, or let the reviewer decide again.",
        )
    elif standing.state != "approved":
        for missing in standing.missing:
            yield _unmet(where, missing)


def _unmet(where: str, missing: Missing) -> Unmet:
    people = "1 person" if missing.count == 1 else f"{missing.count} people"
    who = "who wrote none of it and decided nothing else about it"
    if missing.step == "review":
        return Unmet(
            "approval.review",
            f"{where} lacks a review.",
            f"{people} with the role reviewer, {who}.",
        )
    if missing.step == "validate":
        return Unmet(
            "approval.validation",
            f"{where} lacks an independent validation.",
            f"{people} with the role validator, {who}.",
        )
    risk = "; one with the role risk" if missing.from_risk else ""
    return Unmet(
        "approval.approval",
        f"{where} lacks {missing.count} approval{'s' if missing.count > 1 else ''}{' of the control function' if missing.from_risk and missing.count == 1 else ''}.",
        f"{people} with the role approver or risk, {who}{risk}.",
    )
