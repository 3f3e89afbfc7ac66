"""What the server's role on PostgreSQL may do when another role owns the tables: everything but changing the audit log."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

ADD_ONLY = ("audit_event", "audit_personal", "audit_subtree", "audit_checkpoint", "audit_removed")
"""Tables of which the server reads and adds rows, and does nothing else."""
READ_ONLY = ("audit_maintenance", "alembic_version")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]{0,62}")


class UnknownRole(ValueError):
    """The text says which, and how to make it."""


def grants(tables: list[str], role: str, database: str) -> list[str]:
    """The statements, in order. Raises ValueError when `role` is no name of one."""
    if not _NAME.fullmatch(role):
        raise ValueError(f"{role!r} is no name of a role")
    to = f'"{role}"'
    out = [
        f'GRANT CONNECT, CREATE, TEMPORARY ON DATABASE "{database}" TO {to}',  # jobs keep a schema of their own
        f"GRANT USAGE ON SCHEMA public TO {to}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}",
    ]
    for table in sorted(tables):
        rights = "SELECT, INSERT, UPDATE, DELETE"
        if table in ADD_ONLY:
            rights = "SELECT, INSERT"
        elif table in READ_ONLY:
            rights = "SELECT"
        out.append(f'REVOKE ALL ON TABLE public."{table}" FROM {to}')
        out.append(f'GRANT {rights} ON TABLE public."{table}" TO {to}')
    return out


def grant_to(conn: Connection, role: str) -> list[str]:
    """Give an existing role what a server needs; returns the statements that were executed.

    Raises:
        UnknownRole: there is none of this name.
        ValueError: it is no name.
    """
    known = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    if conn.execute(known, {"role": role}).first() is None:
        raise UnknownRole(
            f"There is no role {role}: CREATE ROLE {role} LOGIN PASSWORD '…' makes it."
        )
    done = grants(inspect(conn).get_table_names(), role, str(conn.engine.url.database))
    for statement in done:
        conn.exec_driver_sql(statement)
    return done


@dataclass(frozen=True, slots=True)
class Standing:
    """What the role of a connection may do to the audit log."""

    role: str
    owns: bool
    may_delete: bool


def standing(conn: Connection) -> Standing:
    """Of the role that is connected now."""
    row = conn.execute(
        text("""
            SELECT current_user,
                   pg_has_role(c.relowner, 'MEMBER'),
                   has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')
                     OR has_table_privilege(c.oid, 'TRUNCATE')
            FROM pg_class c WHERE c.oid = 'audit_event'::regclass""")
    ).one()
    return Standing(*row)
