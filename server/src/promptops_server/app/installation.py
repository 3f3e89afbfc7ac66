"""The installation's identity and its first administrator: made once, at the first start on an empty database."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from promptops_server.access import users
from promptops_server.access.tables import user
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.infra.tables import installation

ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """The administrator made at this start; the password is shown once."""

    name: str
    password: str


def ensure_installation(db: Database) -> str:
    """The installation's id, made when the database has none."""
    with db.read() as conn:
        found = conn.execute(select(installation.c.id)).scalar()
    if found is not None:
        return str(found)
    with db.write() as tx:
        if not db.is_sqlite:
            tx.conn.exec_driver_sql("LOCK TABLE installation IN EXCLUSIVE MODE")
        found = tx.conn.execute(select(installation.c.id)).scalar()
        if found is None:
            found = new_id()
            tx.conn.execute(insert(installation).values(id=found, epoch=1, created_at=tx.now))
    return str(found)


def ensure_administrator(db: Database, password: str | None = None) -> FirstSignIn | None:
    """Make the administrator when nobody can sign in as one; ``None`` when somebody can.

    Args:
        password: the one to give; generated when ``None``.
    """
    with db.read() as conn:
        if conn.execute(_ADMINISTRATORS).first() is not None:
            return None
    chosen = password or secrets.token_urlsafe(15)
    with db.write() as tx:
        if not db.is_sqlite:
            tx.conn.exec_driver_sql("LOCK TABLE user_account IN EXCLUSIVE MODE")
        if tx.conn.execute(_ADMINISTRATORS).first() is not None:
            return None
        name = ADMINISTRATOR
        if users.find_user(tx.conn, name) is None:
            users.create_user(
                tx, SYSTEM, name, display_name="Administrator", admin=True, password=chosen
            )
        else:
            users.make_admin(tx, SYSTEM, name)
            users.set_password(tx, SYSTEM, name, chosen)
        if password is not None:
            # A sample workspace prints it at every start: there is no use in asking its user to change it.
            tx.conn.execute(
                update(user).where(user.c.name == name).values(password_set_by_other=False)
            )
    return FirstSignIn(name, chosen)


_ADMINISTRATORS = (
    select(user.c.id)
    .where(user.c.admin.is_(True), user.c.active.is_(True), user.c.password_hash.is_not(None))
    .limit(1)
)
