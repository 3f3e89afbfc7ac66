"""A database restored from an older copy, behind Redis and the applications: reported, then accepted as a new epoch."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import redis

from support.server import BIN, RunningServer


def epoch(running: RunningServer, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "promptops-server"), "epoch", "--data", str(running.data)]
    return subprocess.run(
        [*command, "--redis-url", url, *more], capture_output=True, text=True, timeout=60
    )


def test_a_database_set_back_counts_again_once_an_operator_accepts_it(
    valkey: str, start_server: Callable[..., RunningServer]
) -> None:
    running = start_server("--redis-url", valkey)
    headers = {"Content-Type": "application/yaml"}
    state = "promptops:{bank/staging}:state"

    def publish(text: str) -> Any:
        with running.api(running.token("root", "admin")) as api:
            if api.get("/projects/bank").status_code == 404:
                api.post("/projects", json={"name": "bank"})
            known = api.get("/projects/bank/prompts/a")
            tag = {"If-Match": known.headers["etag"]} if known.status_code == 200 else {}
            body = f"messages:\n  - role: user\n    content: {text}\n"
            put = api.put("/projects/bank/prompts/a", content=body, headers={**headers, **tag})
            assert put.status_code in (200, 201), put.text
            made = api.post(
                "/projects/bank/environments/staging/releases",
                json={"prompts": [{"path": "a"}], "reason": "for a test"},
            )
            assert made.status_code == 201, made.text
            return made.json()

    assert publish("one")["delivery"] == "applied"
    assert epoch(running, valkey).returncode == 0
    assert running.stop() == 0
    older = running.data.with_name("older")
    shutil.copytree(running.data, older)
    running.start()
    for text in ("two", "three", "four"):
        publish(text)
    assert running.stop() == 0

    shutil.rmtree(running.data)
    older.rename(running.data)
    running.start()
    with running.api(running.token("root", "admin")) as api:
        new = "messages:\n  - role: user\n    content: new\n"
        refused = [
            api.post("/projects/bank/environments/staging/releases",
                     json={"prompts": [{"path": "a"}], "reason": "for a test"}),
            api.put("/projects/bank/prompts/b", content=new, headers=headers),
            api.post("/projects/bank/environments/staging/suspend",
                     json={"prompts": ["a"], "reason": "for a test"}),
        ]  # fmt: skip
        for answer in refused:
            assert (answer.status_code, answer.json()["type"]) == (
                503, "urn:promptops:problem:database-set-back",
            ), answer.text  # fmt: skip
            assert "Redis holds release 1-4" in answer.json()["detail"]
            assert "promptops-server epoch --accept" in answer.json()["remedy"]
        assert api.get("/projects/bank/prompts/a").status_code == 200
        events = api.get("/audit/events", params={"action": "installation.set_back"}).json()
        assert len(events["items"]) == 1
    for _ in range(2):  # it is known after a restart too, also without that Redis
        assert running.stop() == 0
        running.start()
    seen = epoch(running, valkey)
    assert seen.returncode == 1, seen.stderr
    assert "bank/staging\t1-1\t1-4\tahead" in seen.stdout
    as_json = json.loads(epoch(running, valkey, "--json").stdout)
    assert "Redis holds release 1-4" in as_json["set_back"]
    assert {
        "environment": "bank/staging",
        "database": "1-1",
        "redis": "1-4",
        "standing": "ahead",
    } in (as_json["environments"])
    assert "promptops-server epoch --accept" in running.log.read_text()
    unconfirmed = epoch(running, valkey, "--accept")
    assert (unconfirmed.returncode, "--yes" in unconfirmed.stderr) == (2, True)
    assert epoch(running, valkey).stdout == seen.stdout

    accepted = epoch(running, valkey, "--accept", "--yes", "--reason", "Restored Monday")
    assert accepted.returncode == 0, accepted.stderr
    begun = re.search(r"Epoch ([0-9]+) has begun in 2 environments", accepted.stdout)
    assert begun is not None
    # Above what an application may hold from a restore that this copy does not know: those are by the clock.
    assert int(begun[1]) > time.time() - 1_577_836_800 - 60
    with redis.Redis.from_url(valkey, decode_responses=True) as client:
        end = time.monotonic() + 15
        while client.hmget(state, "epoch", "release") != [begun[1], "2"]:
            assert time.monotonic() < end, client.hgetall(state)
            time.sleep(0.05)
    assert "redis_altered" not in running.log.read_text()  # nobody wrote there but us
    assert publish("goes on")["delivery"] == "applied"
    assert epoch(running, valkey).returncode == 0
    with running.api(running.token("root", "admin")) as api:
        kinds = [
            item["kind"]
            for item in api.get("/projects/bank/environments/staging/releases").json()["items"]
        ]
        assert kinds == ["publish", "epoch", "publish"]
        (event,) = [
            item
            for item in api.get("/audit/events", params={"limit": 200}).json()["items"]
            if item["action"] == "epoch.begin"
        ]
        assert event["actor"]["name"] == "operator"
        assert "Restored Monday" in json.dumps(event)


def test_an_old_copy_of_a_database_without_redis_is_found_by_its_checkpoints(
    tmp_path: Path, start_server: Callable[..., RunningServer]
) -> None:
    file = tmp_path / "elsewhere" / "checkpoints.jsonl"
    file.parent.mkdir()
    often = {
        "PROMPTOPS_AUDIT_CHECKPOINT_FILE": str(file),
        "PROMPTOPS_AUDIT_CHECKPOINT_EVENTS": "1",
        "PROMPTOPS_AUDIT_CHECKPOINT_MINUTES": "0",
    }
    running = start_server(env=often)
    token = running.token("root", "admin")
    assert running.stop() == 0
    older = tmp_path / "older"
    shutil.copytree(running.data, older)

    running.start()
    lines = len(file.read_text().splitlines()) if file.exists() else 0
    with running.api(token) as api:
        assert api.post("/projects", json={"name": "bank"}).status_code == 201
        assert api.post("/projects", json={"name": "insurer"}).status_code == 201
    end = time.monotonic() + 40
    while not file.exists() or len(file.read_text().splitlines()) <= lines + 1:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert running.stop() == 0
    shutil.rmtree(running.data)
    older.rename(running.data)

    def put() -> Any:
        with running.api(token) as api:
            api.post("/projects", json={"name": "another"})
            return api.put(
                "/projects/another/prompts/a",
                json={"messages": [{"role": "user", "content": "hi"}]},
            )

    running.start()
    refused = put()
    assert (refused.status_code, refused.json()["type"]) == (
        503, "urn:promptops:problem:database-set-back",
    )  # fmt: skip
    assert str(file) in refused.json()["detail"]

    def told() -> tuple[str, str, bool]:
        ready = httpx2.get(f"{running.url}/readyz").json()
        lines = httpx2.get(f"{running.url}/metrics").text.splitlines()
        return (
            ready["status"],
            ready["parts"]["changes"],
            "promptops_database_set_back 1.0" in lines,
        )

    status, changes, counted = told()
    assert (status, counted) == ("degraded", True)
    assert "set back" in changes
    command = [str(BIN / "promptops-server"), "epoch", "--data", str(running.data)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (shown.returncode, "Changes are refused" in shown.stderr) == (1, True)
    accepted = subprocess.run(
        [*command, "--accept", "--yes"], capture_output=True, text=True, timeout=60
    )
    assert accepted.returncode == 0, accepted.stderr
    assert put().status_code == 201
    assert told() == ("ok", "ok", False)
    assert running.stop() == 0
    running.start()  # the old checkpoints are still ahead, and were given up
    with running.api(token) as api:
        assert api.get("/projects/another/prompts/a").status_code == 200
        assert api.post("/projects", json={"name": "one-more"}).status_code == 201
