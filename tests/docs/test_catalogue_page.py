"""`docs/catalogue.md` lists every rule, and its example file is one the server takes."""

from __future__ import annotations

from docs_page import blocks, rows

from promptops_server.providers.catalogue.read_file import read_content
from promptops_server.providers.catalogue.rules import rules


def test_the_table_lists_every_rule() -> None:
    listed = [cells[0].strip("`") for cells in rows("catalogue.md") if len(cells) == 3]
    assert sorted(set(listed) & set(rules())) == sorted(rules())


def test_the_example_of_an_own_file_is_valid() -> None:
    examples = [block.text for block in blocks("catalogue.md") if block.info == "yaml"]
    assert len(examples) == 1
    found = read_content(examples[0].encode(), "example")
    assert [row.id for row in found.models] == ["claims-llama"]
    assert len(found.contracts) == 2
