"""A bank whose project is mirrored to a Git host, on both databases."""

from __future__ import annotations

import pytest
from mirrored import Mirrored

from promptops_server.infra.database import Database
from support.git_http import GitHost


@pytest.fixture
def bank(any_database: Database, git_host: GitHost) -> Mirrored:
    """The project `bank`, once on SQLite, once on PostgreSQL."""
    return Mirrored(any_database, git_host)


@pytest.fixture
def small_bank(database: Database, git_host: GitHost) -> Mirrored:
    """The project `bank` on SQLite."""
    return Mirrored(database, git_host)
