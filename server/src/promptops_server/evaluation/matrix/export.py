"""The matrix as CSV and as Markdown. Pure.

No cell of the CSV begins as a formula of a spreadsheet would, and what people wrote is never markup.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from promptops_server.evaluation.matrix.model import Cell, Column, PromptRow
from promptops_server.evaluation.model import Verdict
from promptops_server.infra.clock import to_text

TITLES: Final[dict[Verdict, str]] = {
    "works": "works",
    "needs_tuning": "needs tuning",
    "fails": "fails",
    "out_of_date": "out of date",
    "untested": "untested",
}
_COUNTED: Final[dict[Verdict, str]] = {
    "needs_tuning": "need tuning",
    "fails": "fail",
    "out_of_date": "out of date",
    "untested": "untested",
}
CSV_HEAD: Final = (
    *("project", "path", "version", "target", "verdict", "tested", "passed", "cases"),
    *("lower_bound", "words", "run", "tested_version", "cost_usd", "latency_ms", "tested_at"),
)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def csv_head() -> str:
    """The first line."""
    return _csv([CSV_HEAD])


def csv_rows(project: str, rows: Iterable[PromptRow]) -> str:
    """A line for every cell."""
    return _csv(_fields(project, row, cell) for row in rows for cell in row.cells)


def markdown(
    project: str, columns: Sequence[Column], rows: Sequence[PromptRow], *, whole: bool
) -> str:
    """One line that sums it up, as a badge would, and a table of prompts and targets.

    Args:
        whole: whether `rows` is all there is.
    """
    lines = [f"**{_text(badge(rows))}**", ""]
    lines.append("| " + " | ".join(["prompt", *(_text(column.name) for column in columns)]) + " |")
    lines.append("|---" * (len(columns) + 1) + "|")
    for row in rows:
        name = f"{project}/{row.line.path}@{row.line.version}"
        told = [_text(name), *(_text(_short(cell)) for cell in row.cells)]
        lines.append("| " + " | ".join(told) + " |")
    if not whole:
        lines += ["", f"The first {len(rows):,} prompts."]
    return "\n".join(lines) + "\n"


def badge(rows: Iterable[PromptRow]) -> str:
    """`compatibility: 12 of 18 work, 3 need tuning, 1 fail, 2 untested`."""
    many = Counter(cell.verdict for row in rows for cell in row.cells)
    told = [f"{many['works']:,} of {many.total():,} work"]
    for verdict, words in _COUNTED.items():
        if many[verdict]:
            told.append(f"{many[verdict]:,} {words}")
    return "compatibility: " + ", ".join(told)


def _short(cell: Cell) -> str:
    title = TITLES[cell.verdict]
    if cell.verdict == "untested":
        return f"{title}: {cell.words}"
    told = f"{title} {cell.passed}/{cell.cases}"
    return told if cell.run is None else f"{told} (run {cell.run})"


def _fields(project: str, row: PromptRow, cell: Cell) -> Iterator[object]:
    yield from (project, row.line.path, row.line.version, cell.target)
    yield from (cell.verdict, cell.tested, cell.passed, cell.cases)
    yield None if cell.bound is None else f"{cell.bound:.4f}"
    yield from (cell.words, cell.run, cell.version)
    yield None if cell.cost is None else f"{cell.cost / 1_000_000:.6f}"
    yield None if cell.latency_ms is None else f"{cell.latency_ms:.1f}"
    yield None if cell.updated_at is None else to_text(cell.updated_at)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_safe(value) for value in row] for row in rows)
    return text.getvalue()


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
