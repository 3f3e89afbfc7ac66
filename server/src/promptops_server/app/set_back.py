"""At the start: is this an old copy of the database? Then its projects take no change until an operator decides."""

from __future__ import annotations

from pathlib import Path

import structlog

from promptops_server.audit import checkpoints
from promptops_server.audit.set_back import tell_set_back
from promptops_server.infra.database import Database

log = structlog.get_logger(__name__)


def note_if_shorter(db: Database, file: Path) -> None:
    """Note it when the file of checkpoints tells of entries that the audit logs do not have.

    Raises:
        Unavailable: the database did not answer.
    """
    try:
        with db.read() as conn:
            found = checkpoints.shorter_than(conn, file)
    except OSError:
        return  # there is none yet; `doctor` speaks of one that cannot be read
    if found is None:
        return
    log.error("database_set_back", reason=found)
    tell_set_back(db, found)
