"""Requests, decisions and comments as rows: written, and read back as values."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from promptops_server.approvals.workflow.model import (
    OPEN,
    Binding,
    Decision,
    Request,
    State,
    Tier,
    Verdict,
)
from promptops_server.approvals.workflow.tables import review_decision, review_request
from promptops_server.infra import cursor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import NotFound

CHUNK = 200
"""Addresses in one query."""

# As tuples, not as a list of alternatives: those take longer to write and to plan than to answer.
_OF_CONTENTS = (
    select(review_request)
    .where(
        tuple_(review_request.c.prompt_id, review_request.c.behaviour, review_request.c.record).in_(
            bindparam("contents", expanding=True)
        )
    )
    .order_by(review_request.c.number)
)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with what lists show of it; `request` is what the rules look at."""

    id: str
    project_id: str
    prompt_id: int
    path: str
    version: int
    message: str
    asked: tuple[str, ...]
    """User ids of the people asked."""
    state: State
    opened_by: str
    """The requester's user id."""
    approved_at: int | None
    request: Request

    @property
    def number(self) -> int:
        return self.request.number


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision with what only evidence needs of it."""

    decision: Decision
    subject: str
    auth_method: str
    conditions: str
    report_hash: str | None
    signature: Mapping[str, Any] | None


def next_number(conn: Connection, project_id: str) -> int:
    """The number of the project's next request; the project lock is held."""
    newest = conn.execute(
        select(func.max(review_request.c.number)).where(review_request.c.project_id == project_id)
    ).scalar()
    return (newest or 0) + 1


def add_request(tx: Transaction, row: RequestRow) -> None:
    """Write a request."""
    found = row.request
    tx.conn.execute(
        insert(review_request).values(
            id=row.id,
            project_id=row.project_id,
            number=found.number,
            prompt_id=row.prompt_id,
            path=row.path,
            version=row.version,
            behaviour=found.binding.behaviour,
            record=found.binding.record,
            tier=found.binding.tier,
            message=row.message,
            asked=json.dumps(row.asked),
            state=row.state,
            opened_by=row.opened_by,
            opened_identity=found.opened_by,
            opened_at=found.opened_at,
        )
    )


def set_state(
    tx: Transaction, request_id: str, state: State, *, approved_at: int | None = None
) -> None:
    """Note what the decisions come to now."""
    tx.conn.execute(
        update(review_request)
        .where(review_request.c.id == request_id)
        .values(state=state, approved_at=approved_at)
    )


def mark_used(tx: Transaction, request_ids: Sequence[str]) -> None:
    """The approvals were used: they lapse no more."""
    for some in _chunks(request_ids):
        tx.conn.execute(
            update(review_request)
            .where(review_request.c.id.in_(some), review_request.c.used_at.is_(None))
            .values(used_at=tx.now)
        )


def add_decision(tx: Transaction, row: RequestRow, given: DecisionRow) -> None:
    """Append a decision to a request."""
    position = tx.conn.execute(
        select(func.count())
        .select_from(review_decision)
        .where(review_decision.c.request_id == row.id)
    ).scalar_one()
    made = given.decision
    tx.conn.execute(
        insert(review_decision).values(
            request_id=row.id,
            position=position,
            project_id=row.project_id,
            verdict=made.verdict,
            subject=given.subject,
            identity=made.identity,
            name=made.name,
            role=made.role,
            auth_method=given.auth_method,
            at=made.at,
            reason=made.reason,
            behaviour=made.binding.behaviour,
            record=made.binding.record,
            tier=made.binding.tier,
            accepted=json.dumps(sorted(made.accepted)),
            conditions=given.conditions,
            report_hash=given.report_hash,
            signature=json.dumps(given.signature) if given.signature else None,
        )
    )


def get_request(conn: Connection, project_id: str, number: int) -> RequestRow:
    """A project's request by number.

    Raises:
        NotFound: there is none.
    """
    row = None
    if 0 < number < 2**31:  # what the column holds
        row = conn.execute(
            select(review_request).where(
                review_request.c.project_id == project_id, review_request.c.number == number
            )
        ).first()
    if row is None:
        raise NotFound(
            f"There is no request #{str(number)[:20]} in this project.",
            remedy="`promptops review list` shows them.",
        )
    return _request(row)


def newest_of_content(
    conn: Connection, contents: Collection[tuple[int, str, str]]
) -> dict[tuple[int, str, str], RequestRow]:
    """The newest request per (prompt id, behaviour, record); contents nobody asked about are left out."""
    found: dict[tuple[int, str, str], RequestRow] = {}
    for some in _chunks(sorted(contents)):
        for row in conn.execute(_OF_CONTENTS, {"contents": some}):
            found[row.prompt_id, row.behaviour, row.record] = _request(row)
    return found


def revoked_contents(
    conn: Connection, contents: Collection[tuple[int, str, str, int]]
) -> dict[tuple[int, str, str, int], int]:
    """Per (prompt id, behaviour, record, version) the request whose approval was revoked and not given anew since.

    The version counts beside the record digest: what was revoked stays so when records are judged by newer rules.
    """
    columns = review_request.c
    ids = {content[0] for content in contents}
    rows: dict[tuple[int, str], list[Any]] = {}
    with_revoked: set[int] = set()
    for some in _chunks(sorted(ids)):
        query = select(columns.prompt_id).where(
            columns.prompt_id.in_(some), columns.state == "revoked"
        )
        with_revoked.update(row.prompt_id for row in conn.execute(query))
    for some in _chunks(sorted(with_revoked)):
        query = (
            select(columns.prompt_id, columns.behaviour, columns.record)
            .add_columns(columns.version, columns.state, columns.number)
            .where(columns.prompt_id.in_(some), columns.state.in_(("revoked", "approved")))
            .order_by(columns.number)
        )
        for row in conn.execute(query):
            rows.setdefault((row.prompt_id, row.behaviour), []).append(row)
    found: dict[tuple[int, str, str, int], int] = {}
    for content in contents:
        prompt_id, behaviour, record, number = content
        about = [
            row
            for row in rows.get((prompt_id, behaviour), ())
            if record == row.record or number == row.version
        ]
        if about and about[-1].state == "revoked":
            found[content] = about[-1].number
    return found


def decisions_of(conn: Connection, request_ids: Collection[str]) -> dict[str, list[DecisionRow]]:
    """Decisions per request, in the order they were made."""
    found: dict[str, list[DecisionRow]] = {request_id: [] for request_id in request_ids}
    for some in _chunks(sorted(request_ids)):
        query = (
            select(review_decision)
            .where(review_decision.c.request_id.in_(some))
            .order_by(review_decision.c.request_id, review_decision.c.position)
        )
        for row in conn.execute(query):
            found[row.request_id].append(_decision(row))
    return found


def approved_versions(conn: Connection, prompt_ids: Collection[int]) -> dict[int, list[int]]:
    """Versions with an approval, per prompt: what later versions are compared with, and whose authors no longer count."""
    found: dict[int, list[int]] = {}
    for some in _chunks(sorted(prompt_ids)):
        query = select(review_request.c.prompt_id, review_request.c.version).where(
            review_request.c.prompt_id.in_(some), review_request.c.state == "approved"
        )
        for row in conn.execute(query):
            found.setdefault(row.prompt_id, []).append(row.version)
    return found


def open_of_prompt(conn: Connection, prompt_id: int) -> list[RequestRow]:
    """Requests about a prompt that wait for decisions."""
    query = (
        select(review_request)
        .where(
            review_request.c.prompt_id == prompt_id,
            review_request.c.state.in_(("in_review", "changes_requested", "reviewed")),
        )
        .order_by(review_request.c.number)
    )
    return [_request(row) for row in conn.execute(query)]


def requests_in(
    conn: Connection, project_ids: Sequence[str], since: int, last: str, limit: int
) -> list[RequestRow]:
    """Requests that wait for somebody, oldest first, after the one opened at `since` with id `last`.

    Approved ones wait while they are unused.
    """
    found: list[Any] = []
    for some in _chunks(project_ids):
        query = (
            select(review_request)
            .where(
                review_request.c.project_id.in_(some),
                or_(
                    review_request.c.state.in_(("in_review", "changes_requested", "reviewed")),
                    and_(review_request.c.state == "approved", review_request.c.used_at.is_(None)),
                ),
                or_(
                    review_request.c.opened_at > since,
                    and_(review_request.c.opened_at == since, review_request.c.id > last),
                ),
            )
            .order_by(review_request.c.opened_at, review_request.c.id)
            .limit(limit)
        )
        found.extend(conn.execute(query))
    found.sort(key=lambda row: (row.opened_at, row.id))
    return [_request(row) for row in found[:limit]]


def of_path(conn: Connection, project_id: str, path: str, limit: int = 50) -> list[RequestRow]:
    """The newest requests about one address, newest first."""
    query = (
        select(review_request)
        .where(review_request.c.project_id == project_id, review_request.c.path == path)
        .order_by(review_request.c.number.desc())
        .limit(limit)
    )
    return [_request(row) for row in conn.execute(query)]


def page(
    conn: Connection,
    project_id: str,
    *,
    state: State | None,
    path: str | None,
    opened_by: str | None,
    limit: int,
    after: str | None,
    lapsed_before: int,
    still_open: bool = False,
    asked: str | None = None,
) -> cursor.Page[RequestRow]:
    """Requests of a project, newest first. Approvals given before `lapsed_before` and not used have lapsed.

    `still_open` leaves those about which somebody may still decide in favour, `asked` those that ask this user by name.
    """
    columns = review_request.c
    query = select(review_request).where(columns.project_id == project_id)
    if state in ("approved", "lapsed"):
        lapsed = and_(
            columns.used_at.is_(None),
            columns.approved_at <= lapsed_before,
            func.coalesce(columns.renewed_at, 0) <= lapsed_before,
        )
        query = query.where(
            columns.state == "approved", lapsed if state == "lapsed" else not_(lapsed)
        )
    elif state is not None:
        query = query.where(columns.state == state)
    if still_open:
        query = query.where(columns.state.in_(sorted(OPEN)))
    if asked is not None:
        # A JSON array of user ids: none is part of another, so the quoted id is found exactly.
        query = query.where(columns.asked.contains(json.dumps(asked), autoescape=True))
    if path is not None:
        query = query.where(
            or_(
                review_request.c.path == path,
                and_(review_request.c.path > f"{path}/", review_request.c.path < f"{path}0"),
            )
        )
    if opened_by is not None:
        query = query.where(review_request.c.opened_by == opened_by)
    if after is not None:
        query = query.where(review_request.c.number < cursor.decode(after, int)[0])
    rows = conn.execute(query.order_by(review_request.c.number.desc()).limit(limit + 1))
    return cursor.page([_request(row) for row in rows], limit, lambda r: (r.number,))


def _request(row: Any) -> RequestRow:
    return RequestRow(
        id=row.id,
        project_id=row.project_id,
        prompt_id=row.prompt_id,
        path=row.path,
        version=row.version,
        message=row.message,
        asked=tuple(json.loads(row.asked)),
        state=cast(State, row.state),
        opened_by=row.opened_by,
        approved_at=row.approved_at,
        request=Request(
            row.number,
            Binding(row.behaviour, row.record, cast(Tier, row.tier)),
            row.opened_identity,
            row.opened_at,
            row.used_at,
            row.renewed_at,
        ),
    )


def _decision(row: Any) -> DecisionRow:
    return DecisionRow(
        Decision(
            cast(Verdict, row.verdict),
            row.identity,
            row.name,
            row.role,
            row.at,
            Binding(row.behaviour, row.record, cast(Tier, row.tier)),
            row.reason,
            frozenset(json.loads(row.accepted)),
            row.signature is not None,
        ),
        row.subject,
        row.auth_method,
        row.conditions,
        row.report_hash,
        json.loads(row.signature) if row.signature else None,
    )


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    items = list(values)
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
