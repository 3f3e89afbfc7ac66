"""Repositories to test with, and the stock `git` client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promptops_server.infra.database import Database
from promptops_server.registry.git.limits import Limits
from support.git_remote import Remote, serve
from support.raw_push import post
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


LIMITS = Limits(
    push_bytes=300_000, objects=2_000, object_bytes=200_000, inflated_bytes=2_000_000, tree_depth=8
)


@pytest.fixture
def narrow_remote(repository: Repository) -> Iterator[Remote]:
    """A server with small limits."""
    with serve(repository.db, LIMITS) as running:
        yield running


@pytest.fixture
def nothing_kept(repository: Repository, narrow_remote: Remote) -> Iterator[Callable[[], None]]:
    """Call it before the refused push; afterwards the rows are counted again, and the server still works."""
    state: dict[str, object] = {}

    def start() -> None:
        state["before"] = (repository.rows(), repository.refs())

    yield start
    assert (repository.rows(), repository.refs()) == state["before"]
    assert narrow_remote.answers.applied == []
    assert post(narrow_remote.port, b"0000")[0] == 200
