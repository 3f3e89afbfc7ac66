"""Roles granted to people and service accounts: give, take back, list.

Nobody grants to themself, neither to this account nor to another one of the same human.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from promptops.format.names import InvalidName, check_name, check_path
from promptops_server import audit
from promptops_server.access.roles import EVERY_PROJECT, GRANTED_ROLES
from promptops_server.access.tables import grant, user
from promptops_server.access.users import get_user, grants_of, identity_of
from promptops_server.infra.actor import Actor, Grant
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Held:
    """A grant and the account that holds it. `granted_by` is a name; empty when a group of the identity provider gives it."""

    user: str
    grant: Grant
    display_name: str
    kind: str
    active: bool
    granted_by: str
    created_at: int
    """Microseconds since 1970."""


def list_grants(conn: Connection, project: str | None = None) -> list[Held]:
    """All grants by user; of one project, including the grants on every project."""
    giver = user.alias()
    query = (
        select(
            user.c.name,
            user.c.display_name,
            user.c.kind,
            user.c.active,
            func.coalesce(giver.c.name, "").label("granted_by"),
            grant.c.created_at,
            grant.c.project,
            grant.c.role,
            grant.c.module,
            grant.c.environment,
        )
        .join(user, user.c.id == grant.c.user_id)
        .outerjoin(giver, giver.c.id == grant.c.granted_by)
        .order_by(
            user.c.name_fold, grant.c.project, grant.c.module, grant.c.environment, grant.c.role
        )
    )
    if project is not None:
        query = query.where(grant.c.project.in_((project, EVERY_PROJECT)))
    return [
        Held(
            user=row.name,
            grant=Grant(row.project, row.role, row.module, row.environment),
            display_name=row.display_name,
            kind=row.kind,
            active=row.active,
            granted_by=row.granted_by,
            created_at=row.created_at,
        )
        for row in conn.execute(query)
    ]


def add_grant(
    tx: Transaction,
    actor: Actor,
    name: str,
    project: str,
    role: str,
    *,
    module: str = "",
    environment: str = "",
    rule: str | None = None,
) -> bool:
    """Grant a role, on a project or `EVERY_PROJECT`; False when it was held already.

    Args:
        module: only for what lies in this folder of the project; empty for all of it.
        environment: only for what is done in this environment; empty for any.
        rule: the access rule that lets the actor grant, for the audit event.

    Raises:
        Invalid: no such role, one that is not granted (`admin`, `delivery`), or a place that breaks the grammar.
        NotFound: there is no such user.
        Conflict: the actor would grant a role to themself.
    """
    wanted = Grant(project, role, module, environment)
    check_grant(wanted)
    found = get_user(tx.conn, name)
    if found.id == actor.subject or identity_of(tx.conn, found.id) == actor.identity:
        raise Conflict(
            "Nobody grants roles to themself"
            + ("." if found.id == actor.subject else f": {found.name} is your account too."),
            remedy="Ask another administrator.",
            slug="self-grant",
        )
    if str(wanted) in grants_of(tx.conn, found.id):
        return False
    tx.conn.execute(
        insert(grant).values(
            id=new_id(),
            user_id=found.id,
            project=project,
            module=module,
            environment=environment,
            role=role,
            granted_by=actor.subject,
            created_at=tx.now,
        )
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "grant.add",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            project=None if project == EVERY_PROJECT else project,
            environment=environment or None,
            after=_told(wanted),
            rule=rule,
        ),
    )
    return True


def remove_grant(
    tx: Transaction,
    actor: Actor,
    name: str,
    project: str,
    role: str,
    *,
    module: str = "",
    environment: str = "",
    rule: str | None = None,
) -> None:
    """Take a role back: exactly the grant named, not wider or narrower ones.

    Raises:
        NotFound: it was not granted.
    """
    found = get_user(tx.conn, name)
    gone = Grant(project, role, module, environment)
    if str(gone) not in grants_of(tx.conn, found.id):
        raise NotFound(
            f"{found.name} does not hold {role} on {gone.place}.",
            remedy="`promptops user list` shows what is held.",
        )
    tx.conn.execute(
        delete(grant).where(
            grant.c.user_id == found.id,
            grant.c.project == project,
            grant.c.module == module,
            grant.c.environment == environment,
            grant.c.role == role,
        )
    )
    audit.record(
        tx,
        audit.AuditEvent(
            "grant.remove",
            audit.AuditObject("user", found.name, person=found.id),
            actor,
            project=None if project == EVERY_PROJECT else project,
            environment=environment or None,
            before=_told(gone),
            rule=rule,
        ),
    )


def check_grant(wanted: Grant) -> None:
    """Refuse what cannot be granted.

    Raises:
        Invalid: the role, or a name that breaks the grammar; or a module without its project.
    """
    if wanted.role not in GRANTED_ROLES:
        raise Invalid(
            f"{wanted.role!r} is not a role that can be granted.",
            remedy=f"Roles: {', '.join(GRANTED_ROLES)}.",
        )
    if wanted.module and wanted.project == EVERY_PROJECT:
        raise Invalid(
            "A module belongs to one project.", remedy="Name the project, or leave the module away."
        )
    try:
        if wanted.project != EVERY_PROJECT:
            check_name(wanted.project)
        if wanted.module:
            check_path(wanted.module)
        if wanted.environment:
            check_name(wanted.environment)
    except InvalidName as error:
        raise Invalid(
            f"A role cannot be granted on {wanted.place[:200]!r}: {error}.",
            remedy="Give project, module (without a closing slash) and environment as they are named.",
        ) from None


def _told(one: Grant) -> dict[str, str]:
    limits = {"module": one.module, "environment": one.environment}
    return {"project": one.project, "role": one.role} | {k: v for k, v in limits.items() if v}
