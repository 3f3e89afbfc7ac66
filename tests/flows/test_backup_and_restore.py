"""A backup made while writers publish, restored after more was published: what it holds, and who follows where to."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis

from promptops.cli import run as command_line
from support.databases import PostgresTemplate
from support.follower import Follower
from support.operator import operate
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

WRITERS = ("claims/a", "claims/b", "claims/c")
PLACE = "/projects/bank/environments/staging"
YAML = {"Content-Type": "application/yaml"}


class Writers:
    """One thread for each prompt, publishing one version after another; `acknowledged` has (release, path, version)."""

    def __init__(self, server: RunningServer, token: str) -> None:
        self._server, self._token = server, token
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self.acknowledged: list[tuple[int, str, int]] = []
        self.failed: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(path,)) for path in WRITERS]

    def _write(self, path: str) -> None:
        with self._server.api(self._token) as api:
            number = 0
            while not self._stop.is_set():
                number += 1
                try:
                    self._publish(api, path, f"{path} says {number}")
                except Exception as error:
                    self.failed.append(f"{path}: {error}")
                    return

    def _publish(self, api: httpx2.Client, path: str, says: str) -> None:
        known = api.get(f"/projects/bank/prompts/{path}")
        match = {"If-Match": known.headers["etag"]} if known.is_success else {}
        text = reviewed_prompt(says=says)
        put = api.put(f"/projects/bank/prompts/{path}", content=text, headers=YAML | match)
        assert put.is_success, put.text
        body = {"prompts": [{"path": path}], "reason": "under load"}
        made = api.post(f"{PLACE}/releases", json=body)
        assert made.is_success, made.text
        with self._mutex:
            self.acknowledged.append((made.json()["number"], path, put.json()["version"]))

    def wait_for(self, count: int) -> None:
        """Until so many releases more are acknowledged."""
        goal, end = len(self.acknowledged) + count, time.monotonic() + 30
        while len(self.acknowledged) < goal:
            assert time.monotonic() < end and not self.failed, self.failed
            time.sleep(0.01)

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert not self.failed, self.failed


@pytest.fixture
def passphrase(tmp_path: Path) -> tuple[str, Path]:
    file = tmp_path / "passphrase"
    file.write_text("what only the two of us know\n")
    return "--passphrase-file", file


@contextmanager
def following(options: dict[str, Any], *vias: dict[str, str]) -> Iterator[list[Follower]]:
    """An SDK process for each."""
    started = [Follower(options | via, list(WRITERS)) for via in vias]
    try:
        yield started
    finally:
        for follower in started:
            follower.close()


def dumped(url: str) -> dict[bytes, bytes]:
    with redis.Redis.from_url(url) as client:
        return {key: client.dump(key) for key in client.keys("*")}


def put_back(url: str, dump: dict[bytes, bytes]) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall()
        for key, value in dump.items():
            client.restore(key, 0, value)


def cli(url: str, token: str, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """What the user's command says as JSON; it must succeed."""
    monkeypatch.setenv("PROMPTOPS_URL", url)
    monkeypatch.setenv("PROMPTOPS_TOKEN", token)
    out = io.StringIO()
    with redirect_stdout(out):
        code = command_line([*words, "--json"])
    assert code == 0, out.getvalue()
    return json.loads(out.getvalue())


@pytest.mark.parametrize(
    ("engine", "redis_is"),
    [("sqlite", "newer"), ("postgresql", "older")],
)
def test_everybody_converges_on_a_backup_made_under_load(
    engine: str,
    redis_is: str,
    request: pytest.FixtureRequest,
    start_server: Callable[..., RunningServer],
    valkey: str,
    tmp_path: Path,
    passphrase: tuple[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    args: tuple[str, ...] = ("--redis-url", valkey)
    database: tuple[str, ...] = ()
    if engine == "postgresql":
        database = ("--database-url", request.getfixturevalue("postgres_url"))
    running = start_server(*args, *database)
    token = running.token("root", "admin")
    with running.api(token) as api:
        assert api.post("/projects", json={"name": "bank"}).is_success
    app = running.token("app", "delivery", "bank", "staging")
    options = {"url": running.url, "token": app, "project": "bank", "environment": "staging"}
    file = tmp_path / "monday.promptops"
    with following(options, {}, {"redis_url": valkey}) as followers:
        with Writers(running, token) as writers:
            writers.wait_for(6)
            older = dumped(valkey)
            before = list(writers.acknowledged)
            made = operate(
                tmp_path, "backup", file, "--data", running.data, *database, *passphrase, "--json"
            )
            assert made.code == 0, made.text
            writers.wait_for(6)
        newest = max(number for number, _, _ in writers.acknowledged)
        for follower in followers:
            follower.wait_for(lambda seen: seen["release"] == newest)
        assert oct(file.stat().st_mode & 0o777) == "0o600"
        assert (
            sorted(path.name for path in tmp_path.glob(".*")) == []
        )  # nothing half, nothing left over

        assert running.stop() == 0
        target: tuple[object, ...] = ("--data", running.data, *args, *database)
        refused = operate(tmp_path, "restore", file, *target, *passphrase)
        assert (refused.code, "--replace" in refused.text) == (2, True)
        if engine == "postgresql":  # the machine is lost with its database; the next one is another
            template: PostgresTemplate = request.getfixturevalue("postgres_template")
            database = ("--database-url", template.lend_empty())
            request.addfinalizer(lambda: template.drop_url(database[1]))
            running.data = tmp_path / "another machine"
            running.args = (*args, *database)
            target = ("--data", running.data, *args, *database)
        else:
            target = (*target, "--replace")
        restored = operate(
            tmp_path, "restore", file, *target, *passphrase, "--reason", "Disk lost", "--json"
        )
        assert restored.code == 0, restored.text
        told = restored.json
        backed_up = int(made.json["environments"]["bank/staging"].removeprefix("1-"))
        assert told["given_up"] == [
            {"environment": "bank/staging", "backup": f"1-{backed_up}", "redis": f"1-{newest}"}
        ]
        if redis_is == "older":
            put_back(valkey, older)
        running.start()

        # Everything acknowledged before the snapshot is there, in one piece, and only the epoch's release is new.
        with running.api(token) as api:
            releases = api.get(f"{PLACE}/releases", params={"limit": 200}).json()["items"]
            assert [r["number"] for r in releases] == list(range(backed_up + 1, 0, -1))
            known = {(r["number"], p["path"], p["version"]) for r in releases for p in r["prompts"]}
            assert set(before) <= known
            assert known <= set(writers.acknowledged)
            live = {item["path"]: item["version"] for item in api.get(PLACE).json()["items"]}
        # Who held more follows without a person, over both ways; numbers go back, and they say so.
        for follower in followers:
            report = follower.wait_for(lambda seen: seen["release"] == backed_up + 1)
            assert report["seen"] == live
        with redis.Redis.from_url(valkey, decode_responses=True) as client:
            held = client.hmget("promptops:{bank/staging}:state", "epoch", "release")
            assert held == [str(told["epoch"]), str(backed_up + 1)]
        with running.api(token) as api:
            path = WRITERS[0]
            put = api.get(f"/projects/bank/prompts/{path}")
            text = reviewed_prompt(says="after the restore")
            assert api.put(
                f"/projects/bank/prompts/{path}",
                content=text,
                headers=YAML | {"If-Match": put.headers["etag"]},
            ).is_success
            body = {"prompts": [{"path": path}], "reason": "it goes on"}
            made_now = api.post(f"{PLACE}/releases", json=body).json()
            assert (made_now["number"], made_now["delivery"]) == (backed_up + 2, "applied")
        for follower in followers:
            follower.wait_for(lambda seen: seen["release"] == backed_up + 2)

    # The logs and the evidence verify, on a machine that has only them.
    log, pack = tmp_path / "log.jsonl", tmp_path / "pack.zip"
    cli(running.url, token, monkeypatch, "audit", "export", "-p", "bank", "-o", str(log))
    assert cli(running.url, token, monkeypatch, "audit", "verify", str(log))
    cli(running.url, token, monkeypatch, "evidence", f"bank/{WRITERS[1]}@staging", "-o", str(pack))
    assert cli(running.url, token, monkeypatch, "evidence", "verify", str(pack))
    checked = operate(
        tmp_path, "doctor", "--logs", "--data", running.data, *args, *database, "--json"
    )
    audit = [
        check
        for check in checked.json["checks"]
        if check["check"] in ("audit log", "audit entries")
    ]
    assert [check["level"] for check in audit] == ["ok", "ok"], audit
    events = cli(running.url, token, monkeypatch, "audit", "log", "--limit", "20")
    assert {"backup.create", "backup.restore", "epoch.begin"} <= {
        event["action"] for event in events["items"]
    }
