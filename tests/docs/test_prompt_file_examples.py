"""`docs/prompt-file.md` says what the parser does: its examples, its keys, its braces."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from docs_page import Block, blocks, rows

from promptops.format import compile_artifact, parse, render
from promptops.format.model import KEYS

PAGE = "prompt-file.md"
BLOCKS = blocks(PAGE)
FILES = [block for block in BLOCKS if block.info == "yaml"]
PROBLEMS = [
    (block, answer) for block, answer in itertools.pairwise(BLOCKS) if block.info == "yaml problems"
]
DOCUMENTED = [
    cells[0].strip("`") for cells in rows(PAGE) if re.fullmatch(r"`[A-Za-z_.\[\]]+`", cells[0])
]


@pytest.mark.parametrize("block", FILES, ids=str)
def test_an_example_is_a_prompt_file_without_anything_to_remark(block: Block) -> None:
    parsed = parse(block.text)
    assert [str(problem) for problem in parsed.problems] == []


@pytest.mark.parametrize(("block", "answer"), PROBLEMS, ids=lambda block: str(block))
def test_an_example_of_problems_gives_exactly_the_lines_shown(block: Block, answer: Block) -> None:
    assert "\n".join(str(problem) for problem in parse(block.text).problems) == answer.text.strip()


def test_the_page_shows_three_sets_of_problems() -> None:
    assert len(PROBLEMS) == 3


def test_every_top_level_key_is_documented() -> None:
    assert [key for key in KEYS if key not in DOCUMENTED] == []


def file_with(path: str) -> dict[str, Any]:
    """A file in which the documented path stands, with null where nothing is said about its value."""
    parts = re.findall(r"[A-Za-z_]+|\[\]", path)
    value: Any = None
    for number in reversed(range(len(parts))):
        part = parts[number]
        if part == "[]":
            value = [value]
        else:
            value = {part: value}
            if number and parts[number - 1] == "[]" and "content" in parts[:number]:
                value["type"] = part
    return dict(value)


@pytest.mark.parametrize("path", DOCUMENTED)
def test_a_documented_key_is_known_to_the_parser(path: str) -> None:
    problems = parse(json.dumps(file_with(path))).problems
    assert [p.message for p in problems if p.code == "unknown-key"] == []


def test_a_key_nobody_knows_would_be_noticed() -> None:
    for path in (
        "nonsense",
        "inputs.NAME.nonsense",
        "messages[].nonsense",
        "messages[].content[].image_url.nonsense",
        "variants.KEY.nonsense",
        "tools[].nonsense",
    ):
        problems = parse(json.dumps(file_with(path))).problems
        assert "unknown-key" in [p.code for p in problems], path


BRACES = [
    (cells[0].strip("`"), cells[1].strip("`"))
    for cells in rows(PAGE)
    if len(cells) == 2 and "{" in cells[0]
]


@pytest.mark.parametrize(("written", "sent"), BRACES)
def test_braces_are_rendered_as_the_table_says(written: str, sent: str) -> None:
    file = parse(json.dumps({"messages": [{"role": "user", "content": written}]})).file
    assert file is not None
    artifact = compile_artifact(file, project="p", path="a", version=1, commit="")
    inputs = {"name": "Ada"} if "name" in file.inputs else {}
    assert render(json.loads(artifact.text), inputs)[0]["content"] == sent


def test_the_table_of_braces_is_read() -> None:
    assert len(BRACES) >= 6
