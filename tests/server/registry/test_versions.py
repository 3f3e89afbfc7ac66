"""What the text after an address's `@` finds."""

from __future__ import annotations

import pytest
from bank import Bank, LiveTable, prompt_text

from promptops_server.infra.problems import NotFound
from promptops_server.registry.versions import resolve


def test_a_commit_whose_id_begins_with_digits_alone_is_found(small_bank: Bank) -> None:
    """About one commit in 28 does; without one among the first 400 something else is wrong."""
    for count in range(400):
        parent = count or None
        made = small_bank.put("triage", prompt_text(f"Sort {count}."), parent).version
        start = made.commit[:7]
        if start.isdecimal() and start[0] != "0":
            break
    assert start.isdecimal()
    with small_bank.db.read() as conn:
        found = resolve(conn, small_bank.project, "triage", start, LiveTable())
        assert found == made
        with pytest.raises(NotFound, match="9999999"):
            resolve(conn, small_bank.project, "triage", "9999999", LiveTable())
        with pytest.raises(NotFound, match="404"):
            resolve(conn, small_bank.project, "triage", "404", LiveTable())
