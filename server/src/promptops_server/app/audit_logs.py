"""Which audit logs there are: the installation's, and one per project. `audit` knows logs by id alone."""

from __future__ import annotations

from sqlalchemy import Connection, select

from promptops_server.audit import INSTALLATION_LOG
from promptops_server.audit.checkpoints import Log
from promptops_server.registry.tables import project


def all_logs(conn: Connection) -> list[Log]:
    """Every log, with the name its checkpoints say."""
    projects = conn.execute(select(project.c.id, project.c.name)).all()
    return [Log(INSTALLATION_LOG, INSTALLATION_LOG), *(Log(row.id, row.name) for row in projects)]
