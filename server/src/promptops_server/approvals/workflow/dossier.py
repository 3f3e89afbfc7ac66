"""Everything the workflow knows about one version, for evidence: requests, decisions with signatures, comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from promptops_server.access.users import names_of
from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.comments import list_comments
from promptops_server.registry.model import Project, Version

MAX_COMMENTS = 500


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision, as it was made and bound."""

    verdict: str
    role: str
    name: str
    identity: str
    at: int
    reason: str
    accepted: tuple[str, ...]
    conditions: str
    report_hash: str | None
    behaviour: str
    record: str
    tier: str
    signature: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment."""

    by: str
    at: int
    line: int | None
    body: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request for review."""

    number: int
    state: str
    tier: str
    behaviour: str
    record: str
    message: str
    opened_by: str
    opened_at: int
    approved_at: int | None
    decisions: tuple[DecisionView, ...]
    comments: tuple[CommentView, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The requests about a version's content, oldest first."""

    requests: tuple[RequestView, ...]


def dossier_of(conn: Connection, project: Project, version: Version) -> Dossier:
    """All requests about the content of `version` at its address."""
    rows = [
        row
        for row in store.of_path(conn, project.id, version.path)
        if (row.request.binding.behaviour, row.request.binding.record)
        == (version.behaviour, version.record)
    ]
    decisions = store.decisions_of(conn, {row.id for row in rows})
    names = names_of(conn, {row.opened_by for row in rows})
    return Dossier(
        tuple(
            RequestView(
                number=row.number,
                state=row.state,
                tier=row.request.binding.tier,
                behaviour=row.request.binding.behaviour,
                record=row.request.binding.record,
                message=row.message,
                opened_by=names.get(row.opened_by, row.opened_by),
                opened_at=row.request.opened_at,
                approved_at=row.approved_at,
                decisions=tuple(_decision(d) for d in decisions[row.id]),
                comments=tuple(
                    CommentView(c.name, c.at, c.line, c.body, c.resolved_at is not None)
                    for c in list_comments(conn, row.id, limit=MAX_COMMENTS, after=None).items
                ),
            )
            for row in reversed(rows)
        )
    )


def _decision(row: store.DecisionRow) -> DecisionView:
    made = row.decision
    return DecisionView(
        made.verdict,
        made.role,
        made.name,
        made.identity,
        made.at,
        made.reason,
        tuple(sorted(made.accepted)),
        row.conditions,
        row.report_hash,
        made.binding.behaviour,
        made.binding.record,
        made.binding.tier,
        row.signature,
    )
