"""`docs/delivery.md` names tests that exist, and shows every promise by at least one."""

from __future__ import annotations

import ast
import re

from docs_page import DOCS

PAGE = (DOCS / "delivery.md").read_text()
TESTS = DOCS.parent / "tests"
_ROW = re.compile(r"^\| .+ \| ([\d, ]+) \| `([\w/]+\.py)::(\w+)` \|$", re.MULTILINE)


def test_every_promise_is_shown_by_a_test_that_exists() -> None:
    shown = set()
    rows = _ROW.findall(PAGE)
    assert len(rows) == PAGE.count(".py::")
    for promises, file, function in rows:
        shown |= set(promises.split(", "))
        tree = ast.parse((TESTS / file).read_text())
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert function in names, f"{file}::{function}"
    assert shown == set(re.findall(r"^(\d+)\. \*\*", PAGE, re.MULTILINE))


def test_every_test_of_a_fault_is_on_the_page() -> None:
    for file in sorted((TESTS / "flows" / "faults").glob("test_*.py")):
        for function in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE):
            assert f"`flows/faults/{file.name}::{function}`" in PAGE


def test_every_page_named_exists() -> None:
    for page in re.findall(r"\]\(([\w-]+\.md)\)", PAGE):
        assert (DOCS / page).is_file(), page
