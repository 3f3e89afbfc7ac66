"""One person, one identity: which accounts belong to the same human.

An account is its own person until it is linked. Linked accounts share `user_account.person`, which separation of duties
compares. Owns linking and looking up; leaves accounts themselves to `users`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select, update

from promptops_server import audit
from promptops_server.access.tables import user
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound

REASON_MINIMUM = 15
"""Characters of a reason for undoing a link."""
_AT_ONCE = 500
Linked = Callable[[Transaction, Actor, str, frozenset[str]], None]


def identity_of(conn: Connection, user_id: str) -> str:
    """The identity behind an account; an unknown id (the system) is its own."""
    return identities_of(conn, (user_id,))[user_id]


def identities_of(conn: Connection, ids: Collection[str]) -> dict[str, str]:
    """The identity behind each account."""
    found = {wanted: wanted for wanted in ids}
    for part in _parts(ids):
        rows = conn.execute(select(user.c.id, user.c.person).where(user.c.id.in_(part)))
        found.update({row.id: row.person for row in rows if row.person})
    return found


def names_of_identities(conn: Connection, identities: Collection[str]) -> dict[str, str]:
    """What people call each identity: the name of its account, of several the oldest; unknown ones are left out."""
    found: dict[str, str] = {}
    for part in _parts(identities):
        rows = conn.execute(
            select(user.c.id, user.c.person, user.c.name)
            .where(user.c.person.in_(part) | user.c.id.in_(part))
            .order_by(user.c.created_at, user.c.id)
        )
        for row in rows:
            for identity in (row.person, row.id):
                if identity in identities:
                    found.setdefault(identity, row.name)
    return found


def people_by_email(conn: Connection, emails: Collection[str]) -> dict[str, str]:
    """The identity of the person each e-mail address belongs to; letter case does not count.

    Deactivated people are found too. An address that no person has, or that several have, is left out.
    """
    folded = {email: email.casefold() for email in emails}
    owners: dict[str, set[str]] = {}
    for part in _parts(set(folded.values())):
        rows = conn.execute(
            select(user.c.id, user.c.person, user.c.email_fold).where(
                user.c.email_fold.in_(part), user.c.kind == "person"
            )
        )
        for row in rows:
            owners.setdefault(row.email_fold, set()).add(row.person or row.id)
    return {
        email: next(iter(owners[fold]))
        for email, fold in folded.items()
        if len(owners.get(fold, ())) == 1
    }


def link(
    tx: Transaction, actor: Actor, name: str, same_as: str, reason: str | None, *, linked: Linked
) -> None:
    """Say that `name` and `same_as` are accounts of one human; whoever shares a person with `name` comes along.

    Args:
        linked: is told the shared person and the accounts that moved to it; see `confirmation.note_link`.

    Raises:
        NotFound: no such account.
        Invalid: one of them is a service account, or both names mean the same account.
    """
    account, other = _account(tx.conn, name), _account(tx.conn, same_as)
    if account.id == other.id:
        raise Invalid("An account is its own person already.", remedy="Name two accounts.")
    for row in (account, other):
        if row.kind != "person":
            raise Invalid(
                f"{row.name} is a service account: no person is behind it.",
                remedy="Link accounts of people only.",
            )
    before, after = account.person or account.id, other.person or other.id
    if before == after:
        return
    for row in (account, other):  # rows from before there were persons
        if not row.person:
            tx.conn.execute(update(user).where(user.c.id == row.id).values(person=row.id))
    moved = tx.conn.execute(select(user.c.id).where(user.c.person == before)).scalars().all()
    tx.conn.execute(update(user).where(user.c.person == before).values(person=after))
    linked(tx, actor, after, frozenset(moved))
    audit.record(
        tx,
        audit.AuditEvent(
            "user.link",
            audit.AuditObject("user", account.name, person=account.id),
            actor,
            before={"person": before},
            after={"person": after, "same_as": other.id},
            reason=reason,
        ),
    )


def unlink(tx: Transaction, actor: Actor, name: str, reason: str | None) -> None:
    """Make `name` a person of its own again.

    Raises:
        NotFound: no such account.
        Invalid: the reason is missing or too short.
        Conflict: the account shares its person with no other.
        Denied: it is the actor's own, who would get round separation of duties by it.
    """
    account = _account(tx.conn, name)
    if reason is None or len(reason.strip()) < REASON_MINIMUM:
        raise Invalid(
            "Undoing a link needs a reason.", remedy=f"Give at least {REASON_MINIMUM} characters."
        )
    before = account.person or account.id
    if before == identity_of(tx.conn, actor.subject):
        raise Denied(
            "Nobody unlinks their own accounts.",
            rule="person.own",
            remedy="Ask another administrator.",
        )
    others = tx.conn.execute(
        select(user.c.id).where(user.c.person == before, user.c.id != account.id)
    ).all()
    if not others:
        raise Conflict(f"{account.name} shares its person with no other account.")
    after = account.id if before != account.id else new_id()
    tx.conn.execute(update(user).where(user.c.id == account.id).values(person=after))
    audit.record(
        tx,
        audit.AuditEvent(
            "user.unlink",
            audit.AuditObject("user", account.name, person=account.id),
            actor,
            before={"person": before, "same_as": sorted(row.id for row in others)},
            after={"person": after},
            reason=reason.strip(),
        ),
    )


def _account(conn: Connection, name: str) -> Any:
    row = conn.execute(
        select(user.c.id, user.c.name, user.c.kind, user.c.person).where(
            user.c.name_fold == name.casefold()
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no user {name}.", remedy="`GET /api/v1/users` lists them.")
    return row


def _parts(values: Collection[str]) -> Iterator[list[str]]:
    left = iter(values)
    while part := list(islice(left, _AT_ONCE)):
        yield part
