"""Worlds to release in."""

from __future__ import annotations

import pytest
from release_world import World

from promptops_server.infra.database import Database


@pytest.fixture
def world(any_database: Database) -> World:
    """A project with its environments, on either database."""
    return World(any_database)


@pytest.fixture
def sqlite_world(database: Database) -> World:
    """The same on SQLite only, for rules that the database has no part in."""
    return World(database)
