"""The bank of `pack_world` on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptops_server.infra.database import Database
from server.compliance.pack_world import PackWorld, bank


@pytest.fixture
def world(any_database: Database, tmp_path: Path) -> PackWorld:
    """On SQLite and on PostgreSQL."""
    return bank(any_database, tmp_path)
