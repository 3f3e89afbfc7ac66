"""Reads a page of `docs/`: its fenced blocks and the rows of its tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: what stands behind the fence, its text, its first line, its section."""

    info: str
    text: str
    line: int
    section: str

    def __str__(self) -> str:
        return f"line {self.line}"


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = (DOCS / page).read_text()
    found = []
    for match in _FENCE.finditer(text):
        before = text[: match.start()]
        headings = re.findall(r"^## (.+)$", before, re.MULTILINE)
        section = headings[-1] if headings else ""
        found.append(Block(match["info"], match["text"], before.count("\n") + 2, section))
    return found


def rows(page: str) -> list[list[str]]:
    """The cells of every table row of a page; the head and the line under it are left out."""
    lines = (DOCS / page).read_text().splitlines()
    found = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and not line.startswith("|--") and not below.startswith("|--"):
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found
