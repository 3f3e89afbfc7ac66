"""Three-way merge: laws, stock Git as the oracle, markers, line ends, and time on texts made to be slow."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.format.diff_sequences import Effort
from promptops.format.line_diff import changes
from promptops.format.merge import (
    Conflict,
    Labels,
    conflicts_in,
    marker_lines,
    merge,
    settle,
)

LINE = st.sampled_from(["a\n", "b\n", "c\n", "\n", "  - x\n", "a", "b\r\n"])
TEXT = st.lists(LINE, max_size=9).map("".join)
ENDED = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=9).map("".join)


@given(TEXT, TEXT)
@settings(max_examples=400, deadline=None)
def test_what_only_one_side_changed_is_taken(base: str, other: str) -> None:
    assert merge(base, base, other).text == other
    assert merge(base, other, base).text == other
    assert merge(base, other, other).text == other
    assert merge(base, base, base).conflicts == ()


@given(TEXT, TEXT, TEXT)
@settings(max_examples=400, deadline=None)
def test_the_sides_are_alike(base: str, one: str, two: str) -> None:
    here, there = merge(base, one, two), merge(base, two, one)
    assert len(here.conflicts) == len(there.conflicts)
    if not here.conflicts:
        assert here.text == there.text
    for mine, other in zip(here.conflicts, there.conflicts, strict=True):
        assert (mine.yours, mine.base, mine.theirs) == (other.theirs, other.base, other.yours)
    assert merge(base, one, two, prefer="yours") == merge(base, two, one, prefer="theirs")


@given(TEXT, TEXT, TEXT)
@settings(max_examples=400, deadline=None)
def test_conflicts_are_read_back_as_they_were_written(base: str, one: str, two: str) -> None:
    done = merge(base, one, two)
    assert tuple(conflicts_in(done.text)) == done.conflicts
    assert bool(marker_lines(done.text)) == bool(done.conflicts)
    lines = done.text.split("\n")
    for found in done.conflicts:
        assert lines[found.start_line - 1].startswith("<<<<<<< yours")
        assert lines[found.end_line - 1].startswith(">>>>>>> theirs")
    assert marker_lines(settle(done.text, "yours")) == []


@given(ENDED, ENDED, ENDED)
@settings(max_examples=300, deadline=None)
def test_settling_a_conflict_is_the_merge_that_prefers_that_side(
    base: str, one: str, two: str
) -> None:
    marked = merge(base, one, two).text
    assert settle(marked, "yours") == merge(base, one, two, prefer="yours").text
    assert settle(marked, "theirs") == merge(base, one, two, prefer="theirs").text


@given(TEXT, TEXT)
@settings(max_examples=400, deadline=None)
def test_hunks_turn_one_text_into_the_other(a: str, b: str) -> None:
    before, after = a.splitlines(True), b.splitlines(True)
    for steps in (1_500_000, 6):  # 6: the coarse answer has to be right as well
        out: list[str] = []
        at = 0
        for hunk in changes(before, after, Effort(steps)):
            out += [*before[at : hunk.a_lo], *after[hunk.b_lo : hunk.b_hi]]
            at = hunk.a_hi
        assert "".join([*out, *before[at:]]) == b


# Stock Git.

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git_merge(base: str, yours: str, theirs: str) -> tuple[str, int]:
    """What `git merge-file -p --diff3` makes of it, and in how many conflicts."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, text in (("yours", yours), ("base", base), ("theirs", theirs)):
            file = Path(folder) / name
            file.write_bytes(text.encode())
            files += ["-L", name, str(file)]
        words = ["git", "merge-file", "-p", "--diff3"]
        for at in range(0, 9, 3):
            words += files[at : at + 2]
        words += files[2::3]
        done = subprocess.run(words, capture_output=True, check=False, cwd=folder)
        assert done.returncode < 128, done.stderr
        return done.stdout.decode(), done.returncode


@st.composite
def disjoint(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text of distinct lines and edits of both sides, each at other lines, next to one another or not."""
    count = draw(st.integers(1, 14))
    base = [f"line {n}\n" for n in range(count)]
    sides = [list(base), list(base)]
    for at in range(count):
        who = draw(st.sampled_from([None, None, 0, 1]))
        if who is None:
            continue
        what = draw(st.sampled_from(["change", "drop", "insert", "same"]))
        if what == "insert":
            sides[who][at] = f"new {at}\n" + base[at]
        elif what == "drop":
            sides[who][at] = ""
        elif what == "same":
            sides[0][at] = sides[1][at] = f"both {at}\n"
        else:
            sides[who][at] = f"changed {at} by {who}\n"
    return "".join(base), "".join(sides[0]), "".join(sides[1])


@needs_git
@given(disjoint())
@settings(max_examples=150, deadline=None)
def test_edits_of_distinct_lines_merge_as_stock_git_does(texts: tuple[str, str, str]) -> None:
    done = merge(*texts)
    assert (done.text, len(done.conflicts)) == git_merge(*texts)


@needs_git
@pytest.mark.parametrize(
    ("base", "yours", "theirs"),
    [
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"),  # a line between
        ("a\nb\n", "A\nb\n", "a\nB\n"),  # next to one another
        ("a\nb\nc\n", "a\nb\n", "a\nc\n"),  # dropped next to one another
        ("a\n", "a\nx\n", "a\ny\n"),  # both appended
        ("a\n", "a\nx\n", "a\nx\n"),  # the same
        ("a\nb\n", "a\nx\nb\n", "a\nx\ny\nb\n"),  # partly the same
        ("a\nb\nc\n", "", "a\nB\nc\n"),  # emptied and changed
        ("", "x\n", "y\n"),
        ("", "x\n", "x\n"),
        ("a\nb", "a\nb\nc", "a\nB"),  # no line end at the end
        ("a", "b", "c"),
        ("a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "x\r\nb\r\nC\r\n"),
        ("x\nx\nx\ny\n", "x\nx\ny\n", "x\nx\nx\nz\n"),  # which x went?
        ("k:\n  - a\n  - b\n", "k:\n  - a\n  - n\n  - b\n", "k:\n  - a\n  - b\n  - m\n"),
    ],
)
def test_known_cases_merge_as_stock_git_does(base: str, yours: str, theirs: str) -> None:
    done = merge(base, yours, theirs)
    assert (done.text, len(done.conflicts)) == git_merge(base, yours, theirs)


# Markers.


def test_a_conflict_names_both_sides_and_what_both_changed() -> None:
    done = merge(
        "top\nold\nend\n",
        "top\nmine\nend\n",
        "top\ntheirs\nend\n",
        labels=Labels("yours (working copy)", "v5", "v7 by ben"),
    )
    assert done.text == (
        "top\n<<<<<<< yours (working copy)\nmine\n||||||| v5\nold\n=======\ntheirs\n"
        ">>>>>>> v7 by ben\nend\n"
    )
    assert done.conflicts == (Conflict(2, 8, "old\n", "mine\n", "theirs\n"),)


def test_markers_left_over_are_found_and_prose_is_not() -> None:
    assert marker_lines("Heading\n=======\n<<<<<< six\n<<<<<<<<\n  <<<<<<< indented\n") == []
    assert marker_lines("a\n>>>>>>> v7 by ben\nHeading\n=======\n") == [2, 4]
    assert marker_lines("<<<<<<<\r\n") == [1]
    half = "<<<<<<< yours\na\n=======\nb\n"
    assert (conflicts_in(half), marker_lines(half)) == ([], [1, 3])
    assert settle(half, "yours") == half
    old_style = "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"
    assert conflicts_in(old_style) == [Conflict(1, 5, None, "x\n", "y\n")]


# Line ends.


def test_turning_the_line_ends_is_one_change_and_no_line() -> None:
    base, theirs = "a\nb\nc\nd\n", "a\nb\nc\nD\n"
    assert merge(base, "A\r\nb\r\nc\r\nd\r\n", theirs).text == "A\r\nb\r\nc\r\nD\r\n"
    assert merge(base, theirs, base.replace("\n", "\r\n")).text == "a\r\nb\r\nc\r\nD\r\n"
    marked = merge(base, "A\r\nb\r\nc\r\nd\r\n", "x\nb\nc\nd\n")
    assert marked.text.count("\r\n") == marked.text.count("\n")
    assert tuple(conflicts_in(marked.text)) == marked.conflicts


def test_a_byte_order_mark_is_one_change_and_no_line() -> None:
    assert merge("a\nb\nc\n", "\ufeffa\nb\nc\n", "A\nb\nc\n").text == "\ufeffA\nb\nc\n"
    assert merge("\ufeffa\nb\nc\n", "a\nb\nc\n", "\ufeffa\nb\nC\n").text == "a\nb\nC\n"


def test_other_characters_that_end_lines_elsewhere_are_text() -> None:
    base = "a\x0b\u2028b\nkept\nc\n"
    assert merge(base, base.replace("c", "C"), base.replace("b", "B")).text == (
        "a\x0b\u2028B\nkept\nC\n"
    )


# Time.


@pytest.mark.parametrize(
    ("base", "other"),
    [
        ("\n" * 1_000_000, "\n" * 500_000 + "x\n" + "\n" * 499_000),
        ("a\nb\n" * 120_000, "b\na\na\n" * 90_000),
        (
            "".join(f"{n}\n" for n in range(140_000)),
            "".join(f"{n}\n" for n in range(140_000, 0, -1)),
        ),
        ("".join(f"{n % 977}\n" for n in range(200_000)), "".join(f"{n * 31 % 977}\n" for n in range(200_000))),
    ],
    ids=["blank lines", "two words", "turned round", "scrambled"],
)  # fmt: skip
def test_a_megabyte_made_to_be_slow_is_merged_in_bounded_time(base: str, other: str) -> None:
    started = time.process_time()
    assert merge(base, other, base).text == other
    assert time.process_time() - started < 10
