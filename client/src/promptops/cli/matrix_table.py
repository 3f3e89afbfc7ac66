"""The matrix as a terminal shows it: a table that fits, then what is wrong, in words. Owns the look alone."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptops.cli.output import Output, is_terminal, paint, visible, write

_SHORT = {
    "works": "works",
    "needs_tuning": "tuning",
    "fails": "fails",
    "untested": "untested",
    "out_of_date": "out of date",
}
_COLOURS = {
    "works": "green",
    "needs_tuning": "yellow",
    "fails": "red",
    "untested": "bright_black",
    "out_of_date": "magenta",
}
_WIDEST_NAME = 40
_DETAILS = 20
"""Cells that are told in words below the table."""


def table(out: Output, targets: Sequence[str], items: Sequence[Mapping[str, Any]]) -> None:
    """Prompts down, targets across: into a pipe tab-separated; on a terminal in as many tables as its width takes."""
    if not is_terminal(out.stream):
        rows = ([i["path"], *(cell_text(c) for c in i["cells"])] for i in items)
        out.table(["PROMPT", *targets], rows, "")
        return
    width = max(40, shutil.get_terminal_size((80, 24)).columns)
    names = [_fitted(item["path"]) for item in items]
    first = max(map(len, [*names, "PROMPT"]))
    for some in _groups(targets, items, width - first):
        widths = [_width(targets[n], items, n) for n in some]
        heads = [
            "PROMPT".ljust(first),
            *(_cut(targets[n], w) for n, w in zip(some, widths, strict=True)),
        ]
        write(out.stream, paint("  ".join(heads), None, out.stream, bold=True) + "\n")
        for name, item in zip(names, items, strict=True):
            shown = [visible(name).ljust(first)]
            for n, w in zip(some, widths, strict=True):
                cell = item["cells"][n]
                text = cell_text(cell).ljust(w)
                shown.append(paint(text, _COLOURS[cell["verdict"]], out.stream))
            write(out.stream, "  ".join(shown).rstrip() + "\n")


def details(out: Output, items: Sequence[Mapping[str, Any]]) -> None:
    """What does not work and why, the first few; on a terminal, where somebody reads it."""
    if not is_terminal(out.stream) and len(items) > 1:
        return
    told = [
        (item, cell)
        for item in items
        for cell in item["cells"]
        if cell["verdict"] in ("needs_tuning", "fails", "out_of_date") or len(items) == 1
    ]
    if not told:
        return
    out.line()
    for item, cell in told[:_DETAILS]:
        run = f" (run {cell['run']})" if cell["run"] else ""
        title = cell["verdict"].replace("_", " ")
        out.line(f"{item['path']} on {cell['target']}: {title}: {cell['words']}{run}")
    if len(told) > _DETAILS:
        out.line(f"… and {len(told) - _DETAILS:,} more")


def summary(items: Iterable[Mapping[str, Any]]) -> str:
    """`12 of 18 work; 3 need tuning, 1 out of date`."""
    many = Counter(cell["verdict"] for item in items for cell in item["cells"])
    rest = [
        f"{many[verdict]:,} {words}"
        for verdict, words in (
            ("needs_tuning", "need tuning"),
            ("fails", "fail"),
            ("out_of_date", "out of date"),
            ("untested", "untested"),
        )
        if many[verdict]
    ]
    told = f"{many['works']:,} of {sum(many.values()):,} work"
    return told + (f"; {', '.join(rest)}." if rest else ".")


def cell_text(cell: Mapping[str, Any]) -> str:
    """`works 6/6 ≥61%`."""
    short = _SHORT.get(cell["verdict"], str(cell["verdict"]))
    if cell["verdict"] == "untested" or not cell["cases"]:
        return short
    told = f"{short} {cell['passed']}/{cell['cases']}"
    if cell["verdict"] == "works" and cell["bound"] is not None:
        told += f" ≥{round(cell['bound'] * 100)}%"
    return told


def _groups(
    targets: Sequence[str], items: Sequence[Mapping[str, Any]], room: int
) -> list[list[int]]:
    """The columns, in as many tables as it takes."""
    groups: list[list[int]] = [[]]
    left = room
    for n, name in enumerate(targets):
        needed = 2 + _width(name, items, n)
        if groups[-1] and needed > left:
            groups.append([])
            left = room
        groups[-1].append(n)
        left -= needed
    return groups


def _width(name: str, items: Sequence[Mapping[str, Any]], n: int) -> int:
    longest = max(len(cell_text(item["cells"][n])) for item in items)
    return max(longest, min(len(name), 20))


def _cut(text: str, width: int) -> str:
    text = visible(text)
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def _fitted(path: str) -> str:
    return path if len(path) <= _WIDEST_NAME else "…" + path[1 - _WIDEST_NAME :]
