"""What the subcommands share: options, settings from them, and failures as one line."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from promptops_server.app.errors import CannotStart
from promptops_server.infra.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from promptops_server.infra.database import Database

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory (default .promptops)."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file with settings.")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database-url", metavar="URL", help="PostgreSQL; default: SQLite in DIR."),
]
RedisOption = Annotated[
    str | None,
    typer.Option("--redis-url", metavar="URL", help="Redis 7+ or Valkey; default: one of its own."),
]


_DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


@contextmanager
def one_line_failures() -> Iterator[None]:
    """Turn an expected failure into one line on standard error and exit code 2."""
    try:
        yield
    except (CannotStart, SettingsError) as error:
        fail(str(error))
    except Exception as error:
        # These come from parts that take long to import, and were imported when they raise.
        from sqlalchemy.exc import DBAPIError

        from promptops_server.app.keeping.errors import BackupBroken, CannotKeep
        from promptops_server.app.migrate import NewerSchema
        from promptops_server.infra.problems import ProblemError
        from promptops_server.infra.redis_process import RedisProcessError

        if isinstance(error, ProblemError):
            fail(f"{error.detail} {error.remedy}".strip())
        if isinstance(error, (CannotKeep, NewerSchema, RedisProcessError)):
            fail(str(error))
        if isinstance(error, BackupBroken):
            sys.stderr.write(f"promptops-server: {error}\n")
            raise typer.Exit(1) from None
        if isinstance(error, DBAPIError):  # no room on the disk, a file that is no database
            fail(f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}.")
        if isinstance(error, OSError) and error.errno in _DISK_FAULTS:
            fail(f"{error.filename or 'A file'} cannot be written: {error.strerror}.")
        raise


def fail(reason: str) -> NoReturn:
    """Print the reason and leave with exit code 2."""
    sys.stderr.write(f"promptops-server: {reason}\n")
    raise typer.Exit(2)


def open_database(settings: Settings) -> Database:
    """The database of the settings, which must be there and migrated; the caller closes it."""
    from promptops_server.app import migrate
    from promptops_server.infra.database import Database

    if settings.database.url is None and not (settings.data_dir / "promptops.sqlite").exists():
        fail(f"there is no database in {settings.data_dir}")
    db = Database(settings.database_url, pool_size=2)
    try:
        if migrate.pending(db):
            fail("the database has not been migrated: run promptops-server migrate first")
    except BaseException:
        db.close()
        raise
    return db


def settings_of(config: Path | None, **flags: Any) -> Settings:
    """Settings with the command line's values; a name's ``__`` stands for the dot."""
    return load({name.replace("__", "."): value for name, value in flags.items()}, config=config)
