"""The matrix on a terminal: it fits the width, colours where it may, and says in words what is wrong."""

from __future__ import annotations

import io
from typing import Any

import pytest

from promptops.cli.matrix_table import cell_text, details, summary, table
from promptops.cli.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def cell(target: str, verdict: str, passed: int = 0, cases: int = 0, **more: Any) -> dict[str, Any]:
    bound = more.pop("bound", None)
    return {
        "target": target,
        "verdict": verdict,
        "words": more.pop("words", ""),
        "passed": passed,
        "cases": cases,
        "bound": bound,
        "run": more.pop("run", None),
    }


TARGETS = ["gpt-production", "claude-backup", "qwen-on-premises", "llama-on-premises"]
ITEMS = [
    {
        "path": f"claims/motor/windscreen/triage-of-new-claims-{number}",
        "cells": [
            cell(TARGETS[0], "works", 6, 6, bound=0.6097),
            cell(TARGETS[1], "needs_tuning", 4, 6, words="exact fails on a", run=3),
            cell(TARGETS[2], "out_of_date", 6, 6, words="the suite x has changed", run=2),
            cell(TARGETS[3], "untested", words="no credentials"),
        ],
    }
    for number in range(3)
]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(Output, "stream", stream)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    return stream


def test_it_reads_in_eighty_columns(terminal: Terminal) -> None:
    table(Output(False), TARGETS, ITEMS)
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    whole = "\n".join(lines)
    for shown in ("works 6/6 ≥61%", "tuning 4/6", "out of date 6/6", "untested", "…"):
        assert shown in whole
    assert sum(line.startswith("PROMPT") for line in lines) > 1  # several tables below each other


def test_colours_are_for_terminals_that_may_have_them(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    table(Output(False), TARGETS, ITEMS)
    assert "\x1b[32mworks" in terminal.getvalue()


def test_into_a_pipe_every_cell_is_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(Output, "stream", stream)
    table(Output(False), TARGETS, ITEMS)
    first = stream.getvalue().splitlines()[0]
    assert first.split("\t")[1:] == ["works 6/6 ≥61%", "tuning 4/6", "out of date 6/6", "untested"]


def test_what_does_not_work_is_told_in_words(terminal: Terminal) -> None:
    details(Output(False), ITEMS)
    text = terminal.getvalue()
    assert "on claude-backup: needs tuning: exact fails on a (run 3)" in text
    assert "no credentials" not in text  # many untested cells would hide the rest
    details(Output(False), ITEMS[:1])
    assert "no credentials" in terminal.getvalue()


def test_one_line_sums_it_up() -> None:
    assert summary(ITEMS) == "3 of 12 work; 3 need tuning, 3 out of date, 3 untested."
    assert cell_text(cell("a", "fails", 0, 4)) == "fails 0/4"


def test_text_of_the_server_cannot_steer_the_terminal(terminal: Terminal) -> None:
    table(Output(False), ["\x1b]0;x\x07"], [{"path": "a\x1b[2J", "cells": [cell("x", "works")]}])
    assert "\x1b" not in terminal.getvalue()
