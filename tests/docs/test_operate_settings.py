"""The settings table of `docs/operate.md` is the settings classes, word for word."""

from __future__ import annotations

from docs_page import rows

from promptops_server.infra import settings


def test_the_table_lists_every_setting_with_default_and_meaning() -> None:
    known = [
        [f"`{s.name}`", f"`{s.value}`" if s.value else "–", s.description]
        for s in settings.load({}, environ={}).explain()
    ]
    names = {row[0] for row in known}
    table = [cells for cells in rows("operate.md") if cells[0] in names]
    assert table == known
