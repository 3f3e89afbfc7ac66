"""Legal holds: while one is in force nothing of a project, or of the installation, is removed or erased."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from promptops_server.audit.model import AuditEvent, AuditObject
from promptops_server.audit.record import record
from promptops_server.audit.tables import legal_hold
from promptops_server.infra import cursor
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.infra.project_lock import lock_project


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold; without `project_id` on the whole installation. Times in microseconds since 1970."""

    id: str
    project_id: str | None
    reason: str
    placed_by: str
    placed_at: int
    lifted_by: str | None
    lifted_at: int | None
    lift_reason: str | None


def require_no_hold(conn: Connection, project_id: str | None) -> None:
    """Ask before anything is removed, redacted or erased; hold the project's lock from before this question on.

    Raises:
        Denied: with the rule ``legal_hold``, while a hold on the project or on the installation is in force.
    """
    of: ColumnElement[bool] = legal_hold.c.project_id.is_(None)
    if project_id is not None:
        of = or_(of, legal_hold.c.project_id == project_id)
    found = conn.execute(
        select(legal_hold.c.id, legal_hold.c.reason)
        .where(of, legal_hold.c.lifted_at.is_(None))
        .limit(1)
    ).first()
    if found is not None:
        raise Denied(
            f"A legal hold is in force: {found.reason}",
            rule="legal_hold",
            remedy=f"Nothing is removed until hold {found.id} is lifted.",
        )


def place_hold(
    tx: Transaction,
    actor: Actor,
    *,
    project_id: str | None,
    project: str | None,
    reason: str,
    rule: str | None = None,
) -> Hold:
    """Put a project, or without one the installation, under a hold.

    Raises:
        Invalid: there is no reason.
    """
    reason = _reason(reason)
    if project_id is not None:
        lock_project(tx.conn, project_id)
    made = Hold(new_id(), project_id, reason, actor.subject, tx.now, None, None, None)
    tx.conn.execute(
        insert(legal_hold).values(
            id=made.id,
            project_id=project_id,
            reason=reason,
            placed_by=made.placed_by,
            placed_at=made.placed_at,
        )
    )
    record(
        tx,
        AuditEvent(
            "hold.place",
            AuditObject("legal-hold", made.id),
            actor,
            project=project,
            after={"lifted": False},
            reason=reason,
            rule=rule,
        ),
        project_id=project_id,
    )
    return made


def lift_hold(
    tx: Transaction,
    actor: Actor,
    hold: Hold,
    *,
    project: str | None,
    reason: str,
    rule: str | None = None,
) -> Hold:
    """End a hold.

    Raises:
        Invalid: there is no reason.
        Conflict: it was lifted already.
    """
    reason = _reason(reason)
    if hold.project_id is not None:
        lock_project(tx.conn, hold.project_id)
    done = tx.conn.execute(
        update(legal_hold)
        .where(legal_hold.c.id == hold.id, legal_hold.c.lifted_at.is_(None))
        .values(lifted_by=actor.subject, lifted_at=tx.now, lift_reason=reason)
    )
    if not done.rowcount:
        raise Conflict(f"Hold {hold.id} was lifted already.", slug="hold-lifted")
    record(
        tx,
        AuditEvent(
            "hold.lift",
            AuditObject("legal-hold", hold.id),
            actor,
            project=project,
            before={"lifted": False},
            after={"lifted": True},
            reason=reason,
            rule=rule,
        ),
        project_id=hold.project_id,
    )
    return get_hold(tx.conn, hold.id)


def get_hold(conn: Connection, hold_id: str) -> Hold:
    """The hold of that id. Raises NotFound."""
    row = conn.execute(select(legal_hold).where(legal_hold.c.id == hold_id)).first()
    if row is None:
        raise NotFound(
            f"There is no hold {hold_id[:100]}.", remedy="`promptops hold list` shows them."
        )
    return Hold(*row)


def list_holds(
    conn: Connection, *, project_id: str | None, lifted: bool, limit: int, after: str | None
) -> cursor.Page[Hold]:
    """Holds, newest first; of one project with those on the installation; `lifted`: those that ended too."""
    query = select(legal_hold)
    if project_id is not None:
        query = query.where(
            or_(legal_hold.c.project_id == project_id, legal_hold.c.project_id.is_(None))
        )
    if not lifted:
        query = query.where(legal_hold.c.lifted_at.is_(None))
    if after:
        query = query.where(legal_hold.c.id < cursor.decode(after, str)[0])
    rows = conn.execute(query.order_by(legal_hold.c.id.desc()).limit(limit + 1))
    return cursor.page([Hold(*row) for row in rows], limit, lambda hold: (hold.id,))


def _reason(given: str) -> str:
    if not given.strip():
        raise Invalid("A hold needs a reason.", remedy="Say which case or order it is for.")
    return given.strip()
