"""Time-based one-time codes (RFC 6238): enrol, confirm, check, take away.

Six digits, SHA-1, 30 seconds, as every authenticator app knows them; one step either side is accepted, none twice. The
secret is sealed with the installation's key, bound to the account. Owns the codes of an app; `recovery` has the others.
"""

from __future__ import annotations

import base64
import hmac
import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import pyotp
import segno
from sqlalchemy import Connection, insert, select, update

from promptops_server import audit
from promptops_server.access import confirmation
from promptops_server.access.model import User
from promptops_server.access.sign_in import recovery, sessions
from promptops_server.access.sign_in.tables import totp
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Invalid, Unavailable
from promptops_server.infra.sealing import SealBroken, Sealer

SEALED_FOR: Final = "promptops one-time code secrets"
STEP_US: Final = 30_000_000
ISSUER: Final = "PromptOps"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs; shown this once."""

    secret: str
    uri: str
    qr: str
    """The URI as a QR code of block characters."""


def is_enrolled(conn: Connection, user_id: str) -> bool:
    """Whether a confirmed app belongs to the account."""
    found = conn.execute(select(totp.c.confirmed_at).where(totp.c.user_id == user_id)).scalar()
    return found is not None


def enrolled_among(conn: Connection, user_ids: Collection[str]) -> frozenset[str]:
    """Those of the accounts that have a confirmed app."""
    query = select(totp.c.user_id).where(
        totp.c.user_id.in_(user_ids), totp.c.confirmed_at.is_not(None)
    )
    return frozenset(conn.execute(query).scalars())


def was_reset(conn: Connection, user_id: str) -> bool:
    """Whether an administrator took the app away and none was enrolled since."""
    return bool(
        conn.execute(select(totp.c.reset_by_other).where(totp.c.user_id == user_id)).scalar()
    )


def enrol(tx: Transaction, actor: Actor, account: User, sealer: Sealer) -> Enrolment:
    """Make a secret that waits for its first code. An app enrolled before stays valid until then.

    Raises:
        Invalid: it is a service account.
    """
    if account.kind != "person":
        raise Invalid(
            f"{account.name} is a service account: it has no second factor.",
            remedy="Service accounts use tokens.",
        )
    secret = pyotp.random_base32()
    pending = sealer.seal(base64.b32decode(secret), account.id)
    done = tx.conn.execute(update(totp).where(totp.c.user_id == account.id).values(pending=pending))
    if done.rowcount == 0:
        tx.conn.execute(
            insert(totp).values(
                user_id=account.id,
                sealed=None,
                pending=pending,
                confirmed_at=None,
                last_step=0,
                reset_by_other=False,
            )
        )
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.name, issuer_name=ISSUER)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.totp_enrol", audit.AuditObject("user", account.name, person=account.id), actor
        ),
    )
    return Enrolment(secret, uri, _qr(uri))


def confirm(
    tx: Transaction, actor: Actor, account: User, code: str, sealer: Sealer
) -> list[str] | None:
    """Take the waiting secret into use, if `code` is its code now; returns ten new recovery codes, None if it is not.

    Raises:
        Conflict: nothing waits.
    """
    row = tx.conn.execute(
        select(totp).where(totp.c.user_id == account.id).with_for_update()
    ).first()
    if row is None or row.pending is None:
        raise Conflict("No authenticator app waits for a code.", remedy="Enrol one first.")
    step = _step_of(_opened(sealer, row.pending, account.id), code, tx.now)
    if step is None:
        return None
    tx.conn.execute(
        update(totp)
        .where(totp.c.user_id == account.id)
        .values(
            sealed=row.pending,
            pending=None,
            confirmed_at=tx.now,
            last_step=step,
            reset_by_other=False,
        )
    )
    codes = recovery.replace_codes(tx, account.id)
    confirmation.note_own(tx, account.id)
    at_provider = actor.auth_method == "sso" and confirmation.note_at_provider(tx, account.id)
    ended = sessions.end_all(tx, account.id, keep=actor.session)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.totp_confirm",
            audit.AuditObject("user", account.name, person=account.id),
            actor,
            before={"enrolled": row.confirmed_at is not None, "reset": row.reset_by_other},
            after={
                "enrolled": True,
                "sessions_ended": ended,
                **({"confirmed_at_provider": True} if at_provider else {}),
            },
        ),
    )
    return codes


def accept(tx: Transaction, user_id: str, code: str, sealer: Sealer) -> bool:
    """Whether `code` is right now and was not used before; from here on it was."""
    row = tx.conn.execute(select(totp).where(totp.c.user_id == user_id)).first()
    if row is None or row.sealed is None or row.confirmed_at is None:
        return False
    step = _step_of(_opened(sealer, row.sealed, user_id), code, tx.now)
    if step is None:
        return False
    done = tx.conn.execute(
        update(totp)
        .where(totp.c.user_id == user_id, totp.c.last_step < step)
        .values(last_step=step)
    )
    return done.rowcount == 1


def remove(
    tx: Transaction, actor: Actor, account: User, *, by_other: bool, reason: str | None = None
) -> None:
    """Take the app and the recovery codes away. `by_other`: signing is refused until the person enrols again.

    All other sessions end.

    Raises:
        Conflict: there is none.
    """
    done = tx.conn.execute(
        update(totp)
        .where(totp.c.user_id == account.id, totp.c.confirmed_at.is_not(None))
        .values(sealed=None, pending=None, confirmed_at=None, reset_by_other=by_other)
    )
    if done.rowcount == 0:
        raise Conflict(f"{account.name} has no authenticator app.")
    recovery.forget_codes(tx, account.id)
    ended = sessions.end_all(tx, account.id, keep=None if by_other else actor.session)
    if by_other:
        confirmation.note_by_other(tx, actor, account.id)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.totp_reset" if by_other else "user.totp_off",
            audit.AuditObject("user", account.name, person=account.id),
            actor,
            before={"enrolled": True},
            after={"enrolled": False, "sessions_ended": ended},
            reason=reason,
        ),
    )


def _step_of(secret: bytes, code: str, now: int) -> int | None:
    """The time step whose code this is: now, the one before or the one after."""
    digits = code.replace(" ", "")
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    generator = pyotp.TOTP(base64.b32encode(secret).decode())
    current = now // STEP_US
    found = None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits):
            found = step
    return found


def _opened(sealer: Sealer, sealed: bytes, user_id: str) -> bytes:
    try:
        return sealer.open(sealed, user_id)
    except SealBroken:
        raise Unavailable(
            "The second factor was sealed with another installation secret.",
            remedy="Tell the operator: secret_key is not the one the codes were enrolled with.",
        ) from None


def _qr(uri: str) -> str:
    out = io.StringIO()
    segno.make(uri, error="m").terminal(out=out, compact=True, border=2)
    return out.getvalue()
