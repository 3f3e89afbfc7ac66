"""Who may do this here? The accounts a decision would let through, with the grants that open it, asked of the policies.

Every account that holds a grant touching the project, and every administrator, is judged by the same decision a request
of theirs would meet, signed in themself: what one of their tokens narrows is not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from promptops_server.access.model import User
from promptops_server.access.sign_in.oidc.accounts import SSO
from promptops_server.access.tables import grant, user
from promptops_server.access.users import get_user
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import EVERY_PROJECT, Actor, Grant, grants_in
from promptops_server.infra.authorise import (
    Action,
    Authorise,
    Decision,
    Resource,
)

Gated = Callable[[str], bool]
"""Whether an environment of the project asks for approval."""
BUDGET = 1_000
"""Accounts judged for one page: a page may be short and still have a `next`."""
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Opening:
    """A grant that opens the action. `by` is a user's row id, or says that a group of the identity provider gives it."""

    grant: Grant
    by: str
    since: int
    """Microseconds since 1970."""

    @property
    def from_group(self) -> bool:
        """Whether it comes from a group of the identity provider, and goes with it."""
        return self.by == SSO.subject


@dataclass(frozen=True, slots=True)
class May:
    """An account and the answer for it. Without `openings`, a yes comes from being an administrator."""

    user: User
    decision: Decision
    everywhere: bool
    """False: only where the openings hold, which is a part of the place asked about."""
    openings: tuple[Opening, ...]


def who_may(
    conn: Connection,
    authorise: Authorise,
    action: Action,
    place: Resource,
    gated: Gated,
    *,
    limit: int,
    cursor: str | None,
) -> pages.Page[May]:
    """The accounts that may, by name.

    Raises:
        BadRequest: the cursor is not from here.
    """
    after = pages.decode(cursor, str)[0] if cursor else ""
    found: list[May] = []
    for _ in range(BUDGET // _BATCH):
        some = _candidates(conn, place.project, after)
        held = _held(conn, [one.id for one in some], place.project)
        for one in some:
            may = _judge(authorise, action, place, gated, one, held.get(one.id, ()))
            if may.decision.allowed:
                found.append(may)
        if len(found) > limit:
            return pages.page(found, limit, lambda may: (may.user.name.casefold(),))
        if len(some) < _BATCH:
            return pages.Page(found, None)
        after = some[-1].name.casefold()
    return pages.Page(found, pages.encode(after))


def may_one(
    conn: Connection,
    authorise: Authorise,
    action: Action,
    place: Resource,
    gated: Gated,
    name: str,
) -> May:
    """The answer for one account, also when it is no.

    Raises:
        NotFound: there is no such user.
    """
    one = get_user(conn, name)
    if not one.active:
        refused = Decision(
            False,
            "actor.inactive",
            f"{one.name} is deactivated.",
            "Ask an administrator to activate the account.",
        )
        return May(one, refused, False, ())
    return _judge(
        authorise, action, place, gated, one, _held(conn, [one.id], place.project).get(one.id, ())
    )


def _judge(
    authorise: Authorise,
    action: Action,
    place: Resource,
    gated: Gated,
    one: User,
    held: Sequence[Opening],
) -> May:
    actor = _as(one, frozenset(str(each.grant) for each in held))
    whole = authorise(actor, action, place)
    decision = whole if whole.allowed else _somewhere(authorise, actor, action, place, gated)
    if not decision.allowed:
        return May(one, whole, False, ())
    openings = tuple(
        each
        for each in held
        if _somewhere(
            authorise, _as(one, frozenset({str(each.grant)}), admin=False), action, place, gated
        ).allowed
    )
    return May(one, decision, whole.allowed, openings)


def _somewhere(
    authorise: Authorise, actor: Actor, action: Action, place: Resource, gated: Gated
) -> Decision:
    """The first yes inside the place where one of the actor's grants is limited to a part of it; else the whole's no."""
    whole = authorise(actor, action, place)
    if whole.allowed:
        return whole
    for held in grants_in(actor.roles):
        there = _part(place, held, gated)
        if there is not None and (decision := authorise(actor, action, there)).allowed:
            return decision
    return whole


def _part(place: Resource, held: Grant, gated: Gated) -> Resource | None:
    """Where a grant holds inside a place; None where they do not meet, or it is no part of it."""
    path, environment = place.path or "", place.environment
    approval = place.approval_required
    if held.module and not path.startswith(f"{held.module}/"):
        if not f"{held.module}/".startswith(path):
            return None
        path = f"{held.module}/"
    if held.environment and environment is None:
        environment, approval = held.environment, gated(held.environment)
    there = replace(place, path=path or None, environment=environment, approval_required=approval)
    return None if there == place else there


def _as(one: User, roles: frozenset[str], *, admin: bool | None = None) -> Actor:
    return Actor(
        subject=one.id,
        name=one.name,
        kind="service" if one.kind == "service" else "person",
        roles=roles,
        admin=one.admin if admin is None else admin,
        auth_method="token" if one.kind == "service" else "password",
        person=one.person,
    )


def _candidates(conn: Connection, project: str | None, after: str) -> list[User]:
    columns: tuple[Any, ...] = (
        user.c.id, user.c.name, user.c.display_name, user.c.email, user.c.kind, user.c.admin, user.c.active,
        user.c.created_at, user.c.person, user.c.reset_at,
    )  # fmt: skip
    holds = exists().where(grant.c.user_id == user.c.id, grant.c.project.in_(_projects(project)))
    rows: Any = conn.execute(
        select(*columns)
        .where(user.c.name_fold > after, user.c.active, or_(user.c.admin, holds))
        .order_by(user.c.name_fold)
        .limit(_BATCH)
    )
    return [User(*row) for row in rows]


def _held(
    conn: Connection, ids: Collection[str], project: str | None
) -> Mapping[str, Sequence[Opening]]:
    found: dict[str, list[Opening]] = defaultdict(list)
    rows = conn.execute(
        select(grant)
        .where(grant.c.user_id.in_(ids), grant.c.project.in_(_projects(project)))
        .order_by(grant.c.project, grant.c.module, grant.c.environment, grant.c.role)
    )
    for row in rows:
        held = Grant(row.project, row.role, row.module, row.environment)
        found[row.user_id].append(Opening(held, row.granted_by, row.created_at))
    return found


def _projects(project: str | None) -> tuple[str, ...]:
    return (EVERY_PROJECT,) if project is None else (project, EVERY_PROJECT)
