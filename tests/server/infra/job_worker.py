"""A worker process for the job tests: runs a slow job in steps, telling a file what it did."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from promptops_server.infra.database import Database
from promptops_server.infra.jobs_dbos import DbosJobs
from promptops_server.infra.worker_pulse import WorkerPulse


def main(jobs_url: str, pulse_url: str, worker_id: str, log: str, start: str) -> None:
    diary = Path(log)

    def note(text: str) -> None:
        with diary.open("a") as file:
            file.write(text + "\n")

    pulse = WorkerPulse(Database(pulse_url), worker_id, dead_after=1.5) if pulse_url else None
    jobs = DbosJobs(jobs_url, worker_id=worker_id, poll_seconds=0.05, pulse=pulse)

    def slow(payload: dict[str, Any]) -> None:
        for number in range(int(payload["steps"])):

            def work(number: int = number) -> int:
                note(f"{worker_id} {payload['name']} step {number}")
                time.sleep(0.1)
                return number

            assert jobs.step(f"step-{number}", work) == number
        note(f"{worker_id} {payload['name']} done")

    jobs.register("slow", slow)
    jobs.launch()
    if start:
        jobs.start("slow", start, {"steps": 10, "name": start})
    note(f"{worker_id} ready")
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
