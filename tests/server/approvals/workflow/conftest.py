"""Worlds in which people review each other's prompts."""

from __future__ import annotations

import pytest
from flow_world import Flow

from promptops_server.infra.database import Database


@pytest.fixture
def flow(any_database: Database) -> Flow:
    """A project and its people, on either database."""
    return Flow(any_database)


@pytest.fixture
def sqlite_flow(database: Database) -> Flow:
    """The same on SQLite only, for what the database has no part in."""
    return Flow(database)
