"""Comparing two texts word by word."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format.diff_sequences import Effort, matching_blocks
from promptops.format.diff_words import MAX_SEGMENTS, TextDiff, diff_words, lines_of, words_of

WORDS = st.lists(
    st.sampled_from(
        ["the", "claim", "claims", "{{ claim }}", "{{ x", "}}", " ", "  ", "\n", "\r\n", ",", ".",
         "don't", "请", "分类", "索赔", "ไทย", "नमस्ते", "👩‍👩‍👧", "e\u0301", "\u2028", "\ud800"]
    ),
    max_size=40,
).map("".join)  # fmt: skip
TEXTS = st.one_of(WORDS, st.text(max_size=60))


def turned(diff: TextDiff) -> list[tuple[str, str]]:
    """The segments with insert and delete exchanged, a deletion still before its insertion."""
    other = {"insert": "delete", "delete": "insert", "equal": "equal"}
    swapped = [(other[op], text) for op, text in diff.segments]
    for i in range(len(swapped) - 1):
        if (swapped[i][0], swapped[i + 1][0]) == ("insert", "delete"):
            swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
    return swapped


@given(TEXTS, TEXTS)
def test_the_segments_give_both_texts_back(a: str, b: str) -> None:
    diff = diff_words(a, b)
    assert (diff.before, diff.after) == (a, b)
    ops = [s.op for s in diff.segments]
    assert all(x != y for x, y in itertools.pairwise(ops))
    assert all(s.text for s in diff.segments)


@given(TEXTS, TEXTS)
def test_the_other_way_round_is_the_same_with_insert_and_delete_exchanged(a: str, b: str) -> None:
    assert turned(diff_words(a, b)) == [tuple(s) for s in diff_words(b, a).segments]


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert {s.op for s in diff_words(text, text).segments} <= {"equal"}


@given(TEXTS)
def test_words_and_lines_lose_nothing(text: str) -> None:
    assert "".join(words_of(text)) == text
    assert "".join(lines_of(text)) == text


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_what_is_matched_is_as_much_as_can_be(a: list[str], b: list[str]) -> None:
    blocks = matching_blocks(a, b)
    for block in blocks:
        assert a[block.a : block.a + block.size] == b[block.b : block.b + block.size]
    for one, two in itertools.pairwise(blocks):
        assert one.a + one.size <= two.a
        assert one.b + one.size <= two.b
    longest = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for x in range(len(a)):
        for y in range(len(b)):
            longest[x + 1][y + 1] = (
                longest[x][y] + 1 if a[x] == b[y] else max(longest[x][y + 1], longest[x + 1][y])
            )
    assert sum(block.size for block in blocks) == longest[-1][-1]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Sort the claim.", "Sort each claim.", "Sort [-the-]{+each+} claim."),
        ("Say {{ claim }}!", "Say {{ claim_text }}!", "Say [-{{ claim }}-]{+{{ claim_text }}+}!"),
        ("a b c", "x y c", "[-a b-]{+x y+} c"),
        ("one\ntwo\nthree\n", "one\n2\nthree\n", "one\n[-two-]{+2+}\nthree\n"),
        ("请分类这个索赔", "请分类那个索赔", "请分类[-这-]{+那+}个索赔"),
        ("Don't do it", "Don't do that", "Don't do [-it-]{+that+}"),
        ("word", "word\n", "word{+\n+}"),
        ("", "new", "{+new+}"),
    ],
)
def test_differences_read_as_a_person_would_mark_them(before: str, after: str, shown: str) -> None:
    marks = {"equal": "{}", "delete": "[-{}-]", "insert": "{{+{}+}}"}
    diff = diff_words(before, after)
    assert "".join(marks[op].format(text) for op, text in diff.segments) == shown
    assert diff.granularity == "words"


def _shuffled(size: int, kinds: int) -> str:
    pick = random.Random(size * kinds)
    return " ".join(f"w{pick.randrange(kinds)}" for _ in range(size))


WORST = {
    "all words differ": (" ".join(f"a{i}" for i in range(100_000)), " ".join(f"b{i}" for i in range(100_000))),
    "all lines are the same": ("x\n" * 400_000, "x\n" * 200_000 + "y\n" + "x\n" * 250_000),
    "one line of few words": (_shuffled(150_000, 100), _shuffled(150_001, 100)),
    "many lines of few kinds": (_shuffled(150_000, 90).replace(" ", "\n"), _shuffled(150_001, 90).replace(" ", "\n")),
    "letters without words": ("ab" * 500_000, "ba" * 500_000),
    "open braces": ("{{" * 500_000, "{{a" * 300_000),
}  # fmt: skip


@pytest.mark.parametrize("name", WORST)
def test_the_worst_texts_are_compared_in_bounded_time(name: str) -> None:
    before, after = WORST[name]
    start = time.process_time()
    diff = diff_words(before, after)
    # One second is promised; a busy machine may take twice as long for the same work.
    assert time.process_time() - start < 2
    assert (diff.before, diff.after) == (before, after)


def test_what_is_too_much_is_shown_by_lines() -> None:
    before = "".join(f"{i} a {i} b\n" for i in range(MAX_SEGMENTS))
    effort = Effort()
    diff = diff_words(before, before.replace("a", "c"), effort)
    assert (diff.granularity, effort.short) == ("lines", True)
    assert [s.op for s in diff.segments] == ["delete", "insert"]
    effort = Effort(steps=0)
    assert diff_words("a b c\n" * 3 + "d", "b a c\n" * 3 + "e", effort).granularity == "lines"
    assert effort.short
