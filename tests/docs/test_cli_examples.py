"""The `console` blocks of the pages below, run in order, print what the page says; times, ids and digests aside.

Maya, an administrator, types them, or who stands behind the fence: ``console abe approver`` is Abe with that role.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
from pathlib import Path

import pytest
from docs_page import blocks

from promptops.cli import run
from support.server import RunningServer

PAGES = {
    "access.md": 10,
    "approvals.md": 9,
    "catalogue.md": 5,
    "cli.md": 26,
    "editing.md": 15,
    "environments.md": 16,
    "finding.md": 8,
    "history.md": 12,
    "models.md": 9,
    "record.md": 7,
    "redaction.md": 6,
    "testing.md": 5,
    "working-copies.md": 12,
}
"""Pages, and the commands each has at least."""

_VARYING = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ": "TIME",
    r"pot_[\w-]+": "TOKEN",
    r"(?<![\w-])[\w-]{32}(?![\w-])": "LINK",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}": "ID",
    r"\b[0-9a-f]{64}\b": "DIGEST",
    r"\b[0-9a-f]{40}\b": "COMMIT",
    r"(?<=commit )[0-9a-f]{7}\b": "SHORT",
    r"(?<=\s)(?=[0-9a-f]*\d)[0-9a-f]{7}(?=\s)": "SHORT",
    r"(?<=\s)[a-f]{7}(?=\s)": "SHORT",
    r"\b\d{4}-\d\d-\d\d\b": "DAY",
    r"http://127\.0\.0\.1:\d+": "URL",
}


def settled(text: str) -> list[str]:
    """The lines without what differs from run to run; runs of blanks count as one."""
    for pattern, name in _VARYING.items():
        text = re.sub(pattern, name, text)
    lines = (re.sub(r"[ \t]+", " ", line).rstrip() for line in text.splitlines())
    return [line for line in lines if line]


def commands(text: str) -> list[tuple[str, str]]:
    """Each `$` line of a block with the output below it."""
    parts = re.split(r"^\$ (.+)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_the_page_print_what_it_says(
    page: str, server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = {"": server.token("maya", "admin")}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTOPS_LOGIN_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setenv("PROMPTOPS_URL", server.url)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    seen = 0
    for block in blocks(page):
        if block.info.startswith(("yaml ", "cedar ")):
            Path(block.info.split()[1]).write_text(block.text)
        shell, _, person = block.info.partition(" ")
        if shell != "console":
            continue
        if person not in tokens:
            name, role = person.split()
            tokens[person] = server.token(name, role)
        monkeypatch.setenv("PROMPTOPS_TOKEN", tokens[person])
        for line, promised in commands(block.text):
            program, *arguments = shlex.split(line)
            assert program == "promptops"
            both = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
            monkeypatch.setattr(sys, "stdout", both)  # in the order in which a person sees them
            monkeypatch.setattr(sys, "stderr", both)
            code = run(arguments)
            printed = both.buffer.getvalue().decode()  # type: ignore[attr-defined]
            assert settled(printed) == settled(promised), line
            assert (code == 0) == ("error:" not in promised), line
            seen += 1
    assert seen >= PAGES[page]
