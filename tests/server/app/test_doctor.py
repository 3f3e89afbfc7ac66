"""`promptops-server doctor`: what it finds, what it advises, and where settings come from."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from promptops_server.app.cli import app
from promptops_server.app.diagnosis import Finding, _redis_findings, diagnose
from promptops_server.infra.settings import load


@pytest.fixture(autouse=True)
def without_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PROMPTOPS_"):
            monkeypatch.delenv(name)


def found(findings: list[Finding], check: str) -> list[tuple[str, str]]:
    return [(f.level, f.text) for f in findings if f.check == check]


def test_a_new_machine_is_fine(tmp_path: Path) -> None:
    findings = diagnose(load({"data_dir": tmp_path / "new", "port": 0}, environ={}))
    assert {f.level for f in findings} == {"ok"}
    assert {f.check for f in findings} == {
        *("python", "data directory", "secret key", "database", "redis", "port"),
    }


def test_a_file_in_place_of_the_data_directory_fails(tmp_path: Path) -> None:
    (tmp_path / "d").touch()
    findings = diagnose(load({"data_dir": tmp_path / "d", "port": 0}, environ={}))
    ((level, text),) = found(findings, "data directory")
    assert (level, "is a file" in text) == ("failed", True)


def test_a_secret_that_others_may_read_fails(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    secret = tmp_path / "secret.key"
    secret.write_text("x" * 64)
    secret.chmod(0o644)
    findings = diagnose(load({"data_dir": tmp_path, "port": 0}, environ={}))
    assert ("failed", f"Others may read {secret}: chmod 600 {secret}") in found(
        findings, "secret key"
    )
    assert found(findings, "data directory")[1][0] == "advice"


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        findings = diagnose(load({"data_dir": tmp_path, "port": port}, environ={}))
    ((level, text),) = found(findings, "port")
    assert level == "advice"
    assert str(port) in text


def test_a_database_is_looked_at(any_database_url: str, tmp_path: Path) -> None:
    settings = load({"data_dir": tmp_path, "database.url": any_database_url}, environ={})
    findings = diagnose(settings)
    assert found(findings, "database")[0][0] == "ok"
    assert found(findings, "migrations") == [("ok", "the schema is up to date")]
    if any_database_url.startswith("postgresql"):
        assert found(findings, "clock")[0][0] == "ok"


def test_a_database_that_is_away_fails(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://x@127.0.0.1:{unused.getsockname()[1]}/x"
        findings = diagnose(load({"data_dir": tmp_path, "database.url": url}, environ={}))
    ((level, text),) = found(findings, "database")
    assert level == "failed"
    assert "did not answer" in text


def test_a_real_redis_is_looked_at(valkey: str, tmp_path: Path) -> None:
    findings = diagnose(load({"data_dir": tmp_path, "redis.url": valkey}, environ={}))
    assert found(findings, "redis")[0][0] == "ok"
    assert "Valkey" in found(findings, "redis")[0][1]


def test_a_redis_that_is_away_fails(tmp_path: Path) -> None:
    settings = load({"data_dir": tmp_path, "redis.url": f"unix://{tmp_path}/none.sock"}, environ={})
    ((level, text),) = found(diagnose(settings), "redis")
    assert level == "failed"
    assert "stay pending" in text


@pytest.mark.parametrize(
    ("info", "policy", "level", "message"),
    [
        ({"redis_version": "6.2.1"}, "noeviction", "failed", "too old"),
        (
            {"redis_version": "7.2.0", "maxmemory": 100},
            "allkeys-lru",
            "advice",
            "set noeviction",
        ),
        (
            {"redis_version": "7.2.0", "maxmemory": 100, "used_memory": 90},
            "noeviction",
            "advice",
            "90% of maxmemory",
        ),
        ({"redis_version": "8.0.0", "aof_enabled": 1}, "noeviction", "advice", "not needed"),
    ],
)
def test_what_a_redis_tells_becomes_advice(
    info: dict[str, Any], policy: str, level: str, message: str
) -> None:
    assert any(f.level == level and message in f.text for f in _redis_findings(info, policy))


def test_the_command_explains_settings_with_their_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTOPS_LOG_LEVEL", "warning")
    result = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path), "--port", "0"])
    assert result.exit_code == 0
    assert "log.level = warning  [variable PROMPTOPS_LOG_LEVEL]" in result.output
    assert f"data_dir = {tmp_path}  [command line]" in result.output


def test_the_command_exits_1_on_a_failure_and_speaks_json(tmp_path: Path) -> None:
    (tmp_path / "d").touch()
    result = CliRunner().invoke(
        app, ["doctor", "--data", str(tmp_path / "d"), "--port", "0", "--json"]
    )
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["ok"] is False
    assert {"check", "level", "text"} == set(document["checks"][0])
    assert {
        *("name", "value", "source", "description"),
        *("section", "default", "origin", "place"),
    } == set(document["settings"][0])
