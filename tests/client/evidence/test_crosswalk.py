"""The cross-walk names what there is: fields, commands, files of a pack; its page says the same as the data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptops.cli import run
from promptops.evidence.crosswalk import FRAMEWORKS, NAMES, NOTICE, THEMES, page, rows_of
from promptops.evidence.feat import PRINCIPLES
from promptops.format.record import EVIDENCE, FIELDS

DOCS = Path(__file__).resolve().parents[3] / "docs"
IDS = {field.id for field in FIELDS} | {item.id for item in EVIDENCE}


def test_the_page_is_made_from_the_table() -> None:
    assert (DOCS / "crosswalk.md").read_text() == page()
    assert NOTICE in page()


def test_every_theme_is_used_and_every_row_has_one() -> None:
    used = {theme for _, rows in FRAMEWORKS.values() for _, _, theme in rows}
    assert used == set(THEMES)


def test_every_field_that_is_named_exists_and_every_principle_is_served() -> None:
    for name in NAMES:
        for row in rows_of(name):
            assert set(re.findall(r"D\d\d", row.fields)) <= IDS, row
            assert row.fields
    assert [row.clause for row in rows_of("feat")] == list(PRINCIPLES)
    assert {id for field in FIELDS for id in field.serves} <= set(PRINCIPLES)


def test_every_file_that_is_named_is_described() -> None:
    described = (DOCS / "../server/src/promptops_server/compliance/readme.py").read_text()
    files = {f.strip() for theme in THEMES.values() for f in theme.files.split(",")}
    for file in files:
        name = file.partition(" ")[0]
        assert name.replace("difference.diff", "difference").removesuffix(".json") in described, (
            file
        )


@pytest.mark.parametrize("command", sorted({theme.command for theme in THEMES.values()}))
def test_every_command_that_is_named_exists(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for word in command.split()[1:] if word.isalpha() and word.islower()]
    assert run([*words, "--help"]) == 0
    capsys.readouterr()
