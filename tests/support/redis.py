"""A real Valkey, started from the product's own wheel by the product's own code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty Valkey of this test alone."""
    from promptops_server.infra.redis_process import RedisProcess

    process = RedisProcess(tmp_path / "valkey")
    process.start()
    yield process.url
    process.stop()
