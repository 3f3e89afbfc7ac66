"""People of a project, to be chosen as reviewers and approvers: who holds a role there, found by the beginning of a name.

Besides, what accounts are called, so that pages can show people by the name they go by.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, select

from promptops_server.access.tables import grant, user
from promptops_server.access.users import begins_with
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import EVERY_PROJECT, Grant


@dataclass(frozen=True, slots=True)
class Chosen:
    """A person with the grants that touch the project, by role."""

    name: str
    display_name: str
    grants: tuple[Grant, ...]


def people_of(
    conn: Connection, project: str, *, q: str, role: str, limit: int, cursor: str | None
) -> pages.Page[Chosen]:
    """Active people with a role on the project, by name. `q` begins the name, or a word of the display name.

    Raises:
        BadRequest: the cursor is not from here.
    """
    touches = [grant.c.user_id == user.c.id, grant.c.project.in_((project, EVERY_PROJECT))]
    if role:
        touches.append(grant.c.role == role)
    query = (
        select(user.c.id, user.c.name, user.c.name_fold, user.c.display_name)
        .where(user.c.active, user.c.kind == "person", exists().where(*touches))
        .order_by(user.c.name_fold)
        .limit(limit + 1)
    )
    wanted = begins_with(q)
    if wanted is not None:
        query = query.where(wanted)
    if cursor:
        query = query.where(user.c.name_fold > pages.decode(cursor, str)[0])
    rows: Any = conn.execute(query).all()
    held: dict[str, list[Grant]] = {row.id: [] for row in rows}
    grants = conn.execute(
        select(grant)
        .where(grant.c.user_id.in_(held), grant.c.project.in_((project, EVERY_PROJECT)))
        .order_by(grant.c.role, grant.c.project, grant.c.module, grant.c.environment)
    )
    for row in grants:
        held[row.user_id].append(Grant(row.project, row.role, row.module, row.environment))
    page = pages.page(rows, limit, lambda row: (str(row.name_fold),))
    return pages.Page(
        [Chosen(row.name, row.display_name, tuple(held[row.id])) for row in page.items], page.next
    )


def display_names(conn: Connection, names: Collection[str]) -> dict[str, str]:
    """What the accounts with these names are called, also deactivated ones; names that are no account's are left out."""
    folded = {name: name.casefold() for name in names}
    rows = conn.execute(
        select(user.c.name_fold, user.c.display_name).where(user.c.name_fold.in_(folded.values()))
    )
    found = {row.name_fold: row.display_name for row in rows}
    return {name: found[fold] for name, fold in folded.items() if fold in found}
