"""`docs/access.md` prints the shipped policies word for word, and the table of roles that they come to."""

from __future__ import annotations

from docs_page import DOCS, rows

from promptops_server.access.cedar import schema, shipped
from promptops_server.access.print_policies import written
from promptops_server.infra.authorise import Action


def test_the_page_is_as_the_policies_are() -> None:
    page = (DOCS / "access.md").read_text()
    assert written(page) == page, "python -m promptops_server.access.print_policies docs/access.md"
    for text in (*shipped().values(), schema()):
        assert text in page


def test_the_table_has_every_action() -> None:
    table = {cells[0].strip("`") for cells in rows("access.md")}
    assert table >= set(Action.__args__)  # type: ignore[attr-defined]
