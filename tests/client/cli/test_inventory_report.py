"""The AI inventory as a document: grouped by use case, and never markup of what people wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.cli.inventory_report import COLUMNS, by_use_case, html, markdown

AT = "2026-05-04 12:00 UTC"


def item(**members: Any) -> dict[str, Any]:
    return {
        "address": "bank/claims/triage",
        "version": 3,
        "use_case_id": "UC-RB-014",
        "owner": "maria.lopez",
        "backup": "tom.becker",
        "decision_role": "assist",
        "tier": "medium",
        "residual_tier": "low",
        "complete": True,
        "faults": 0,
        "valid": True,
        "model": "openai/gpt-4o",
        "provider": "openai",
        "hosting": "external",
        "data_class": "personal",
        "review_due": "2027-05-04",
        "live": [{"environment": "production", "version": 2}],
        **members,
    }


class Seen(HTMLParser):
    """Tags, their attributes and the text of a document."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self._open = tag in ("td", "h1", "h2")
        if self._open:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "h1", "h2"):
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1] += data


def test_a_row_says_what_an_auditor_asks() -> None:
    seen = Seen(html([item()], "AI inventory: bank", AT))
    assert seen.cells == [
        *("AI inventory: bank", "UC-RB-014", "bank/claims/triage@3"),
        *("maria.lopez, backup tom.becker", "medium", "low", "assist"),
        *("openai/gpt-4o (openai, external)", "personal", "production @2", "complete"),
        "2027-05-04",
    ]
    assert "1 prompt (1 medium), 1 with complete documentation. As of 2026-05-04" in html(
        [item()], "", AT
    )


def test_prompts_are_grouped_by_use_case_and_those_without_one_come_last() -> None:
    items = [item(use_case_id=name, address=f"bank/{name}") for name in (None, "UC-2", "UC-1")]
    assert [name for name, _ in by_use_case(items)] == ["UC-1", "UC-2", "Without a use case"]


def test_exceptions_are_a_column_where_they_are_told() -> None:
    assert "Exceptions" not in markdown([item()], "", AT)
    told = markdown([item(exceptions=2), item()], "", AT)
    assert f"| {' | '.join(COLUMNS)} | Exceptions |" in told
    assert " | 2 |" in told
    assert " | 0 |" in told


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "</td></table><img src=x onerror=alert(1)>",
        "a | b | c\n# Heading",
        "[click](javascript:alert(1))",
        "`code` *bold* <b>x</b> &lt;",
        "\u202eexe.fdp",
        "{{ user }} ${7*7} #{7*7}",
    ],
)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    items = [item(owner=name, use_case_id=name, model=name, data_class=name)]
    clean = Seen(html([item()], "", AT))
    seen = Seen(html(items, name, AT))
    assert (seen.tags, seen.attributes) == (clean.tags, clean.attributes)
    assert " ".join(name.split()) in seen.cells[0] or "\\x" in seen.cells[0]
    told = markdown(items, name, AT)
    assert len(told.splitlines()) == len(markdown([item()], "", AT).splitlines())
    unescaped = re.sub(r"\\[^\w\s]", "", told)
    assert "<" not in unescaped
    assert "](" not in unescaped
    [row] = [line for line in unescaped.splitlines() if "production" in line]
    assert row.count("|") == len(COLUMNS) + 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_no_text_becomes_a_tag(text: str) -> None:
    clean = Seen(html([item()], "", AT))
    seen = Seen(html([item(owner=text, use_case_id=text or None)], text, AT))
    assert (seen.tags, seen.attributes) == (clean.tags, clean.attributes)
