"""A bank on both databases, and on SQLite alone where the engine does not matter."""

from __future__ import annotations

import pytest
from bank import Bank

from promptops_server.infra.database import Database


@pytest.fixture
def bank(any_database: Database) -> Bank:
    """The project `bank`, once on SQLite, once on PostgreSQL."""
    return Bank(any_database)


@pytest.fixture
def small_bank(database: Database) -> Bank:
    """The project `bank` on SQLite."""
    return Bank(database)
