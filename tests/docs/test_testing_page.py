"""`docs/testing.md` says what suites and evaluators do: its examples are valid, every kind is in its table."""

from __future__ import annotations

import pytest
from docs_page import Block, blocks, rows

from promptops.format.evaluator_kinds import KINDS, USES
from promptops.format.suite import parse_suite
from promptops_server.evaluation.suites.find import suite_of_text

PAGE = "testing.md"
SUITES = [
    block for block in blocks(PAGE) if block.info in ("yaml triage.suite.yml", "yaml judge.yml")
]
EXAMPLES = {
    cells[0].strip("`"): cells[2].strip("`")
    for cells in rows(PAGE)
    if len(cells) == 3 and cells[0].strip("`") in KINDS
}


@pytest.mark.parametrize("block", SUITES, ids=str)
def test_an_example_is_a_suite_without_anything_to_remark(block: Block) -> None:
    assert [str(problem) for problem in parse_suite(block.text).problems] == []
    assert suite_of_text("example", block.text).cases


def test_every_kind_has_a_row() -> None:
    assert list(EXAMPLES) and set(EXAMPLES) == set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "llm"])
def test_the_example_of_a_kind_is_what_the_server_takes(kind: str) -> None:
    text = f"cases: [{{inputs: {{}}}}]\nevaluators:\n  - name: example\n    {EXAMPLES[kind]}\n"
    (check,) = suite_of_text("example", text).checks
    assert check.kind == USES.get("github/similarity" if kind == "uses" else kind, kind)


def test_the_page_shows_two_suites() -> None:
    assert len(SUITES) == 2
