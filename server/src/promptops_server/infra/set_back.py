"""A database that was set back: applications and Redis hold releases that it does not know any more.

Whatever is written then would give numbers a second meaning, so its projects take no change until an operator decides:
a newer backup, or a new epoch. The note stands in the database, for every server and worker that uses it.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, text, update

from promptops_server.infra.problems import Unavailable
from promptops_server.infra.tables import installation


class SetBack(Unavailable):
    """No change is taken, because the database is older than what it once said."""

    slug = "database-set-back"
    title = "The database was set back"


REMEDY = (
    "An operator decides: restore a newer backup, or let the database's state count with "
    "`promptops-server epoch --accept`. Until then applications keep what they have."
)

# A text and no construct: it is asked before every write.
_NOTE = text("SELECT set_back FROM installation")


def refuse_if_set_back(conn: Connection) -> None:
    """Raise SetBack while an operator has to decide."""
    refuse(conn.execute(_NOTE).scalar())


def refuse(note: str | None) -> None:
    """Raise SetBack when there is a note."""
    if note:
        raise SetBack(f"No change is taken: {note}", remedy=REMEDY)


def noted(conn: Connection) -> str | None:
    """What was found, None when the database counts."""
    return conn.execute(_NOTE).scalar()


def note_set_back(conn: Connection, found: str) -> str | None:
    """Keep what was found; returns the installation's id when that is news."""
    changed = conn.execute(
        update(installation).where(installation.c.set_back.is_(None)).values(set_back=found)
    ).rowcount
    return conn.execute(select(installation.c.id)).scalar() if changed else None
