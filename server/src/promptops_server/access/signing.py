"""Who may sign now, with what: the components of an electronic signature (21 CFR 11.200).

The first signature of a session needs two components: password and code, or for an account without an app its name and
password; the next within a continuous period one. Only people sign, each for themself, and nobody with a password or a
second factor that an administrator chose, nor with an account that waits for a confirmation. Owns the components; what is signed and its meaning belong to the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from promptops_server.access import users
from promptops_server.access.identity import identity_of
from promptops_server.access.sign_in import sessions, throttle, totp
from promptops_server.access.sign_in.tables import browser_session, signing_session
from promptops_server.access.tables import token, user
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import Denied
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.setting_sections import AccessSettings

ACTION: Final = "signature:verify"


@dataclass(frozen=True, slots=True)
class Components:
    """What the person typed for this signature."""

    password: str | None = None
    code: str | None = None

    def __repr__(self) -> str:
        """Never shows them: a value in a traceback ends in a log."""
        return "Components(…)"


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who has just proved who they are. `at` is the transaction's time (microseconds)."""

    subject: str
    identity: str
    printed_name: str
    components: tuple[str, ...]
    """``name``, ``password``, ``code``, ``sso``: what was proved, in that order."""
    session: str
    at: int


@dataclass(frozen=True, slots=True)
class SigningDeps:
    """What verifying needs. `sealer` is the one of `totp.SEALED_FOR`."""

    db: Database
    sealer: Sealer
    rules: AccessSettings


@dataclass(frozen=True, slots=True)
class Asked:
    """What a signature would ask for now. `blocked` says why none is possible, and what to do."""

    first: bool
    components: tuple[tuple[str, ...], ...]
    """Alternatives, each a set of what to give: ``password``, ``code``, ``sso``."""
    period_ends_at: int | None
    blocked: str | None = None
    remedy: str = ""
    rule: str = ""


def verify_signer(
    tx: Transaction, actor: Actor, components: Components, *, deps: SigningDeps
) -> Signer:
    """Check the components within the transaction of what is signed.

    A refusal counts as a wrong sign-in once the transaction is over.

    Raises:
        Denied: the actor cannot sign, a component is missing or wrong; `asked` says what is needed.
        TooManyAttempts: too many wrong passwords or codes.
    """
    asked = _asked(tx.conn, actor, deps.rules, tx.now)
    if asked.blocked is not None:
        raise _refused(asked.blocked, asked.rule, asked.remedy)
    given = {
        name
        for name, value in (("password", components.password), ("code", components.code))
        if value
    }
    wanted = next((c for c in asked.components if set(c) - {"sso"} <= given), None)
    if wanted is None:
        raise _refused(
            "A component of the signature is missing.",
            "signature.components",
            "Give " + " or ".join(" and ".join(c) for c in asked.components) + ".",
            asked=[list(c) for c in asked.components],
        )
    throttle.refuse_if_waiting(tx.conn, actor.name, actor.ip, tx.now)
    proved = ["sso"] if "sso" in wanted else []
    # Whatever was given is checked, also what was not asked for.
    if "password" in given:
        found = users.check_password(tx.conn, actor.name, components.password or "")
        if found is None or found.id != actor.subject:
            raise _wrong(tx, actor, deps.db, "The password is wrong.")
        proved += ["name", "password"] if asked.first and "code" not in given else ["password"]
    if "code" in given:
        if not totp.accept(tx, actor.subject, components.code or "", deps.sealer):
            raise _wrong(tx, actor, deps.db, "The code is wrong, or was used before.")
        proved.append("code")
    session = actor.session or ""
    _note(tx, actor.subject, session, first=asked.first)
    throttle.note_success(tx, actor.name, actor.ip)
    account = users.user_by_id(tx.conn, actor.subject)
    assert account is not None  # it stands behind what was asked
    return Signer(
        subject=actor.subject,
        identity=identity_of(tx.conn, actor.subject),
        printed_name=account.display_name,
        components=tuple(proved),
        session=session,
        at=tx.now,
    )


def what_is_asked(conn: Connection, actor: Actor, rules: AccessSettings) -> Asked:
    """What a signature of the actor would ask for now."""
    return _asked(conn, actor, rules, now_us())


def _asked(conn: Connection, actor: Actor, rules: AccessSettings, now: int) -> Asked:
    blocked = _blocked_by_kind(actor)
    if blocked is not None:
        return blocked
    row = conn.execute(
        select(
            user.c.active, user.c.password_hash, user.c.password_set_by_other, user.c.reset_at
        ).where(user.c.id == actor.subject)
    ).first()
    if row is None or not row.active or not _is_live(conn, actor, rules, now):
        return _no("This sign-in is over.", "signature.session", "Sign in again.")
    if row.password_hash and row.password_set_by_other:
        return _no(
            "Somebody else chose your password: it proves nothing yet.",
            "signature.password-set-by-other",
            "Change it first: `promptops me password`.",
        )
    if totp.was_reset(conn, actor.subject):
        return _no(
            "An administrator took your authenticator app away.",
            "signature.code-reset",
            "Enrol one again first: `promptops me totp enrol`.",
        )
    if row.reset_at is not None:
        return _no(
            "An administrator changed how you sign in, or linked your accounts.",
            "signature.unconfirmed",
            f"Another administrator confirms that it is you: `promptops user confirm {actor.name}`.",
        )
    enrolled = totp.is_enrolled(conn, actor.subject)
    if not enrolled and (rules.signatures_need_code or not row.password_hash):
        return _no(
            "Signing needs an authenticator app.",
            "signature.code-needed",
            "Enrol one first: `promptops me totp enrol`.",
        )
    period = _period(conn, actor, rules, now)
    if period is not None:
        one: list[tuple[str, ...]] = [("password",)] if row.password_hash else []
        return Asked(False, (*one, *([("code",)] if enrolled else [])), period)
    if row.password_hash:
        return Asked(True, (("password", "code") if enrolled else ("password",),), None)
    proved = sessions.last_proof(conn, actor.subject, now)
    if now - proved > int(rules.fresh_sign_in_minutes * sessions.MINUTE_US):
        return _no(
            f"The identity provider saw you more than {rules.fresh_sign_in_minutes:g} minutes ago.",
            "signature.sso-again",
            "Sign in there again first: /auth/oidc/start?again=1 in your browser.",
        )
    return Asked(True, (("sso", "code"),), None)


def _blocked_by_kind(actor: Actor) -> Asked | None:
    """Who never signs."""
    if actor.kind != "person":
        return _no("Only people sign.", "signature.person", "Let a person sign.")
    if actor.auth_method == "operator":
        return _no(
            "A token made on the server's machine signs nothing.",
            "signature.operator",
            "Sign in as yourself: `promptops login`.",
        )
    if actor.auth_method not in ("password", "sso", "token") or actor.session is None:
        return _no(
            "Signing needs a session.", "signature.session", "Sign in first: `promptops login`."
        )
    if actor.scope.environment is not None:
        return _no(
            "A delivery token signs nothing.", "signature.scope", "Sign in: `promptops login`."
        )
    return None


def _is_live(conn: Connection, actor: Actor, rules: AccessSettings, now: int) -> bool:
    """Asked of the database, since an actor may be remembered for a moment after a revocation."""
    row: Any
    if actor.auth_method == "token":
        row = conn.execute(
            select(token.c.revoked_at, token.c.expires_at, token.c.auth_method).where(
                token.c.id == actor.session, token.c.user_id == actor.subject
            )
        ).first()
        return (
            row is not None
            and row.revoked_at is None
            and (row.expires_at is None or row.expires_at > now)
            and row.auth_method == "token"
        )
    s = browser_session.c
    row = conn.execute(
        select(s.ended_at, s.expires_at, s.limited).where(
            s.id == actor.session, s.user_id == actor.subject
        )
    ).first()
    return row is not None and row.ended_at is None and row.expires_at > now and not row.limited


def _period(conn: Connection, actor: Actor, rules: AccessSettings, now: int) -> int | None:
    """When the continuous period ends that the actor is in; None outside one."""
    last = conn.execute(
        select(signing_session.c.last_at).where(
            signing_session.c.user_id == actor.subject, signing_session.c.session == actor.session
        )
    ).scalar()
    if last is None:
        return None
    ends = int(last) + int(rules.signing_minutes * sessions.MINUTE_US)
    return ends if ends > now else None


def _note(tx: Transaction, user_id: str, session: str, *, first: bool) -> None:
    s = signing_session.c
    values = {"last_at": tx.now, **({"started_at": tx.now} if first else {})}
    done = tx.conn.execute(
        update(signing_session).where(s.user_id == user_id, s.session == session).values(**values)
    )
    if done.rowcount == 0:
        tx.conn.execute(
            insert(signing_session).values(
                user_id=user_id, session=session, started_at=tx.now, last_at=tx.now
            )
        )


def _no(blocked: str, rule: str, remedy: str) -> Asked:
    return Asked(True, (), None, blocked, remedy, rule)


def _refused(detail: str, rule: str, remedy: str, **members: Any) -> Denied:
    return Denied(detail, rule=rule, remedy=remedy, action=ACTION, **members)


def _wrong(tx: Transaction, actor: Actor, db: Database, detail: str) -> Denied:
    tx.afterwards(lambda: throttle.count_failure(db, actor.name, actor.ip))
    return _refused(detail, "signature.wrong", "Nothing was signed; try again.")
