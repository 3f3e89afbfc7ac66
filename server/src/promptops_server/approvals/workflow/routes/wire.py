"""The shapes of requests, decisions and papers on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from promptops_server.access.identity import names_of_identities
from promptops_server.access.users import names_of
from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.papers import Case
from promptops_server.approvals.workflow.status import Standing
from promptops_server.infra.clock import to_text
from promptops_server.registry.model import LivePlace


class In(BaseModel):
    """A request body: no unknown members."""

    model_config = ConfigDict(extra="forbid")


class SignatureOut(BaseModel):
    """A signature: whose, when, with which meaning, over what."""

    meaning: str
    name: str
    signed_at: str
    payload_hash: str
    components: list[str]


class DecisionOut(BaseModel):
    """One decision. `counts` is false when it was about other content, or somebody decided otherwise since."""

    decision: str
    by: str
    role: str
    at: str
    reason: str
    accepted: list[str] = Field(description="keys answered n/a whose reason was accepted")
    conditions: str
    report_hash: str | None
    counts: bool
    signature: SignatureOut | None


class MissingOut(BaseModel):
    """Decisions that are still missing."""

    step: str
    count: int
    from_risk: bool = Field(description="one of them comes from the control function (role risk)")


class LiveOut(BaseModel):
    """Where content is live."""

    environment: str
    version: int


class RequestOut(BaseModel):
    """A request for review and where it stands."""

    project: str
    request: int
    path: str
    version: int
    newest: int = Field(
        description="the newest version of the prompt; decisions are about `version`"
    )
    state: str
    tier: str
    behaviour: str
    record: str
    message: str
    opened_by: str
    opened_at: str
    asked: list[str]
    authors: list[str]
    missing: list[MissingOut]
    signatures: bool = Field(description="decisions in favour must be signed")
    not_applicable: dict[str, str] = Field(
        description="keys the record answers n/a, with the reason; for the reviewer to accept"
    )
    approved_at: str | None
    lapses_at: str | None
    used_at: str | None
    live: list[LiveOut] = Field(
        description="of a revoked request: where its content is live all the same; `suspend` stops it there"
    )
    decisions: list[DecisionOut]


class RequestPage(BaseModel):
    """Requests, newest first."""

    items: list[RequestOut]
    next: str | None


class GapOut(BaseModel):
    """One thing the record misses."""

    id: str
    key: str
    message: str
    fix: str


class StatusOut(BaseModel):
    """Where one version stands on its way to production."""

    address: str
    path: str
    version: int
    state: str = Field(description="draft, a request's state, or published")
    tier: str | None
    tier_missing: list[str]
    complete: bool
    gaps: list[GapOut]
    authors: list[str]
    unmapped_authors: list[str]
    request: RequestOut | None


def request_out(
    conn: Connection, project: str, standing: Standing, live: Sequence[LivePlace] = ()
) -> RequestOut:
    """A request with its decisions. `live` is where the content of a revoked one still is."""
    row, case = standing.row, standing.case
    progress = case.progress
    names = names_of(conn, {row.opened_by, *row.asked})
    people = names_of_identities(conn, case.authors.identities)
    bound = row.request
    return RequestOut(
        project=project,
        request=row.number,
        path=row.path,
        version=row.version,
        newest=standing.newest,
        state=progress.state if progress else row.state,
        tier=bound.binding.tier,
        behaviour=bound.binding.behaviour,
        record=bound.binding.record,
        message=row.message,
        opened_by=names.get(row.opened_by, row.opened_by),
        opened_at=to_text(bound.opened_at),
        asked=[names.get(user, user) for user in row.asked],
        authors=sorted(people.get(a, a) for a in case.authors.identities),
        missing=[
            MissingOut(step=m.step, count=m.count, from_risk=m.from_risk)
            for m in (progress.missing if progress else ())
        ],
        signatures=standing.demands.signatures,
        not_applicable=dict(case.documentation.not_applicable) if case.documentation else {},
        approved_at=_time((progress.approved_at if progress else None) or row.approved_at),
        lapses_at=_time(progress.lapses_at if progress else None),
        used_at=_time(bound.used_at),
        live=[LiveOut(environment=at.environment, version=at.version) for at in live],
        decisions=[decision_out(d, case) for d in case.decisions],
    )


def decision_out(made: store.DecisionRow, case: Case) -> DecisionOut:
    """One decision."""
    decision = made.decision
    return DecisionOut(
        decision=decision.verdict,
        by=decision.name,
        role=decision.role,
        at=to_text(decision.at),
        reason=decision.reason,
        accepted=sorted(decision.accepted),
        conditions=made.conditions,
        report_hash=made.report_hash,
        counts=case.progress is not None and decision in case.progress.counted,
        signature=_signature(made.signature),
    )


def status_out(
    conn: Connection,
    project: str,
    case: Case,
    standing: Standing | None,
    published: bool,
    live: Sequence[LivePlace] = (),
) -> StatusOut:
    """A version's papers."""
    documentation = case.documentation
    names = names_of_identities(conn, case.authors.identities)
    state = case.progress.state if case.progress else "draft"
    return StatusOut(
        address=case.version.address,
        path=case.version.path,
        version=case.version.number,
        state="published" if published else state,
        tier=documentation.tier if documentation else None,
        tier_missing=list(documentation.tier_missing) if documentation else [],
        complete=documentation is not None and documentation.complete,
        gaps=[GapOut(id=g.id, key=g.key, message=g.message, fix=g.fix) for g in case.gaps],
        authors=sorted(names.get(a, a) for a in case.authors.identities),
        unmapped_authors=list(case.authors.unmapped),
        request=request_out(conn, project, standing, live) if standing else None,
    )


def _signature(value: Mapping[str, Any] | None) -> SignatureOut | None:
    return None if value is None else SignatureOut(**value)


def _time(value: int | None) -> str | None:
    return to_text(value) if value is not None else None
