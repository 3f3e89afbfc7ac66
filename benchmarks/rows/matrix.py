"""A page of the matrix over HTTP: 50 prompts × 10 targets out of 100,000 results, beside a list of the same prompts.

Runs are written straight into the database, their cells by the code that a run ends with. A page of prompts that were not
looked at since they changed reads their suites; later ones, and those after another start, know them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select

from benchmarks import tested
from benchmarks.engines import engines
from benchmarks.row import Row, millis
from benchmarks.stage import PROJECT, import_many, project, server
from promptops_server.evaluation.matrix.cells import write_cells
from promptops_server.infra.database import Database
from promptops_server.providers.tables import model_target
from promptops_server.registry.tables import project as project_table
from promptops_server.registry.tables import prompt, version

_TARGETS = 10
_CASES = 10
_PAGE_SECONDS = 0.050


def run(quick: bool) -> list[Row]:
    """Pages of prompts never looked at and the first after a start, and the median of later ones, on each engine."""
    prompts = 100 if quick else 1_000
    return [row for name, args in engines() for row in _measure(name, args, prompts)]


def _measure(name: str, args: tuple[str, ...], prompts: int) -> Iterator[Row]:
    with server(*args) as running, project(running) as api:
        import_many(api, prompts, _prompt)
        database = Database(args[1] if args else f"sqlite:///{running.data / 'promptops.sqlite'}")
        took = _runs(database)
        database.close()
        url = f"/projects/{PROJECT}"
        unread = statistics.median(_unread(api, f"{url}/matrix?limit=50"))
        running.stop()
        running.start()
        first = _seconds(api, f"{url}/matrix?limit=50")
        later = statistics.median(_seconds(api, f"{url}/matrix?limit=50") for _ in range(20))
        listed = statistics.median(_seconds(api, f"{url}/prompts?limit=50") for _ in range(20))
        out = statistics.median(
            _seconds(api, f"{url}/matrix?limit=50&module=m0&targets=t3") for _ in range(20)
        )
    results = prompts * _TARGETS * _CASES
    for what, seconds in (
        ("page never read before", unread),
        ("first page after a start", first),
        ("page", later),
        ("page of one target", out),
    ):
        yield Row(f"matrix, {what}, {results:,} results, {name}", millis(seconds), f"list {millis(listed)}",
                  seconds / listed, "≤ 50 ms", seconds <= _PAGE_SECONDS)  # fmt: skip
    yield Row(f"cells of a run of {_TARGETS * _CASES} results, {name}", millis(took / prompts), "",
              None, "", None)  # fmt: skip


def _seconds(api: Any, url: str) -> float:
    begin = time.perf_counter()
    answer = api.get(url)
    took = time.perf_counter() - begin
    assert len(answer.raise_for_status().json()["items"]) > 0
    return took


def _unread(api: Any, url: str) -> Iterator[float]:
    """The seconds of one page after the other, all but the first: that is the first of the server's life."""
    cursor = ""
    for number in range(6):
        begin = time.perf_counter()
        answer = api.get(url + cursor).raise_for_status().json()
        if number:
            yield time.perf_counter() - begin
        if answer["next"] is None:
            return
        cursor = f"&cursor={answer['next']}"


def _prompt(number: int) -> tuple[str, str]:
    cases = "\n".join(f"  - claim: claim {n} of {number}" for n in range(_CASES))
    return f"m{number // 100}/p{number:04}", (
        f"name: Triage {number}\nmessages:\n  - role: user\n    content: 'Sort {number}: {{{{ claim }}}}'\n"
        f"testData:\n{cases}\nevaluators:\n  - name: exact\n    string: {{contains: motor}}\n"
    )


def _runs(database: Database) -> float:
    """One run of every prompt on every target; the seconds that writing their cells took."""
    targets = [tested.target(n) for n in range(_TARGETS)]
    took = 0.0
    with database.write() as tx:
        tx.conn.execute(insert(model_target), targets)
        project_id = tx.conn.execute(
            select(project_table.c.id).where(project_table.c.name == PROJECT)
        ).scalar_one()
        found = tx.conn.execute(
            select(prompt.c.path, version.c.behaviour)
            .join(version, version.c.prompt_id == prompt.c.id)
            .where(prompt.c.project_id == project_id)
        ).all()
    for number, row in enumerate(found, 1):
        with database.write() as tx:
            run_id = tested.add_run(
                tx.conn, project_id, number, row.path, row.behaviour, targets, _CASES
            )
            begin = time.perf_counter()
            write_cells(tx.conn, run_id)
            took += time.perf_counter() - begin
    return took
