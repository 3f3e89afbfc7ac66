"""Accounts whose sign-in somebody else changed: they sign nothing until a second person has confirmed them.

An account is established once its person set the password themself, enrolled an app, or came from the identity provider.
Whoever resets an established account could act as its person; so could whoever links another account to it. Another
administrator, who was established before that, asks the person and confirms. Owns that mark; `signing` heeds it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from promptops_server import audit
from promptops_server.access.identity import REASON_MINIMUM, identities_of, identity_of
from promptops_server.access.sign_in.tables import totp
from promptops_server.access.tables import user
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound

_LINK = "link:"
_MOST = 50


def note_own(tx: Transaction, user_id: str) -> None:
    """The person did something only they could do: the account is established from now on."""
    tx.conn.execute(
        update(user)
        .where(user.c.id == user_id, user.c.established_at.is_(None))
        .values(established_at=tx.now)
    )


def note_by_other(tx: Transaction, actor: Actor, user_id: str) -> None:
    """Somebody else changed how the person signs in. A new account, not established yet, needs no confirmation."""
    row = _row(tx.conn, user.c.id == user_id)
    if row is not None and row.established_at is not None:
        _mark(tx, row, actor.subject)


def note_link(tx: Transaction, actor: Actor, person: str, moved: frozenset[str]) -> None:
    """Accounts were linked: all that `moved`, and all but the longest established, sign nothing until confirmed.

    Otherwise an account made for the purpose would sign as the person it was linked to.
    """
    rows = tx.conn.execute(
        select(user).where(user.c.person == person).order_by(user.c.created_at, user.c.id)
    ).all()
    established = [row for row in rows if row.established_at is not None]
    if not established:
        return
    first = min(established, key=lambda row: row.established_at)
    for row in rows:
        if row.id != first.id or row.id in moved:
            _mark(tx, row, _LINK + actor.subject)


def note_at_provider(tx: Transaction, user_id: str) -> bool:
    """The person, signed in at the identity provider, enrolled a new app: what an administrator reset is theirs again.

    Not where there is a password, which may be known to somebody else, nor where accounts were linked.
    """
    row = _row(tx.conn, user.c.id == user_id)
    if row is None or row.reset_at is None or row.password_hash is not None:
        return False
    if any(by.startswith(_LINK) for by in (row.reset_by or "").split()):
        return False
    _clear(tx, user_id)
    return True


def confirm(tx: Transaction, actor: Actor, name: str, reason: str) -> None:
    """Say, having asked the person, that the account is in their hands: it may sign again.

    Raises:
        NotFound: no such account.
        Invalid: the reason is too short.
        Conflict: nothing is to be confirmed, or the person has not chosen a password or enrolled an app of their own yet.
        Denied: the actor made the change, is the person, or was no established administrator before it.
    """
    row = _row(tx.conn, user.c.name_fold == name.casefold())
    if row is None:
        raise NotFound(f"There is no user {name}.", remedy="`GET /api/v1/users` lists them.")
    if len(reason.strip()) < REASON_MINIMUM:
        raise Invalid(
            "A confirmation needs a reason.",
            remedy=f"Say how you know, with at least {REASON_MINIMUM} characters.",
        )
    if row.reset_at is None:
        raise Conflict(f"Nothing about {row.name} waits for a confirmation.")
    if row.password_hash and row.password_set_by_other:
        raise Conflict(
            f"{row.name} still has a password that somebody else chose.",
            remedy="Let them change it first: `promptops me password`.",
        )
    if _app_was_reset(tx.conn, row.id):
        raise Conflict(
            f"{row.name} has not enrolled an authenticator app again.",
            remedy="Let them do it first: `promptops me totp enrol`.",
        )
    _check_confirmer(tx.conn, actor, row)
    _clear(tx, row.id)
    audit.record(
        tx,
        audit.AuditEvent(
            "user.confirm",
            audit.AuditObject("user", row.name, person=row.id),
            actor,
            before={"changed_by": (row.reset_by or "").split()},
            reason=reason.strip(),
        ),
    )


def _check_confirmer(conn: Connection, actor: Actor, row: Any) -> None:
    if actor.kind != "person" or actor.session is None or actor.auth_method == "operator":
        raise _denied("Only a person who signed in as themself confirms.", "user.confirm.person")
    own = _row(conn, user.c.id == actor.subject)
    mine = identity_of(conn, actor.subject)
    changed_by = {by.removeprefix(_LINK) for by in (row.reset_by or "").split()}
    involved = {*identities_of(conn, changed_by).values(), row.person or row.id}
    if mine in involved or actor.subject in changed_by:
        raise _denied(
            "Whoever made the change, or is the person, does not confirm it.", "user.confirm.own"
        )
    if own is None or not own.admin or not own.active:
        raise _denied("Only an administrator confirms.", "user.confirm.admin")
    if own.established_at is None or own.established_at >= row.reset_at:
        raise _denied(
            "Who confirms was an administrator with a password of their own before the change.",
            "user.confirm.later",
        )
    if own.reset_at is not None or own.password_set_by_other or _app_was_reset(conn, own.id):
        raise _denied(
            "Your own sign-in was changed by somebody else and is not confirmed.",
            "user.confirm.unconfirmed",
        )


def _mark(tx: Transaction, row: Any, by: str) -> None:
    all_by = [*(row.reset_by or "").split()]
    if by not in all_by and len(all_by) >= _MOST:
        raise Conflict(
            f"{row.name} was changed by {_MOST} accounts without a confirmation.",
            remedy="Confirm or deactivate it first.",
        )
    if by not in all_by:
        all_by.append(by)
    # The first time counts: who confirms was there before any of it.
    tx.conn.execute(
        update(user)
        .where(user.c.id == row.id)
        .values(reset_at=row.reset_at or tx.now, reset_by=" ".join(all_by))
    )


def _clear(tx: Transaction, user_id: str) -> None:
    tx.conn.execute(update(user).where(user.c.id == user_id).values(reset_at=None, reset_by=None))


def _app_was_reset(conn: Connection, user_id: str) -> bool:
    return bool(
        conn.execute(select(totp.c.reset_by_other).where(totp.c.user_id == user_id)).scalar()
    )


def _row(conn: Connection, which: Any) -> Any:
    return conn.execute(select(user).where(which)).first()


def _denied(detail: str, rule: str) -> Denied:
    return Denied(
        detail,
        rule=rule,
        remedy="Ask an administrator who had nothing to do with the change.",
        action="user:confirm",
    )
