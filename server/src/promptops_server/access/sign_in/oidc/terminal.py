"""`promptops login --sso`: a command line without a browser signs in through one elsewhere.

The terminal gets a secret to ask with and shows a short code; the person signs in in any browser and types the code
there. Typing it, instead of following a link that holds it, is what keeps somebody from signing in a stranger's terminal.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from promptops_server import audit
from promptops_server.access import tokens, users
from promptops_server.access.model import Token, secret_hash
from promptops_server.access.sign_in import throttle
from promptops_server.access.sign_in.tables import sso_terminal
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import NotFound, Unauthenticated, Unavailable

SECONDS: Final = 600
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words; 8 of 20 letters are 34 bits
_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the terminal shows (`code`) and keeps (`secret`)."""

    code: str
    secret: str


def ask(tx: Transaction) -> Asked:
    """A terminal wants to sign somebody in.

    Raises:
        Unavailable: a thousand others wait already.
    """
    tx.conn.execute(delete(sso_terminal).where(sso_terminal.c.expires_at <= tx.now))
    waiting = tx.conn.execute(select(func.count()).select_from(sso_terminal)).scalar() or 0
    if waiting >= _MOST_AT_ONCE:
        raise Unavailable("Too many terminals wait for a sign-in.", remedy="Try again in a while.")
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    made = Asked(f"{letters[:4]}-{letters[4:]}", secrets.token_urlsafe(32))
    tx.conn.execute(
        insert(sso_terminal).values(
            id=new_id(),
            code_hash=_code_hash(made.code),
            secret_hash=secret_hash(made.secret),
            user_id=None,
            expires_at=tx.now + SECONDS * 1_000_000,
        )
    )
    return made


def approve(db: Database, actor: Actor, code: str) -> None:
    """The person says that the terminal showing `code` is theirs.

    Raises:
        NotFound: no terminal shows it.
        TooManyAttempts: too many wrong codes.
    """
    counted = f"terminal code of {actor.name}"
    with db.read() as conn:
        throttle.refuse_if_waiting(conn, counted, actor.ip, now_us())
    with db.write() as tx:
        found = tx.conn.execute(
            update(sso_terminal)
            .where(
                sso_terminal.c.code_hash == _code_hash(code),
                sso_terminal.c.expires_at > tx.now,
                sso_terminal.c.user_id.is_(None),
            )
            .values(user_id=actor.subject)
        )
        if found.rowcount:
            audit.record(
                tx,
                audit.AuditEvent(
                    "session.approve_terminal",
                    audit.AuditObject("user", actor.name, person=actor.subject),
                    actor,
                ),
            )
            return
    throttle.count_failure(db, counted, actor.ip)
    raise NotFound("No terminal shows this code.", remedy="Type it as the terminal shows it.")


def collect(
    tx: Transaction, secret: str, name: str, *, ip: str | None, longest_days: float | None
) -> tuple[Token, str] | None:
    """The terminal's token, once its person has approved it; None while they have not.

    Raises:
        Unauthenticated: the terminal waited too long, or has its token already.
    """
    waiting = sso_terminal.c
    row = tx.conn.execute(
        select(sso_terminal).where(
            waiting.secret_hash == secret_hash(secret), waiting.expires_at > tx.now
        )
    ).first()
    if row is None:
        raise Unauthenticated(
            "This sign-in is over.",
            remedy="Run `promptops login --sso` again.",
            slug="session-over",
        )
    if row.user_id is None:
        return None
    gone = tx.conn.execute(delete(sso_terminal).where(waiting.id == row.id))
    account = users.user_by_id(tx.conn, row.user_id)
    if gone.rowcount == 0 or account is None or not account.active:
        raise Unauthenticated("This sign-in is over.", remedy="Run `promptops login --sso` again.")
    actor = Actor(
        account.id,
        account.name,
        auth_method="sso",
        ip=ip,
        person=account.person,
        admin=account.admin,
    )
    return tokens.mint(tx, actor, account, name=name, longest_days=longest_days)


def _code_hash(code: str) -> str:
    return secret_hash("".join(c for c in code.upper() if c in _ALPHABET))
