"""kill -9 of server and worker at chosen steps, two servers at once, a paused application, a database set back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from support import warm
from support.fault_stage import PATHS, Stage, content_of, quick_clients
from support.follower import Follower
from support.redis_topologies import until
from support.server import BIN, RunningServer
from support.tcp_proxy import TcpProxy


def in_background(stage: Stage, version: int) -> Callable[[], int | None]:
    """Publish in a thread; call what is returned to wait for the number."""
    made: list[int | None] = []
    thread = threading.Thread(target=lambda: made.append(stage.publish(version)), daemon=True)
    thread.start()

    def wait() -> int | None:
        thread.join(20)
        return made[0]

    return wait


def head_in_database(stage: Stage) -> int:
    """The newest release that is committed, read beside the server."""
    file = f"file:{stage.server.data / 'promptops.sqlite'}?mode=ro"
    with sqlite3.connect(file, uri=True) as db:
        (head,) = db.execute(
            "SELECT environment.head FROM environment JOIN project ON project.id = project_id"
            " WHERE project.name = ? AND environment.name = ?",
            (stage.project, stage.environment),
        ).fetchone()
    return int(head)


def test_killed_before_the_commit_nothing_is_left(stage: Stage) -> None:
    writer = sqlite3.connect(stage.server.data / "promptops.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")  # the server waits for its turn to write
    answer = in_background(stage, 2)
    time.sleep(0.3)
    stage.server.kill()
    writer.execute("ROLLBACK")
    writer.close()
    assert answer() is None
    assert head_in_database(stage) == 1
    stage.heal()
    assert max(stage.converges()) == 1
    assert stage.publish(2) == 2
    stage.converges()


def test_killed_between_commit_and_nudge_the_release_arrives_after_the_restart(
    stage: Stage,
) -> None:
    stage.pause_redis()  # the server commits, then waits for Redis
    answer = in_background(stage, 2)
    until(lambda: head_in_database(stage) == 2, "it is committed")
    stage.server.kill()
    stage.resume_redis()
    assert answer() is None, "it was killed before it could answer"
    stage.heal()
    truth = stage.converges()
    assert truth[2] == dict.fromkeys(PATHS, 2)


def test_killed_at_the_nudge_all_have_the_release(stage: Stage) -> None:
    heard = stage.node.client().pubsub(ignore_subscribe_messages=True)
    heard.subscribe(f"promptops:{{{stage.project}/{stage.environment}}}:nudge")
    heard.get_message(timeout=1)  # the confirmation
    answer = in_background(stage, 2)
    until(lambda: heard.get_message(timeout=1), "the nudge is sent")
    stage.server.kill()
    answer()  # the answer may have been sent, or not
    heard.close()
    redis = stage.watched[1].ops
    until(lambda: content_of(redis)[0] == (1, 2), "over Redis it is there without a server")
    stage.heal()
    stage.converges()


def test_killed_together_with_redis_all_comes_back(stage: Stage) -> None:
    answer = in_background(stage, 2)
    stage.kill_redis(keep=False)
    stage.server.kill()
    answer()
    stage.heal()
    head = max(stage.converges())
    assert stage.publish(3) == head + 1
    stage.converges()


def test_an_application_that_was_paused_catches_up_without_a_step_back(stage: Stage) -> None:
    """Ten minutes in short: while it stands still its connections end, the server restarts, Redis is emptied, and
    more is released than a stream holds for one that does not read."""
    processes = [Follower(stage.options(via), list(PATHS)) for via in ("http", "redis")]
    try:
        for one in processes:
            one.wait_for(lambda r: r["release"] == 1)
            os.kill(one.process.pid, signal.SIGSTOP)
        for turn in range(2, 14):
            assert stage.publish(turn % 5 + 1) == turn
        stage.to_server.cut()
        stage.to_redis.cut()
        stage.server.kill()
        stage.kill_redis(keep=False)
        stage.heal()
        truth = stage.converges()
        for one in processes:
            os.kill(one.process.pid, signal.SIGCONT)
        for one in processes:
            one.wait_for(lambda r: r["release"] == 13, 30)
            order = [report["release"] for report in one.reports]
            assert order == sorted(order)
            for report in one.reports:
                assert report["seen"] == truth[report["release"]]
    finally:
        for one in processes:
            os.kill(one.process.pid, signal.SIGCONT)
            one.close()


def test_a_database_older_than_redis_is_told_kept_apart_and_accepted(tmp_path: Path) -> None:
    with quick_clients():
        stage = Stage.build(tmp_path)
        try:
            assert stage.publish(1) == 1
            assert stage.server.stop() == 0
            older = stage.server.data.with_name("older")
            shutil.copytree(stage.server.data, older)
            stage.server.start()
            assert stage.publish(2) == 2
            assert stage.publish(3) == 3
            stage.watch_both()
            before = stage.converges()
            assert stage.server.stop() == 0
            shutil.rmtree(stage.server.data)
            older.rename(stage.server.data)
            stage.server.start()

            # A person has to decide: it is told what is the matter, and what to do.
            def refusal() -> bool:
                return "promptops-server epoch --accept" in stage.server.log.read_text()

            until(refusal, "the server says that Redis is ahead")
            parts = httpx2.get(f"{stage.server.url}/readyz").json()["parts"]
            assert "refused in 1" in parts["redis"]
            # Whatever is written meanwhile would give numbers a second meaning.
            again = {"prompts": [{"path": PATHS[0], "version": 4}], "reason": "for a test"}
            with stage.server.api(stage.token) as api:
                answer = api.post(f"{stage.place}/releases", json=again)
            assert answer.status_code == 503
            assert answer.json()["type"].endswith(":database-set-back")
            # Over Redis nothing has changed; over HTTP the older head is refused. Both keep r3.
            http = stage.watched[0].ops
            until(lambda: http.health().refusals, "the older head is refused")
            assert "never goes back" in str(http.health().last_error)
            for one in stage.watched:
                assert content_of(one.ops) == ((1, 3), before[3])
            done = subprocess.run(
                [
                    str(BIN / "promptops-server"), "epoch", "--data", str(stage.server.data),
                    *stage.server.args, "--accept", "--yes", "--reason", "Restored", "--json",
                ],
                capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            begun = json.loads(done.stdout)["epoch"]
            # r2 and r3 of before are given up by that decision; what they held until then was right then.
            del stage.acknowledged[1:3]
            stage.converges(epoch=begun, earlier=before)
            assert stage.publish(5) == 3
            stage.converges(epoch=begun, earlier=before)
        finally:
            stage.stop()


def test_two_servers_publish_to_one_environment_and_a_worker_outlives_them(
    postgres_url: str, tmp_path: Path
) -> None:
    with quick_clients():
        stage = Stage.build(tmp_path, "--database-url", postgres_url)
        secret = {"PROMPTOPS_SECRET_KEY_FILE": str(stage.server.data / "secret.key")}
        second = RunningServer(tmp_path / "second", args=stage.server.args, env=secret).start()
        worker: warm.Process | None = None
        to_second = TcpProxy(second.port)
        try:
            stage.watch_both()
            stage.watch("http", url=to_second.url)

            # Both at once, each as fast as it can.
            def loop(server: RunningServer) -> None:
                with server.api(stage.token) as api:
                    for turn in range(8):
                        version = turn % 5 + 1
                        body = {
                            "reason": "Both at once",
                            "prompts": [{"path": path, "version": version} for path in PATHS],
                        }
                        answer = api.post(f"{stage.place}/releases", json=body)
                        # Nothing is changed when the other has just released the same.
                        if answer.status_code == 201:
                            stage.acknowledged.append(answer.json())
                        else:
                            assert answer.json()["type"].endswith("nothing-to-publish")

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(loop, (stage.server, second)))
            numbers = [made["number"] for made in stage.acknowledged]
            assert len(numbers) == len(set(numbers))
            assert len(numbers) >= 8
            head = max(stage.converges())
            assert head == len(numbers)

            # Both are killed before a release is due: a worker makes it, and brings it to Redis by itself.
            log = tmp_path / "worker.log"
            arguments = ["worker", "--data", str(tmp_path / "worker"), *stage.server.args]
            worker = warm.server(arguments, log=log, env=secret)
            until(lambda: "worker_ready" in log.read_text(), "the worker is ready", 40)
            with stage.server.api(stage.token) as api:
                answer = api.post(
                    f"{stage.place}/releases",
                    json={
                        "reason": "At its time",
                        "prompts": [{"path": path, "version": 6} for path in PATHS],
                        "at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat(),
                    },
                )
            assert answer.status_code == 202, answer.text
            stage.server.kill()
            second.kill()
            redis = next(w for w in stage.watched if w.name == "redis")
            wanted = ((1, head + 1), dict.fromkeys(PATHS, 6))
            until(lambda: content_of(redis.ops) == wanted, "it arrives over Redis", 40)
            worker.kill()
            worker.wait(10)
            stage.heal()
            second.start()
            assert max(stage.converges()) == head + 1, "made once, whoever died"
            assert stage.publish(1) == head + 2
            stage.converges()
        finally:
            if worker is not None:
                worker.kill()
            stage.forget()
            if second.process is not None:
                second.process.kill()
            to_second.close()
            stage.stop()
