"""A project with prompts, model targets and ended runs, written straight into the tables: what the matrix is read from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from promptops_server.evaluation.matrix.cells import write_cells
from promptops_server.evaluation.matrix.keys import suites_digest, suites_key
from promptops_server.evaluation.matrix.model import Column, PromptRow
from promptops_server.evaluation.matrix.ports import Around
from promptops_server.evaluation.matrix.read import Asked, read_matrix
from promptops_server.evaluation.tables import test_result, test_run
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.providers.model import Target
from promptops_server.providers.tables import model_target
from promptops_server.registry.model import Project
from promptops_server.registry.versions import get_version
from promptops_server.releases.live import LiveVersions
from server.releases.release_world import PUBLISHER, World

OWN = "testData"


@dataclass
class Suites:
    """Answers the port `SuitesNow`: every prompt has `testData`, unless `known` says otherwise."""

    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(
        self,
        conn: Connection,
        project: Project,
        prompts: Sequence[tuple[str, int]],
        more: Sequence[str] = (),
    ) -> Mapping[str, Mapping[str, str]]:
        return {path: self.known.get(path, {OWN: "d1"}) for path, _ in prompts}


class MatrixWorld(World):
    """`target` makes a target, `ran` a run with its cells, `page` reads the matrix."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.suites = Suites()
        self.catalogue: dict[str, str] = {}
        self.problems: dict[str, str] = {}
        self.around = Around(
            suites=self.suites,
            catalogue=lambda target: self.catalogue.get(target.name, "c1"),
            problem=lambda target: self.problems.get(target.name, ""),
        )
        self.targets: dict[str, Target] = {}
        self.clock = 1_000_000

    def target(self, name: str, **more: Any) -> Target:
        """Configure a target; again with the same name changes it."""
        old = self.targets.get(name)
        found = Target(
            **{
                "id": old.id if old else new_id(),
                "name": name,
                "provider": "openai",
                "model": f"{name}-model",
                **more,
            }
        )
        values = {
            "name": name,
            "name_fold": name.casefold(),
            "provider": found.provider,
            "model": found.model,
            "base_url": found.base_url,
            "alias": False,
            "region": "",
            "data_class": "internal",
            "projects": None if found.projects is None else json.dumps(list(found.projects)),
            "limits": "{}",
            "credential": "none",
            "credential_name": "",
            "options": "{}",
            "enabled": found.enabled,
            "revision": 1,
            "created_at": 1,
            "created_by": PUBLISHER.subject,
            "updated_at": 1,
        }
        with self.db.write() as tx:
            if old is None:
                tx.conn.execute(insert(model_target).values(id=found.id, **values))
            else:
                there = update(model_target).where(model_target.c.id == found.id)
                tx.conn.execute(there.values(**values))
        self.targets[name] = found
        return found

    def ran(
        self,
        path: str,
        results: Mapping[str, Sequence[Any]],
        *,
        version: int | None = None,
        behaviour: str | None = None,
        suites: Mapping[str, str] | None = None,
        model: str | None = None,
        state: str = "done",
    ) -> int:
        """A run that has ended, and its cells. `results` are, per target, one entry a case: True, False or a fault.

        A tuple is the repeats of one case. Returns the run's number.
        """
        suites = suites or {OWN: "d1"}
        self.clock += 1_000_000
        run_id = new_id()
        with self.db.write() as tx:
            found = get_version(tx.conn, self.project, path, version)
            number = len(tx.conn.execute(select(test_run.c.id)).all()) + 1
            targets = [_target_json(self.targets[name]) for name in results]
            tx.conn.execute(
                insert(test_run).values(
                    id=run_id,
                    project_id=self.project.id,
                    number=number,
                    path=path,
                    version=found.number if behaviour is None else None,
                    behaviour=behaviour or found.behaviour,
                    suites=json.dumps(
                        [
                            {"name": n, "digest": d, "blob": None, "cases": 1}
                            for n, d in suites.items()
                        ]
                    ),
                    suites_key=suites_key(suites),
                    suites_digest=suites_digest(suites),
                    targets=json.dumps(targets),
                    repeat=1,
                    fresh=False,
                    plan=zlib.compress(b"{}"),
                    state=state,
                    cancel_asked=False,
                    attempt=1,
                    calls=0,
                    cost=0,
                    reserved=0,
                    created_at=self.clock,
                    created_by=PUBLISHER.subject,
                    ended_at=self.clock,
                )
            )
            rows = [
                _result(run_id, self.targets[name], suite, case, repeat, result, model)
                for name, cases in results.items()
                for suite in suites
                for case, given in enumerate(cases)
                for repeat, result in enumerate(given if isinstance(given, tuple) else (given,))
            ]
            for ordinal, row in enumerate(rows):
                row["ordinal"] = ordinal
            tx.conn.execute(insert(test_result), rows)
            write_cells(tx.conn, run_id, self.around.catalogue)
        return number

    def page(
        self, *, limit: int = 50, cursor: str | None = None, **asked: Any
    ) -> tuple[tuple[Column, ...], list[PromptRow], str | None]:
        """The columns, a page of rows, and the cursor behind it."""
        with self.db.read() as conn:
            columns, page = read_matrix(
                conn,
                self.project,
                Asked(**asked),
                LiveVersions(),
                self.around,
                limit=limit,
                cursor=cursor,
            )
        return columns, page.items, page.next

    def verdicts(self, **asked: Any) -> dict[str, list[str]]:
        """Per prompt the verdicts in the order of the columns."""
        return {
            row.line.path: [cell.verdict for cell in row.cells] for row in self.page(**asked)[1]
        }


def _target_json(target: Target) -> dict[str, Any]:
    return {
        "id": target.id,
        "name": target.name,
        "provider": target.provider,
        "model": target.model,
        "base_url": target.base_url,
        "region": target.region,
    }


def _result(
    run_id: str,
    target: Target,
    suite: str,
    case: int,
    repeat: int,
    result: bool | str,
    model: str | None,
) -> dict[str, Any]:
    answered = isinstance(result, bool)
    score = {"check": "exact", "kind": "string", "passed": result, "required": True}
    return {
        "run_id": run_id,
        "target_id": target.id,
        "suite": suite,
        "case_key": f"case-{case}",
        "repeat": repeat,
        "state": "done" if answered else "waiting" if result == "waiting" else "skipped",
        "fault": None if answered or result == "waiting" else result,
        "passed": result if answered else None,
        "scores": json.dumps([score]) if answered else None,
        "model": (model or target.model) if answered else None,
        "cost": 100 if answered else None,
        "latency_ms": 10.0 * (case + 1) if answered else None,
        "ended_at": 1 if answered else None,
    }
