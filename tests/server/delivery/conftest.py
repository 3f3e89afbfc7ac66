"""An installation with one environment, written to by the same code that writes releases, and delivery around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_world import World

from promptops_server.infra.database import Database
from promptops_server.infra.redis_process import RedisProcess


@pytest.fixture
def world(database: Database) -> World:
    """`retail-bank/production`, empty, on SQLite."""
    return World.create(database)


@pytest.fixture
def any_world(any_database: Database) -> World:
    """`retail-bank/production`, empty, once on SQLite and once on PostgreSQL."""
    return World.create(any_database)


@pytest.fixture
def redis_process(tmp_path: Path) -> Iterator[RedisProcess]:
    """A Valkey of this test's own, which it may stop and start."""
    process = RedisProcess(tmp_path / "redis")
    process.start()
    yield process
    process.stop()
