"""Making a database forget what was deleted: freed space keeps old bytes until it is written again.

On SQLite the whole file is written anew and the write-ahead log carried over and cut. On PostgreSQL VACUUM gives the
dead rows' space free; backups, replicas and archived logs are the operator's on both.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine

from promptops_server.infra.problems import Unavailable

_TRIES = 20
_PAUSE = 0.1


def scrub_file(path: str) -> None:
    """Write the file anew; readers may go on. Nobody of this process writes meanwhile.

    Raises:
        Unavailable: others kept it open or busy.
    """
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0)
    try:
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("VACUUM")
        conn.execute("PRAGMA busy_timeout=0")  # a long reader would be waited for at every try
        for _ in range(_TRIES):
            if conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
                return
            time.sleep(_PAUSE)
    except sqlite3.Error as error:
        raise Unavailable(f"The database file could not be written anew: {error}.") from error
    finally:
        conn.close()
    raise Unavailable("The database file is in use: its log could not be cut.")


def vacuum(engine: Engine, tables: Iterable[str]) -> None:
    """Free the space of dead rows on PostgreSQL."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for table in tables:
            conn.exec_driver_sql(f"VACUUM {table}")
