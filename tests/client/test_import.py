"""Importing the SDK is quick and brings nothing of the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import promptops

LISTING = "import json, sys, {0}; print(json.dumps(sorted(sys.modules)))"


def modules_after(what: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LISTING.format(what)], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_brings_no_server_and_nothing_heavy() -> None:
    brought = modules_after("promptops, promptops.client, promptops.aio")
    heavy = {"httpx2", "redis", "yaml", "jinja2", "platformdirs", "typer", "pydantic", "rich"}
    server = {"promptops_server", "sqlalchemy", "fastapi", "starlette", "dulwich", "dbos"}
    assert not brought & (heavy | server)


def test_importing_takes_at_most_150_ms_more_than_python_itself() -> None:
    def best_of(code: str) -> float:
        """Seconds of the processor, so that other work on this machine does not count."""
        times = []
        for _ in range(5):
            pid = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
            _, status, used = os.wait4(pid, 0)
            assert status == 0
            times.append(used.ru_utime + used.ru_stime)
        return min(times)

    assert best_of("import promptops; promptops.PromptOps") - best_of("pass") < 0.150


def test_every_public_name_is_there() -> None:
    for name in promptops.__all__:
        assert getattr(promptops, name) is not None
    assert set(promptops.__all__) <= set(dir(promptops))
