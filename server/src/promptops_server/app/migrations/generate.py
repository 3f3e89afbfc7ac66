"""Write the next migration from the difference between the tables and the history: ``make migration m="add x"``."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic import command

from promptops_server.app import migrate
from promptops_server.infra.database import Database


def main(message: str) -> Path:
    """Generate the file for `message` and return its path. Read it before committing it."""
    number = len(migrate.revisions()) + 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40]
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/empty.sqlite")
        migrate.upgrade(db)
        with db.engine.begin() as connection:
            command.revision(
                migrate.alembic_config(connection),
                message=message,
                autogenerate=True,
                rev_id=f"{number:04d}",
            )
        db.close()
    path = migrate.VERSIONS / f"{number:04d}_{slug}.py"
    (migrate.VERSIONS / f"{number:04d}_.py").rename(path)
    return path


if __name__ == "__main__":
    print(main(" ".join(sys.argv[1:]) or "change"))
