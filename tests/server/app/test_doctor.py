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
from promptops_server.app.diagnosis import diagnose
from promptops_server.app.diagnosis_redis import node_findings, redis_findings
from promptops_server.app.findings import Finding
from promptops_server.infra.redis import RedisAddress
from promptops_server.infra.settings import load
from support.redis_topologies import Cluster, Node, SentinelSet


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


LARGE = 10**9


@pytest.mark.parametrize(
    ("info", "level", "message"),
    [
        ({"redis_version": "6.2.1"}, "failed", "too old"),
        ({"maxmemory": LARGE, "maxmemory_policy": "allkeys-lru"}, "advice", "drop what is live"),
        ({"maxmemory": LARGE, "maxmemory_policy": "volatile-ttl"}, "advice", "what expires"),
        ({"maxmemory": LARGE, "used_memory": 0.9 * LARGE}, "advice", "90% of maxmemory; when it"),
        ({"maxmemory": LARGE, "used_memory": 0.6 * LARGE}, "advice", "leave half free"),
        ({"used_memory": 100 * 1024**2}, "advice", "set maxmemory to 201 MB"),
        ({"aof_enabled": 1}, "advice", "not needed"),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, "failed", "append-only file"),
        ({"rdb_last_bgsave_status": "err"}, "failed", "takes no writes"),
        ({"role": "slave", "master_link_status": "down"}, "advice", "lost its master"),
        ({"min_slaves_good_slaves": 0}, "advice", "min-replicas-to-write"),
        (
            {"connected_slaves": 1, "slave0": {"state": "online", "lag": 60}},
            "advice",
            "1 of 1 replicas of cache are behind",
        ),
    ],
)
def test_what_a_redis_tells_becomes_advice(info: dict[str, Any], level: str, message: str) -> None:
    told = node_findings("cache", {"redis_version": "7.2.0", **info})
    assert [f.level for f in told if message in f.text] == [level], told


def test_a_redis_that_is_set_up_well_gets_no_advice() -> None:
    info = {
        "valkey_version": "9.1.2", "maxmemory": LARGE, "used_memory": 1000, "role": "master",
        "maxmemory_policy": "noeviction", "rdb_last_bgsave_status": "ok", "aof_enabled": 0,
    }  # fmt: skip
    assert {f.level for f in node_findings("cache", info)} == {"ok"}


def test_every_server_behind_sentinels_or_in_a_cluster_is_looked_at(tmp_path: Path) -> None:
    watched = SentinelSet(tmp_path / "s")
    try:
        told = redis_findings(RedisAddress(watched.url))
        names = [f"127.0.0.1:{n.port}" for n in (watched.first, watched.second)]
        assert all(any(f.check == "redis" and name in f.text for f in told) for name in names)
        assert ("ok", "3 Sentinels are named") in found(told, "redis sentinel")
        assert "user default" in found(told, "redis users")[0][1]
        watched.second.kill()
        told = redis_findings(RedisAddress(watched.url))
        assert not any(f.level == "failed" for f in told)
        replica = redis_findings(RedisAddress(f"redis://127.0.0.1:{watched.first.port}"))
        assert not any(f.check == "redis replicas" and f.level == "failed" for f in replica)
    finally:
        watched.stop()
    cluster = Cluster(tmp_path / "c")
    try:
        told = redis_findings(RedisAddress(cluster.url))
        assert found(told, "redis cluster") == [("ok", "3 masters, all slots served")]
        assert "3 of 3 masters have no replica" in found(told, "redis replicas")[0][1]
    finally:
        cluster.stop()


def test_a_replica_in_place_of_a_master_fails(tmp_path: Path) -> None:
    first = Node(tmp_path / "first").start()
    second = Node(tmp_path / "second", (f"replicaof 127.0.0.1 {first.port}",)).start()
    told = redis_findings(RedisAddress(f"redis://127.0.0.1:{second.port}"))
    assert any(f.level == "failed" and "takes no writes" in f.text for f in told)
    first.kill()
    second.kill()


def test_a_wrong_password_is_told_apart(tmp_path: Path) -> None:
    node = Node(tmp_path / "node", ("requirepass right",)).start()
    for url in (f"redis://:wrong@127.0.0.1:{node.port}", f"redis://127.0.0.1:{node.port}"):
        told = redis_findings(RedisAddress(url))
        assert [f.level for f in told] == ["failed"]
        assert "wrong@" not in told[0].text
    node.kill()


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
