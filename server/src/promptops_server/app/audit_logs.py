"""Which audit logs there are: the installation's, and one per project. `audit` knows logs by id alone."""

from __future__ import annotations

from sqlalchemy import Connection, func, or_, select

from promptops_server.access.tables import user
from promptops_server.audit import INSTALLATION_LOG
from promptops_server.audit.checkpoints import Log
from promptops_server.registry.tables import project, prompt


def all_logs(conn: Connection) -> list[Log]:
    """Every log, with the name its checkpoints say."""
    projects = conn.execute(select(project.c.id, project.c.name)).all()
    return [Log(INSTALLATION_LOG, INSTALLATION_LOG), *(Log(row.id, row.name) for row in projects)]


def kept_from(conn: Connection, log_id: str, ended_after: int) -> int | None:
    """Since when there is a record that lives, or whose life ended after a time: its events are kept from then on.

    In a project's log these are its prompts, which end when they are archived; in the installation's the accounts.
    """
    if log_id == INSTALLATION_LOG:
        return conn.execute(select(func.min(user.c.created_at))).scalar()
    return conn.execute(
        select(func.min(prompt.c.created_at)).where(
            prompt.c.project_id == log_id,
            or_(prompt.c.archived_at.is_(None), prompt.c.archived_at > ended_after),
        )
    ).scalar()
