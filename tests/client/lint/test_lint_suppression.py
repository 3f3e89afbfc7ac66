"""Comments that suppress findings: which lines they cover, and what they cannot suppress."""

from __future__ import annotations

import pytest

from promptops.lint import Choice, check

BRACES = """\
messages:
  - role: user
    content: |{block}
      one
      {{{{ a b }}}}
  - role: user
    content: "{{{{ c d }}}}"{quoted}
  - role: user
{above}    content: plain
      {{{{ e f }}}}{plain}
"""


def lines(text: str) -> list[int]:
    return [f.line for f in check(text).findings if f.rule == "literal-braces"]


def braces(**comments: str) -> str:
    places = {"block": "", "quoted": "", "above": "", "plain": "", **comments}
    return BRACES.format(**places)


COMMENT = "  # promptops-lint: ignore=literal-braces meant so"


def test_without_a_comment_all_three_are_found() -> None:
    assert lines(braces()) == [5, 7, 10]


@pytest.mark.parametrize(
    ("place", "left"),
    [("block", [7, 10]), ("quoted", [5, 10]), ("plain", [5, 7]), ("above", [5, 7, 11])],
)
def test_a_comment_covers_all_lines_of_the_value_it_stands_behind(
    place: str, left: list[int]
) -> None:
    comment = f"  {COMMENT}\n" if place == "above" else COMMENT
    expected = left[:2] if place == "above" else left
    assert lines(braces(**{place: comment})) == expected


def test_a_comment_above_everything_covers_the_file() -> None:
    text = f"# A prompt.\n\n{COMMENT.strip()}\n---\n" + braces()
    checked = check(text)
    assert lines(text) == []
    assert checked.suppressed == 3


def test_below_the_first_key_it_no_longer_covers_the_file() -> None:
    text = f"name: x\n{COMMENT.strip()}\ntags: [a]\n" + braces()
    assert len(lines(text)) == 3


def test_several_rules_and_only_these() -> None:
    text = (
        "# promptops-lint: ignore=trailing-role,parse/unknown-key by design\n"
        "odd: 1\n"
        "messages: [{role: user, content: '{{ a b }}'}, {role: assistant, content: x}]\n"
    )
    assert [f.rule for f in check(text).findings] == ["literal-braces"]


def test_without_a_reason_it_suppresses_nothing() -> None:
    text = braces(quoted="  # promptops-lint: ignore=literal-braces")
    assert lines(text) == [5, 7, 10]
    assert "bad-suppression" in [f.rule for f in check(text).findings]


def test_an_error_that_makes_the_file_invalid_cannot_be_suppressed() -> None:
    text = (
        "# promptops-lint: ignore=undefined-variable,parse/missing-key please\n"
        "inputs: {}\n"
        "messages: [{role: user, content: '{{ a }}'}, {role: user}]\n"
    )
    assert [f.rule for f in check(text).findings] == ["undefined-variable", "parse/missing-key"]


def test_an_error_that_leaves_the_file_valid_can_be_suppressed() -> None:
    text = (
        "messages: [{role: user, content: '{{ a }}'}]\n"
        "testData:\n"
        "  - b: 1  # promptops-lint: ignore=test-data-misses-input read by our own evaluator\n"
    )
    assert check(text).findings == ()
    assert check(text).suppressed == 2


def test_what_is_not_selected_is_not_counted_as_suppressed() -> None:
    text = braces(block=COMMENT)
    assert check(text, choice=Choice(select=frozenset({"trailing-role"}))).suppressed == 0
