"""Finished test runs as rows, as if models had been asked: many prompts on many targets."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from promptops_server.evaluation.tables import test_result, test_run
from promptops_server.infra.ids import new_id


def target(number: int) -> dict[str, Any]:
    """A row of a model target."""
    return {
        "id": new_id(), "name": f"t{number}", "name_fold": f"t{number}", "provider": "vllm",
        "model": f"model-{number}", "base_url": "http://127.0.0.1:9/v1", "alias": False, "region": "",
        "data_class": "internal", "limits": "{}", "credential": "none", "credential_name": "",
        "options": "{}", "enabled": True, "revision": 1, "created_at": 1, "created_by": "x", "updated_at": 1,
    }  # fmt: skip


def add_run(
    conn: Connection, project_id: str, number: int, path: str, behaviour: str,
    targets: Sequence[dict[str, Any]], cases: int,
) -> str:  # fmt: skip
    """A run of version 1 of a prompt, three of four answers right; returns its id."""
    run_id = new_id()
    told = [{k: t[k] for k in ("id", "name", "provider", "model", "base_url")} for t in targets]
    conn.execute(
        insert(test_run).values(
            id=run_id, project_id=project_id, number=number, path=path, version=1,
            behaviour=behaviour, suites=json.dumps([{"name": "testData", "digest": "d"}]),
            suites_key="k", suites_digest="d", targets=json.dumps(told), repeat=1, fresh=False,
            plan=zlib.compress(b"{}"), state="done", cancel_asked=False, attempt=1,
            calls=len(targets) * cases, cost=0, reserved=0, progress="{}", created_at=number,
            created_by="x", ended_at=number,
        )
    )  # fmt: skip
    conn.execute(insert(test_result), list(_results(run_id, targets, cases)))
    return run_id


def _results(
    run_id: str, targets: Sequence[dict[str, Any]], cases: int
) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(targets):
        for case in range(cases):
            passed = (case + place) % 4 > 0
            score = {"check": "exact", "kind": "string", "passed": passed, "required": True}
            yield {
                "run_id": run_id, "ordinal": place * cases + case, "target_id": one["id"],
                "suite": "testData", "case_key": f"case-{case}", "repeat": 0, "state": "done",
                "passed": passed, "scores": json.dumps([score]), "model": one["model"], "cost": 10,
                "latency_ms": 5.0, "ended_at": 1,
            }  # fmt: skip
