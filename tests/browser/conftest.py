"""The console in a real browser, against a real server with the sample workspace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from promptops_server.app import console_files as built
from support.browser import Console
from support.server import RunningServer

expect.set_options(timeout=15_000)  # a busy machine is slow, and no page waits when it need not


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the sample workspace, shared by the tests of a worker: read it, or change things of your own."""
    if not built.is_built():
        pytest.fail("the console is not built: run `make install`")
    running = RunningServer(tmp_path_factory.mktemp("demo") / "data", args=("--demo",)).start(90)
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


@pytest.fixture
def console(browser: Browser, demo: RunningServer) -> Iterator[Console]:
    """People with browsers on the sample workspace; a test fails when one of their pages printed an error."""
    people = Console(browser, demo)
    yield people
    people.close()
    assert people.troubles == []
