"""Repositories to test with, and the stock `git` client."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptops_server.infra.database import Database
from support.repositories import Repository, make_repository
from support.stock_git import Git


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """The stock client, without the machine's own configuration."""
    return Git(tmp_path / "home")


@pytest.fixture
def repository(any_database: Database) -> Repository:
    """An empty project, once on SQLite and once on PostgreSQL."""
    return make_repository(any_database)
