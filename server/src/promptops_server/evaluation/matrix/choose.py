"""Which stored cell speaks for a prompt on a target, and whether it still does. Pure.

A cell speaks as long as nothing changed that the answers depend on: the content, the suites that belong to the prompt,
the target's model and endpoint, its catalogue entry, the model that the endpoint says it is. Else it is out of date, and
every reason is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptops_server.evaluation.matrix.model import Cell, Column, Line, Reason, StoredCell
from promptops_server.evaluation.matrix.verdict import judge


def choose(line: Line, column: Column, stored: Sequence[StoredCell]) -> Cell:
    """The cell to show: of those that still speak the newest, else the newest of this content, else the newest.

    One that was answered goes before one that was not.
    """
    if not stored:
        return Cell(column.name, "untested", column.problem or "no run yet")
    found, reasons = max(
        ((cell, tuple(reasons_of(cell, line, column))) for cell in stored),
        key=lambda pair: (
            pair[0].verdict != "untested",
            not pair[1],
            pair[0].behaviour == line.behaviour,
            pair[0].updated_at,
            pair[0].run,
        ),
    )
    judged = judge(found.counts)
    words = judged.words
    verdict = judged.verdict
    if verdict == "untested" and column.problem:
        words = column.problem
    out_of_date = bool(reasons) and verdict != "untested"
    if out_of_date:
        words = "; ".join(reason.words for reason in reasons)
    return Cell(
        target=column.name,
        verdict="out_of_date" if out_of_date else verdict,
        words=words,
        tested=verdict,
        cases=found.counts.cases,
        passed=found.counts.passed,
        bound=judged.bound,
        reasons=reasons if out_of_date else (),
        failing=found.counts.failing,
        errors=found.counts.errors,
        run=found.run,
        version=found.version,
        suites=tuple(sorted(found.suites)),
        model=found.model,
        cost=found.cost,
        latency_ms=found.latency_ms,
        updated_at=found.updated_at,
    )


def reasons_of(cell: StoredCell, line: Line, column: Column) -> Iterator[Reason]:
    """Everything that changed since the cell was tested; nothing when it still speaks."""
    if cell.behaviour != line.behaviour:
        yield Reason("content", _content(cell, line))
    for name, digest in sorted(line.suites.items()):
        if name not in cell.suites:
            yield Reason("suite", f"the suite {name} was not part of run {cell.run}")
        elif cell.suites[name] != digest:
            yield Reason("suite", f"the suite {name} has changed")
    if cell.endpoint != column.endpoint:
        yield Reason("target", f"the target was {cell.endpoint}, and is {column.endpoint}")
    if column.catalogue_digest is not None and cell.catalogue_digest != column.catalogue_digest:
        yield Reason("catalogue", f"the catalogue's entry of {column.model} has changed")
    if cell.model and column.answers_as and cell.model != column.answers_as:
        yield Reason(
            "answers_as",
            f"the endpoint answers as {column.answers_as} now; {cell.model} was tested",
        )


def _content(cell: StoredCell, line: Line) -> str:
    tested = f"version {cell.version}" if cell.version is not None else "a draft"
    wanted = f"version {line.version}" if line.version is not None else "this text"
    if line.behaviour is None:
        return f"{wanted} is not a valid prompt file; {tested} was tested"
    return f"the content has changed: {tested} was tested, not {wanted}"
