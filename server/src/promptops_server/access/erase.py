"""Erase a person: their account becomes a pseudonym, and what the audit logs hold of them is deleted.

The account's row and its id stay, so what they did stays attributable to one nameless person. The audit events stay as
they were hashed; only the values beside them go (`audit.personal`).
"""

from __future__ import annotations

from sqlalchemy import delete, select, update

from promptops_server import audit
from promptops_server.access.sign_in import sessions
from promptops_server.access.sign_in.tables import (
    recovery_code,
    signing_session,
    sso_identity,
    totp,
)
from promptops_server.access.tables import token, user
from promptops_server.access.users import get_user
from promptops_server.audit import erasures, holds, personal
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Invalid

PREFIX = "erased-"


def erase_person(tx: Transaction, actor: Actor, name: str, reason: str) -> str:
    """Make the account a pseudonym, end its tokens, and ask for the erasure beside the logs; returns the new name.

    Raises:
        NotFound: no such user.
        Invalid: there is no reason.
        Conflict: it is the actor themself, was erased before, or is the last administrator.
        Denied: a legal hold is in force on the installation or on a project in whose log they appear.
    """
    found = get_user(tx.conn, name)
    if not reason.strip():
        raise Invalid("An erasure needs a reason.", remedy="Say on whose request it is done.")
    if found.id == actor.subject:
        raise Conflict(
            "Nobody erases themself.", remedy="Ask another administrator.", slug="self-erasure"
        )
    if found.name.startswith(PREFIX) and not found.active:
        raise Conflict(f"{found.name} was erased before.", slug="erased")
    holds.require_no_hold(tx.conn, None)
    for log_id in personal.logs_about(tx.conn, found.id, found.name):
        holds.require_no_hold(tx.conn, log_id)
    pseudonym = PREFIX + found.id
    tx.conn.execute(
        update(user)
        .where(user.c.id == found.id)
        .values(
            name=pseudonym,
            name_fold=pseudonym,
            display_name=pseudonym,
            email=None,
            email_fold=None,
            password_hash=None,
            active=False,
        )
    )
    sessions.end_all(tx, found.id)
    for table in (totp, recovery_code, sso_identity, signing_session):
        tx.conn.execute(delete(table).where(table.c.user_id == found.id))
    live = select(token.c.id).where(token.c.user_id == found.id, token.c.revoked_at.is_(None))
    tx.conn.execute(update(token).where(token.c.id.in_(live)).values(revoked_at=tx.now))
    erasures.ask(tx, found.id, found.name)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.erase",
            audit.AuditObject("user", pseudonym, person=found.id),
            actor,
            after={"active": False},
            reason=reason.strip(),
        ),
    )
    return pseudonym
