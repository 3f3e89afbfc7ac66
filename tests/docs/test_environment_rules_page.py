"""The table of rules in `docs/environments.md` names every rule, with settings that the server takes."""

from __future__ import annotations

import json
import re

from docs_page import rows

from promptops_server.approvals.rulebook import all_rules


def test_every_rule_is_in_the_table_with_settings_that_work() -> None:
    table = {
        cells[0].strip("`"): "|".join(cells)
        for cells in rows("environments.md")
        if cells[0].strip("`") in all_rules()
    }
    assert set(table) == set(all_rules())
    for name, text in table.items():
        example = re.search(r"`(\{.*?\})`", text)
        assert example is not None, name
        assert all_rules()[name].model_validate(json.loads(example[1])).words()
