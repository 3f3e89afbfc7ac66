"""A page of the matrix over HTTP: 50 prompts × 10 targets out of 100,000 results, beside a list of the same prompts.

Runs are written straight into the database, their cells by the code that a run ends with. A page of prompts that were not
looked at since they changed reads their suites; later ones, and those after another start, know them.
"""

from __future__ import annotations

import json
import statistics
import time
import zlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select

from benchmarks.engines import engines
from benchmarks.row import Row, millis
from benchmarks.stage import PROJECT, import_many, project, server
from promptops_server.evaluation.matrix.cells import write_cells
from promptops_server.evaluation.tables import test_result, test_run
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
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
    targets = [_target(n) for n in range(_TARGETS)]
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
            run_id = new_id()
            tx.conn.execute(insert(test_run).values(_run(run_id, number, project_id, row, targets)))
            tx.conn.execute(insert(test_result), list(_results(run_id, targets)))
            begin = time.perf_counter()
            write_cells(tx.conn, run_id)
            took += time.perf_counter() - begin
    return took


def _target(number: int) -> dict[str, Any]:
    return {
        "id": new_id(), "name": f"t{number}", "name_fold": f"t{number}", "provider": "vllm",
        "model": f"model-{number}", "base_url": "http://127.0.0.1:9/v1", "alias": False, "region": "",
        "data_class": "internal", "limits": "{}", "credential": "none", "credential_name": "",
        "options": "{}", "enabled": True, "revision": 1, "created_at": 1, "created_by": "x", "updated_at": 1,
    }  # fmt: skip


def _run(
    run_id: str, number: int, project_id: str, row: Any, targets: list[dict[str, Any]]
) -> dict[str, Any]:
    told = [{k: t[k] for k in ("id", "name", "provider", "model", "base_url")} for t in targets]
    return {
        "id": run_id, "project_id": project_id, "number": number, "path": row.path, "version": 1,
        "behaviour": row.behaviour, "suites": json.dumps([{"name": "testData", "digest": "d"}]),
        "suites_key": "k", "suites_digest": "d", "targets": json.dumps(told), "repeat": 1, "fresh": False,
        "plan": zlib.compress(b"{}"), "state": "done", "cancel_asked": False, "attempt": 1,
        "calls": _TARGETS * _CASES, "cost": 0, "reserved": 0, "progress": "{}", "created_at": number,
        "created_by": "x", "ended_at": number,
    }  # fmt: skip


def _results(run_id: str, targets: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    ordinal = 0
    for place, target in enumerate(targets):
        for case in range(_CASES):
            passed = (case + place) % 4 > 0
            score = {"check": "exact", "kind": "string", "passed": passed, "required": True}
            yield {
                "run_id": run_id, "ordinal": ordinal, "target_id": target["id"], "suite": "testData",
                "case_key": f"case-{case}", "repeat": 0, "state": "done", "passed": passed,
                "scores": json.dumps([score]), "model": target["model"], "cost": 10, "latency_ms": 5.0,
                "ended_at": 1,
            }  # fmt: skip
            ordinal += 1
