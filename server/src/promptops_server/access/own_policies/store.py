"""The rows of the installation's own policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from promptops_server.access.cedar import OwnPolicy
from promptops_server.access.tables import access_policy, user


@dataclass(frozen=True, slots=True)
class Stored:
    """A policy as it is kept. `created_at` (microseconds) is when this text was put."""

    name: str
    text: str
    comment: str
    author: str
    """The account's name."""
    created_at: int
    active: bool

    @property
    def tag(self) -> str:
        """The entity tag of this text, as `If-Match` takes it."""
        return f"p{self.created_at}"

    @property
    def policy(self) -> OwnPolicy:
        """What decides."""
        return OwnPolicy(self.name, self.text, self.comment)


_QUERY = select(
    access_policy.c.name,
    access_policy.c.text,
    access_policy.c.comment,
    user.c.name,
    access_policy.c.created_at,
    access_policy.c.active,
).outerjoin(user, user.c.id == access_policy.c.author)


def active(conn: Connection) -> list[Stored]:
    """Those in force, by name."""
    query = _QUERY.where(access_policy.c.active).order_by(access_policy.c.name)
    return [_stored(row) for row in conn.execute(query)]


def in_force(conn: Connection) -> tuple[OwnPolicy, ...]:
    """What decides now, in a stable order."""
    return tuple(stored.policy for stored in active(conn))


def find(conn: Connection, name: str) -> Stored | None:
    """The one in force of that name, or None."""
    row = conn.execute(_QUERY.where(access_policy.c.name == name, access_policy.c.active)).first()
    return None if row is None else _stored(row)


def put(conn: Connection, policy: OwnPolicy, *, author: str, now: int) -> None:
    """Write it under its name, in the place of one that was there, in force or removed."""
    conn.execute(delete(access_policy).where(access_policy.c.name == policy.name))
    conn.execute(
        insert(access_policy).values(
            name=policy.name,
            text=policy.text,
            comment=policy.comment,
            author=author,
            created_at=now,
            active=True,
        )
    )


def deactivate(conn: Connection, name: str) -> None:
    """Take it out of force."""
    conn.execute(update(access_policy).where(access_policy.c.name == name).values(active=False))


def _stored(row: Any) -> Stored:
    return Stored(row[0], row[1], row[2], row[3] or "", row[4], row[5])
