"""The account of somebody the identity provider vouches for: made at the first sign-in, kept up to date at each.

Known by (issuer, sub) alone. An existing account of the same name or e-mail address is never taken over; an
administrator links the two (`identity.link`). Roles that come from groups are marked by who granted them (`sso`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import insert, select, update

from promptops_server import audit
from promptops_server.access import confirmation, users
from promptops_server.access.grants import add_grant, remove_grant
from promptops_server.access.model import User
from promptops_server.access.sign_in.oidc.id_token import SignInRefused
from promptops_server.access.sign_in.tables import sso_identity
from promptops_server.access.tables import grant, user
from promptops_server.infra.actor import SYSTEM, Grant
from promptops_server.infra.database import Transaction
from promptops_server.infra.plain_text import control_in

SSO: Final = replace(SYSTEM, subject="sso", name="sso")
"""Who grants and takes the roles that come from groups."""
_LONGEST = {"name": 200, "email": 320}


@dataclass(frozen=True, slots=True)
class Groups:
    """The setting: which claim lists the groups, and which grants each gives."""

    claim: str
    grants: Mapping[str, Collection[str]]

    def wanted(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """The grants of the groups in an ID token; no claim, no grants."""
        named = claims.get(self.claim) or ()
        groups = [named] if isinstance(named, str) else named if isinstance(named, list) else ()
        return frozenset(
            item
            for group in groups
            if isinstance(group, str)
            for item in self.grants.get(group, ())
        )


def account_of(tx: Transaction, issuer: str, claims: Mapping[str, Any], groups: Groups) -> User:
    """The account of verified claims, made when new; name, e-mail and roles as the provider says today.

    Raises:
        SignInRefused: the account is deactivated.
    """
    known = sso_identity.c
    row = tx.conn.execute(
        select(known.user_id).where(known.issuer == issuer, known.subject == claims["sub"])
    ).first()
    if row is None:
        account = _make(tx, issuer, claims)
    else:
        found = users.user_by_id(tx.conn, row.user_id)
        assert found is not None  # a foreign key
        account = found
        tx.conn.execute(
            update(sso_identity)
            .where(known.issuer == issuer, known.subject == claims["sub"])
            .values(last_at=tx.now)
        )
    if not account.active:
        raise SignInRefused(
            f"User {account.name} is deactivated.", remedy="Ask an administrator to reactivate it."
        )
    _describe(tx, account, claims)
    _grant(tx, account, groups.wanted(claims))
    found = users.user_by_id(tx.conn, account.id)
    assert found is not None
    return found


def user_ids_of(tx: Transaction, issuer: str, subject: str) -> list[str]:
    """The accounts somebody at the provider signs in to."""
    known = sso_identity.c
    rows = tx.conn.execute(
        select(known.user_id).where(known.issuer == issuer, known.subject == subject)
    )
    return [row.user_id for row in rows]


def _make(tx: Transaction, issuer: str, claims: Mapping[str, Any]) -> User:
    base = _name(claims)
    name, number = base, 1
    while users.find_user(tx.conn, name) is not None:
        number += 1
        name = f"{base[:90]}-{number}"
    account = users.create_user(tx, SSO, name)
    confirmation.note_own(tx, account.id)
    tx.conn.execute(
        insert(sso_identity).values(
            issuer=issuer,
            subject=claims["sub"],
            user_id=account.id,
            created_at=tx.now,
            last_at=tx.now,
        )
    )
    return account


def _name(claims: Mapping[str, Any]) -> str:
    """A user name from what the provider calls the person."""
    for claim in ("preferred_username", "email", "sub"):
        if isinstance(claims.get(claim), str):
            plain = re.sub(r"[^A-Za-z0-9._@-]", "-", claims[claim])[:90].lstrip("._@-")
            if plain:
                return plain
    return "person"


def _describe(tx: Transaction, account: User, claims: Mapping[str, Any]) -> None:
    """Take over the display name, and the e-mail address when the provider has verified it."""
    display = _text(claims, "name") or account.display_name
    email = _text(claims, "email") if claims.get("email_verified") is True else account.email
    if (display, email) == (account.display_name, account.email):
        return
    tx.conn.execute(
        update(user)
        .where(user.c.id == account.id)
        .values(
            display_name=display,
            email=email,
            email_fold=email.casefold()[:320] if email else None,
        )
    )
    changed = [
        n
        for n, old, new in (
            ("display_name", account.display_name, display),
            ("email", account.email, email),
        )
        if old != new
    ]
    audit.record(
        tx,
        audit.AuditEvent(
            "user.describe",
            audit.AuditObject("user", account.name, person=account.id),
            SSO,
            after={"changed": changed},
        ),
    )


def _grant(tx: Transaction, account: User, wanted: frozenset[str]) -> None:
    """Give what the groups give, take back what they gave before; grants by hand stay."""
    rows = tx.conn.execute(
        select(grant.c.project, grant.c.role, grant.c.module, grant.c.environment).where(
            grant.c.user_id == account.id, grant.c.granted_by == SSO.subject
        )
    )
    managed = {Grant(*row) for row in rows}
    given = {Grant.parse(item) for item in wanted}
    for one in sorted(managed - given, key=str):
        remove_grant(
            tx,
            SSO,
            account.name,
            one.project,
            one.role,
            module=one.module,
            environment=one.environment,
        )
    for one in sorted(given - managed, key=str):
        add_grant(
            tx,
            SSO,
            account.name,
            one.project,
            one.role,
            module=one.module,
            environment=one.environment,
        )


def _text(claims: Mapping[str, Any], claim: str) -> str | None:
    value = claims.get(claim)
    if not isinstance(value, str) or not value.strip() or control_in(value, lines=False):
        return None
    return value.strip()[: _LONGEST[claim]]
