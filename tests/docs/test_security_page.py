"""`docs/security.md` answers every requirement of levels 1 and 2 once, and the tests it names exist."""

from __future__ import annotations

import ast
import re
from collections import Counter

from docs_page import DOCS

TESTS = DOCS.parent / "tests"
REQUIREMENTS = {
    "V6.1": (1, 2, 3),
    "V6.2": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    "V6.3": (1, 2, 3, 4),
    "V6.4": (1, 2, 3, 4),
    "V6.5": (1, 2, 3, 4, 5),
    "V6.6": (1, 2, 3),
    "V6.8": (1, 2, 3, 4),
    "V7.1": (1, 2, 3),
    "V7.2": (1, 2, 3, 4),
    "V7.3": (1, 2),
    "V7.4": (1, 2, 3, 4, 5),
    "V7.5": (1, 2),
    "V7.6": (1, 2),
    "V8.1": (1, 2),
    "V8.2": (1, 2, 3),
    "V8.3": (1,),
    "V8.4": (1,),
    "V9.1": (1, 2, 3),
    "V9.2": (1, 2, 3, 4),
    "V10.1": (1, 2),
    "V10.2": (1, 2),
    "V10.5": (1, 2, 3, 4, 5),
    "V16.1": (1,),
    "V16.2": (1, 2, 3, 4, 5),
    "V16.3": (1, 2, 3, 4),
    "V16.4": (1, 2, 3),
    "V16.5": (1, 2, 3),
}
"""OWASP ASVS 5.0: levels 1 and 2 of the chapters the page covers, the numbers of each section."""
_ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_STATE = re.compile(r"(Met|By design|Partly|Not met|n/a)\b")


def test_every_requirement_is_answered_once() -> None:
    wanted = {f"{section}.{n}" for section, numbers in REQUIREMENTS.items() for n in numbers}
    found = Counter(row[0] for row in _ROW.findall((DOCS / "security.md").read_text()))
    assert set(found) == wanted
    assert set(found.values()) == {1}


def test_every_answer_has_its_state_and_what_shows_it() -> None:
    for number, _, answer in _ROW.findall((DOCS / "security.md").read_text()):
        state = _STATE.match(answer)
        assert state, number
        if state[1] == "Met":
            assert _TEST.search(answer), f"{number} names no test"


def test_every_test_named_exists() -> None:
    named = _TEST.findall((DOCS / "security.md").read_text())
    assert len(named) > 40
    for file, function in named:
        tree = ast.parse((TESTS / file).read_text())
        functions = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert function in functions, f"{file}::{function}"


def test_every_file_and_page_named_exists() -> None:
    text = (DOCS / "security.md").read_text()
    for page in re.findall(r"\]\(([\w-]+\.md)\)", text):
        assert (DOCS / page).is_file(), page
    server = DOCS.parent / "server" / "src" / "promptops_server"
    for file in re.findall(r"`(access/[\w/]+\.py)`", text):
        assert (server / file).is_file(), file
