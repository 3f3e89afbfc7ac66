"""Worlds to decide in."""

from __future__ import annotations

import pytest
from continuity_world import ContinuityWorld

from promptops_server.infra.database import Database


@pytest.fixture
def bank(any_database: Database) -> ContinuityWorld:
    """A project with prompts, on either database."""
    return ContinuityWorld(any_database)


@pytest.fixture
def sqlite_bank(database: Database) -> ContinuityWorld:
    """The same on SQLite only, for rules that the database has no part in."""
    return ContinuityWorld(database)
