"""`/audit/checkpoints`, `/proof`, `/consistency`, `/exports`: what lets an outsider check the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, select

from promptops.audit.merkle import consistency_proof, inclusion_proof
from promptops_server.audit.checkpoints import CheckpointDeps, Log, list_checkpoints, newest
from promptops_server.audit.export import Asked, begin_export, cef_lines, export_lines
from promptops_server.audit.model import INSTALLATION_LOG
from promptops_server.audit.moments import moment
from promptops_server.audit.removed import removed
from promptops_server.audit.tables import audit_event
from promptops_server.audit.tree import StoredTree
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.infra.problems import BadRequest, Conflict, Gone, NotFound

_Size = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class EvidenceDeps:
    """`project_id` turns a name into a row id (raising NotFound); `keys` is the published list of signing keys."""

    checkpoints: CheckpointDeps
    authorise: Authorise
    project_id: Callable[[Connection, str], str]
    keys: Callable[[], bytes]


class SignedCheckpointOut(BaseModel):
    """`text` is exactly what was signed; the other members repeat what it says."""

    size: int
    root: str
    time: str
    text: str
    key_id: str
    signature: str


class CheckpointPage(BaseModel):
    """Checkpoints, the longest first."""

    items: list[SignedCheckpointOut]
    next: str | None


class InclusionProof(BaseModel):
    """`proof` joins the entry to the root of the tree of `size` entries (RFC 9162, 2.1.3); hashes in hex."""

    log_id: str
    seq: int
    size: int
    entry_hash: str
    root: str
    proof: list[str]


class ConsistencyProof(BaseModel):
    """`proof` shows that the tree of `from` is the beginning of the one of `to` (RFC 9162, 2.1.4)."""

    model_config = ConfigDict(populate_by_name=True)

    log_id: str
    first: int = Field(alias="from")
    second: int = Field(alias="to")
    proof: list[str]


class ExportBody(BaseModel):
    """Which log (without `project` the installation's), and from and until (not included) when."""

    model_config = ConfigDict(extra="forbid")

    project: str | None = None
    since: str | None = None
    until: str | None = None
    format: Literal["jsonl", "cef"] = "jsonl"


def router(deps: EvidenceDeps) -> APIRouter:
    """The routes by which the log is checked."""
    api = APIRouter(tags=["audit"], responses=problem_responses(400, 401, 403, 404))
    db = deps.checkpoints.db

    def log_of(conn: Connection, who: Actor, project: str | None) -> Log:
        require(deps.authorise, who, "audit:read", Resource(project=project))
        if project is None:
            return Log(INSTALLATION_LOG, INSTALLATION_LOG)
        return Log(deps.project_id(conn, project), project)

    @api.get("/audit/checkpoints", summary="A log's signed checkpoints, the longest first")
    def checkpoints(
        who: ActorDep,
        project: str | None = None,
        limit: Annotated[int, Query(ge=1, le=pages.MAX_LIMIT)] = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> CheckpointPage:
        with db.read() as conn:
            of = log_of(conn, who, project)
            page = list_checkpoints(conn, of.log_id, limit=limit, after=cursor)
        items = [
            SignedCheckpointOut(
                size=signed.checkpoint.size,
                root=signed.checkpoint.root,
                time=signed.checkpoint.time,
                **signed.to_value(),
            )
            for signed in page.items
        ]
        return CheckpointPage(items=items, next=page.next)

    @api.get(
        "/audit/proof",
        summary="That an entry is in the log as a checkpoint says",
        responses=problem_responses(409, 410),
    )
    def proof(
        who: ActorDep,
        seq: Annotated[int, Query(ge=1, le=2**31 - 1)],
        project: str | None = None,
        size: _Size = None,
    ) -> InclusionProof:
        with db.read() as conn:
            of = log_of(conn, who, project)
            longest = _checkpointed(conn, of, size or seq)
            of_size = size or longest
            if seq > of_size:
                raise BadRequest(
                    f"Entry {seq} is not among the first {of_size} of the log.",
                    remedy="Ask for a size of at least `seq`.",
                )
            gone = removed(conn, of.log_id)
            if gone is not None and seq <= gone.size:
                raise Gone(
                    f"The first {gone.size} entries of the audit log {of.name} were removed under retention.",
                    remedy="The log's checkpoints still cover them; an export made before has them.",
                )
            tree = StoredTree(conn, of.log_id)
            with _entries_missing(of):
                path = inclusion_proof(seq - 1, of_size, tree.node)
                root = tree.root(of_size)
            entry_hash = conn.execute(
                select(audit_event.c.entry_hash).where(
                    audit_event.c.log_id == of.log_id, audit_event.c.seq == seq
                )
            ).scalar_one_or_none()
        if entry_hash is None:
            raise _missing(of)
        return InclusionProof(
            log_id=of.log_id,
            seq=seq,
            size=of_size,
            entry_hash=entry_hash,
            root=root.hex(),
            proof=[step.hex() for step in path],
        )

    @api.get(
        "/audit/consistency",
        summary="That a log only grew between two sizes",
        responses=problem_responses(409),
    )
    def consistency(
        who: ActorDep,
        first: Annotated[int, Query(alias="from", ge=1, le=2**31 - 1)],
        project: str | None = None,
        second: Annotated[int | None, Query(alias="to", ge=1, le=2**31 - 1)] = None,
    ) -> ConsistencyProof:
        with db.read() as conn:
            of = log_of(conn, who, project)
            longest = _checkpointed(conn, of, second or first)
            to = second or longest
            if first > to:
                raise BadRequest(
                    f"`from` is {first}, which is more than `to`, {to}.",
                    remedy="Give the smaller size as `from`.",
                )
            with _entries_missing(of):
                path = consistency_proof(first, to, StoredTree(conn, of.log_id).node)
        return ConsistencyProof(
            log_id=of.log_id, first=first, second=to, proof=[step.hex() for step in path]
        )

    @api.post(
        "/audit/exports",
        summary="The log as JSON lines that can be checked offline; the export is audited",
        response_class=StreamingResponse,
        responses={200: {"content": {"application/x-ndjson": {}, "text/plain": {}}}},
    )
    def export(body: ExportBody, who: ActorDep) -> StreamingResponse:
        since, until = moment("since", body.since), moment("until", body.until)
        with db.read() as conn:
            of = log_of(conn, who, body.project)
            require(deps.authorise, who, "audit:export", Resource(project=body.project))
            asked = Asked(of, since, until)
        begin_export(deps.checkpoints, who, asked)
        if body.format == "cef":
            return StreamingResponse(cef_lines(db, asked), media_type="text/plain; charset=utf-8")
        return StreamingResponse(
            export_lines(db, deps.keys, asked), media_type="application/x-ndjson"
        )

    return api


def _checkpointed(conn: Connection, of: Log, size: int) -> int:
    """The size of the log's longest checkpoint.

    Raises:
        NotFound: it is less than `size`.
    """
    last = newest(conn, of.log_id)
    there: int = last.size if last else 0
    if size > there:
        raise NotFound(
            f"The longest checkpoint of the audit log {of.name} is over {there} entries, less than {size}.",
            remedy="Wait for the next checkpoint, or ask for a smaller size.",
        )
    return there


@contextmanager
def _entries_missing(of: Log) -> Iterator[None]:
    try:
        yield
    except LookupError:
        raise _missing(of) from None


def _missing(of: Log) -> Conflict:
    return Conflict(
        f"Entries of the audit log {of.name} are missing; it proves nothing any more.",
        remedy="Export it and run `promptops audit verify` with the checkpoint file.",
        slug="audit-past-changed",
    )
