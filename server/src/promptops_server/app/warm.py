"""What the first to look at the matrix after a start would wait for, done in the background right after it.

That is loading what evaluators stand on, and reading one line of one project's matrix: it makes the database's statements,
and loads the catalogue and the price list where there are model targets. Without any, that memory is saved.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select

from promptops_server.evaluation.checks import all_evaluators
from promptops_server.evaluation.matrix.ports import Around
from promptops_server.evaluation.matrix.read import Asked, read_matrix
from promptops_server.infra.database import Database
from promptops_server.registry.projects import get_project_by_id
from promptops_server.registry.tables import prompt
from promptops_server.releases.live import LiveVersions

log = structlog.get_logger(__name__)


def warm(database: Database, around: Around) -> None:
    """Do it in this thread. It never raises: whoever comes first waits then, and is told what is wrong."""
    try:
        all_evaluators()
        with database.read() as conn:
            project_id = conn.execute(select(prompt.c.project_id).limit(1)).scalar()
            if project_id is not None:
                project = get_project_by_id(conn, project_id)
                read_matrix(conn, project, Asked(), LiveVersions(), around, limit=1)
    except Exception as error:
        log.info("not_warmed", reason=f"{type(error).__name__}: {error}")
