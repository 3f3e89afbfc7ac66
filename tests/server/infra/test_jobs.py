"""Jobs: done once per id, repeated after a failure, continued after kill -9, taken over from a dead worker."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from promptops_server.infra import outbox
from promptops_server.infra.database import Database
from promptops_server.infra.dispatcher import Dispatcher
from promptops_server.infra.jobs import JobStats
from promptops_server.infra.jobs_dbos import DbosJobs
from promptops_server.infra.problems import NotFound
from promptops_server.infra.set_back import SetBack
from promptops_server.infra.worker_pulse import WorkerPulse

WORKER = Path(__file__).parent / "job_worker.py"


def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[DbosJobs]:
    made = DbosJobs(
        f"sqlite:///{tmp_path / 'jobs.sqlite'}", worker_id="test", poll_seconds=0.05, threads=2
    )
    yield made
    made.close()


def test_a_job_runs_once_per_id(jobs: DbosJobs) -> None:
    done: list[int] = []
    jobs.register("note", lambda payload: done.append(payload["n"]))
    jobs.launch()
    for n in (1, 1, 2):
        jobs.start("note", f"id-{n}", {"n": n})
    until(lambda: len(done) == 2)
    assert sorted(done) == [1, 2]
    until(lambda: jobs.stats().running == 0 and jobs.stats().waiting == 0)
    assert jobs.stats().failed == 0


def test_a_failing_job_is_repeated_and_then_succeeds(jobs: DbosJobs) -> None:
    attempts: list[int] = []

    def flaky(_: dict[str, Any]) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise RuntimeError("not yet")

    jobs.register("flaky", flaky)
    jobs.launch()
    jobs.start("flaky", "a", {})
    until(lambda: len(attempts) == 2)
    until(lambda: jobs.stats().running == 0)
    assert jobs.stats().failed == 0


def test_a_job_that_a_database_set_back_refuses_waits_for_the_decision(
    jobs: DbosJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptops_server.infra.jobs_dbos.MAX_ATTEMPTS", 2)
    monkeypatch.setattr("promptops_server.infra.jobs_dbos.WAIT_SECONDS", 0.05)
    rounds: list[str] = []
    done: list[str] = []

    def work(payload: dict[str, Any]) -> None:
        rounds.append("work")
        if len(rounds) < 5:
            raise SetBack("No change is taken: Redis holds r3", remedy="decide")
        done.append(payload["key"])

    def look(_: dict[str, Any]) -> None:
        raise SetBack("No change is taken: Redis holds r3", remedy="decide")

    jobs.register("work", work)
    jobs.register("look", look)
    jobs.schedule("look", 3600)
    jobs.launch()
    jobs.start("work", "a", {"key": "place"})
    until(lambda: done == ["place"])
    until(lambda: jobs.stats() == JobStats(0, 0, 0))


def test_a_failed_job_can_be_tried_once_more(
    jobs: DbosJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptops_server.infra.jobs_dbos.MAX_ATTEMPTS", 1)
    done: list[str] = []
    broken = True

    def work(payload: dict[str, Any]) -> None:
        if broken:
            raise RuntimeError("the disk is full\nand more")
        done.append(payload["key"])

    jobs.register("work", work)
    jobs.launch()
    jobs.start("work", "a", {"key": "place"})
    until(lambda: jobs.stats().failed == 1)
    (failed,) = jobs.page(state="failed", kind=None, limit=10, cursor=None).items
    assert (failed.kind, failed.key, failed.error) == ("work", "place", "the disk is full")
    broken = False
    assert jobs.retry(failed.id).id == failed.id
    until(lambda: done == ["place"])
    until(lambda: jobs.stats() == JobStats(0, 0, 0))
    with pytest.raises(NotFound):
        jobs.retry(failed.id)


def test_a_schedule_starts_its_job_again_and_again(jobs: DbosJobs) -> None:
    ticks: list[float] = []
    jobs.register("tick", lambda _: ticks.append(time.monotonic()))
    jobs.schedule("tick", 0.2)
    jobs.launch()
    until(lambda: len(ticks) >= 3)


def test_unknown_and_doubled_names_are_refused(jobs: DbosJobs) -> None:
    jobs.register("a", lambda _: None)
    with pytest.raises(ValueError, match="registered already"):
        jobs.register("a", lambda _: None)
    with pytest.raises(KeyError):
        jobs.schedule("b", 1)
    jobs.launch()
    with pytest.raises(KeyError):
        jobs.start("b", "1", {})


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(
        jobs_url: str, pulse_url: str, worker_id: str, job: str = ""
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [
                *(sys.executable, str(WORKER), jobs_url, pulse_url, worker_id),
                *(str(tmp_path / "diary"), job),
            ]
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def diary(tmp_path: Path) -> list[str]:
    path = tmp_path / "diary"
    return path.read_text().splitlines() if path.exists() else []


def test_a_killed_job_continues_after_the_last_finished_step(
    tmp_path: Path, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.sqlite'}"
    first = worker(url, "", "w", "job-1")
    until(lambda: "w job-1 step 3" in diary(tmp_path))
    first.kill()
    first.wait(10)
    worker(url, "", "w")
    until(lambda: "w job-1 done" in diary(tmp_path))
    lines = diary(tmp_path)
    for number in range(3):
        assert lines.count(f"w job-1 step {number}") == 1  # finished before the kill: remembered
    for number in range(3, 10):
        assert lines.count(f"w job-1 step {number}") in (1, 2)
    assert lines.count("w job-1 done") == 1


def test_a_dead_workers_job_is_taken_over(
    tmp_path: Path, postgres_url: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    database = Database(postgres_url, pool_size=2)
    jobs_url = database.url.render_as_string(hide_password=False)
    database.close()
    first = worker(jobs_url, postgres_url, "one", "job-1")
    until(lambda: "one job-1 step 2" in diary(tmp_path))
    first.kill()
    first.wait(10)
    worker(jobs_url, postgres_url, "two")
    until(lambda: "two job-1 done" in diary(tmp_path))
    lines = diary(tmp_path)
    assert "one job-1 done" not in lines
    assert "two job-1 step 0" not in lines


def test_only_one_worker_buries_a_dead_one(any_database: Database) -> None:
    WorkerPulse(any_database, "dead", dead_after=1.0).beat()
    living = [WorkerPulse(any_database, name, dead_after=1.0) for name in ("a", "b")]
    time.sleep(1.05)  # longer than `dead_after`, which in turn outlasts a slow beat
    for pulse in living:
        pulse.beat()
    found = [pulse.bury_dead() for pulse in living]
    assert found == [["dead"], []]


class Recorded:
    """A jobs port that remembers what was started."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, dict[str, Any]]] = []
        self.failing = False

    def start(
        self, name: str, job_id: str, payload: dict[str, Any], *, at_once: bool = False
    ) -> None:
        if self.failing:
            raise RuntimeError("the jobs are away")
        self.started.append((name, job_id, payload))


def add(database: Database, topic: str, key: str) -> str:
    with database.write() as tx:
        return outbox.add(tx.conn, topic, key, {"n": 1}, tx.now)


def test_waiting_rows_start_their_jobs_once(any_database: Database) -> None:
    port: Any = Recorded()
    dispatcher = Dispatcher(any_database, port, {"release": "project"})
    row = add(any_database, "release", "env-1")
    add(any_database, "nobody.listens", "x")
    assert dispatcher.dispatch_waiting() == 2
    assert dispatcher.dispatch_waiting() == 0
    assert port.started == [("project", row, {"n": 1, "key": "env-1"})]


def test_a_crash_before_the_mark_repeats_the_same_id(database: Database) -> None:
    port: Any = Recorded()
    row = add(database, "release", "env-1")
    port.failing = True
    with pytest.raises(RuntimeError):
        Dispatcher(database, port, {"release": "project"}).dispatch_waiting()
    port.failing = False
    Dispatcher(database, port, {"release": "project"}).dispatch_waiting()
    assert [job_id for _, job_id, _ in port.started] == [row]


def test_one_job_does_for_a_burst_of_one_key(database: Database) -> None:
    port: Any = Recorded()
    rows = [add(database, "release", key) for key in ("a", "a", "b", "a")]
    Dispatcher(
        database, port, {"release": "project"}, latest_only=frozenset({"release"})
    ).dispatch_waiting()
    assert [job_id for _, job_id, _ in port.started] == [rows[2], rows[3]]


def test_work_known_to_be_done_starts_no_job(database: Database) -> None:
    port: Any = Recorded()
    rows = [add(database, "release", key) for key in ("a", "b")]
    dispatcher = Dispatcher(
        database, port, {"release": "project"}, done={"release": lambda row: row.key == "a"}
    )
    assert dispatcher.dispatch_waiting() == 2
    assert [job_id for _, job_id, _ in port.started] == [rows[1]]
    with database.read() as conn:
        assert outbox.waiting(conn) == []


def test_waking_is_faster_than_polling(database: Database) -> None:
    port: Any = Recorded()
    dispatcher = Dispatcher(database, port, {"release": "project"}, poll_seconds=30)
    dispatcher.start()
    try:
        until(lambda: threading.active_count() > 1)
        add(database, "release", "a")
        dispatcher.wake()
        until(lambda: port.started, 5)
    finally:
        dispatcher.close()


def test_old_dispatched_rows_are_forgotten(database: Database) -> None:
    port: Any = Recorded()
    add(database, "release", "a")
    dispatcher = Dispatcher(database, port, {"release": "project"}, keep_seconds=0)
    dispatcher.start()
    try:
        until(lambda: port.started)
    finally:
        dispatcher.close()
    dispatcher = Dispatcher(database, port, {}, keep_seconds=-1)
    dispatcher.start()

    def rows() -> int:
        with database.read() as conn:
            return int(conn.exec_driver_sql("SELECT count(*) FROM outbox").scalar() or 0)

    try:
        until(lambda: rows() == 0)
    finally:
        dispatcher.close()
