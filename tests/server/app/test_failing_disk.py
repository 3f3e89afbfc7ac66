"""A disk that takes no more, a file that is no database, an address that is none: one clear line, never a traceback."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.server import BIN, RunningServer, free_port


def failed_start(*args: str, limit: int | None = None) -> str:
    """What `up` says when it cannot start; with `limit`, no file may grow over so many bytes."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [str(BIN / "promptops-server"), "up", "--port", str(free_port()), *args],
        capture_output=True, text=True, timeout=60, preexec_fn=limited, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 2
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("limit", [0, 20_000, 50_000])
def test_no_room_at_the_start_is_one_line(tmp_path: Path, limit: int) -> None:
    said = failed_start("--data", str(tmp_path / "data"), limit=limit)
    assert said.startswith("promptops-server: ")
    assert "cannot be" in said or "does not answer" in said


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "promptops.sqlite").write_bytes(b"not a database" * 200)
    said = failed_start("--data", str(tmp_path))
    assert "promptops.sqlite" in said and "not a database" in said


def test_a_redis_address_that_is_none_is_refused_without_repeating_it(tmp_path: Path) -> None:
    said = failed_start("--data", str(tmp_path), "--redis-url", "redis://:sekret@host:port/")
    assert "redis.url" in said and "host:port" in said
    assert "sekret" not in said


def test_a_write_that_finds_no_room_is_refused_whole_and_the_next_one_works(
    start_server: Callable[..., RunningServer],
) -> None:
    server = start_server(as_installed=True)
    with server.api(server.token("root", "admin")) as api:
        assert api.post("/projects", json={"name": "bank"}).status_code == 201
        assert server.process is not None
        unlimited = resource.prlimit(
            server.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY)
        )
        text = "messages:\n  - role: user\n    content: " + os.urandom(200_000).hex() + "\n"
        yaml = {"content-type": "application/yaml"}
        refused = api.put("/projects/bank/prompts/letters/long", content=text, headers=yaml)
        assert refused.status_code == 503
        assert "could not be written" in refused.json()["detail"]
        assert refused.headers["retry-after"]
        assert api.get("/projects/bank/prompts").json()["items"] == []
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
        again = api.put("/projects/bank/prompts/letters/long", content=text, headers=yaml)
        assert (again.status_code, again.json()["version"]) == (201, 1)
    assert "Traceback" not in server.log.read_text()
