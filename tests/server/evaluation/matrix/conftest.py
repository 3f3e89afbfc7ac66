"""Worlds with a matrix."""

from __future__ import annotations

import pytest

from promptops_server.infra.database import Database
from server.evaluation.matrix.matrix_world import MatrixWorld


@pytest.fixture
def world(any_database: Database) -> MatrixWorld:
    """A project with two targets, on either database."""
    made = MatrixWorld(any_database)
    made.target("gpt")
    made.target("claude", provider="anthropic")
    return made
