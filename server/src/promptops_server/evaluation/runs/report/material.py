"""What every report is written from: the run, the names of its cases, and its results a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promptops_server.evaluation.runs import store, wire
from promptops_server.evaluation.runs.model import Contents, Run
from promptops_server.infra.database import Database

PAGE = 500


@dataclass(frozen=True, slots=True)
class Material:
    """`run` is as the API shows it; `results` reads anew each time it is called."""

    run: Mapping[str, Any]
    case_names: Mapping[tuple[str, str], str]
    results: Callable[[], Iterator[Mapping[str, Any]]]

    @property
    def address(self) -> str:
        """`project/module/prompt@7`."""
        version = self.run["version"]
        return f"{self.run['project']}/{self.run['path']}" + (f"@{version}" if version else "")

    def case(self, result: Mapping[str, Any]) -> str:
        """A case as people call it."""
        return self.case_names.get((result["suite"], result["case"])) or str(result["case"])


def material_of(db: Database, found: Run, shown: Mapping[str, Any], contents: Contents) -> Material:
    """Read as the report is written; no connection is held between two pages."""
    names = {(suite.name, case.key): case.name for suite in contents.suites for case in suite.cases}

    def results() -> Iterator[Mapping[str, Any]]:
        after = -1
        while True:
            with db.read() as conn:
                rows = store.results(conn, found.id, limit=PAGE, after=after)
            for row in rows:
                yield wire.result_fields(found, row)
            if len(rows) < PAGE:
                return
            after = rows[-1].ordinal

    return Material(shown, names, results)


def why_not(result: Mapping[str, Any]) -> list[str]:
    """The reasons a result did not pass, a sentence each."""
    if result["state"] in ("error", "skipped"):
        return [f"{result['fault']}: {result['detail'] or ''}".rstrip(": ")]
    if result["state"] == "done" and result["passed"] is None:
        return ["no required check looks at the answer"]
    return [
        f"{score['check']}: {score['detail'] or 'not passed'}"
        for score in result["scores"]
        if score["required"] and score["passed"] is not True
    ]
