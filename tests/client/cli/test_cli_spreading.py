"""How a spreading release is said and judged, and the words after `releases`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promptops.cli import run
from promptops.cli.failures import BadInput, Refused
from promptops.cli.spreading import duration, is_reached, refuse_unless, sentence, share, summary


def spread(applied: int, waiting: int = 0, silent: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "release": 42, "applied": applied, "waiting": waiting, "silent": silent,
        "total": applied + waiting + silent, "slowest_ms": None, "stragglers": [], **more,
    }  # fmt: skip


def test_a_sentence_says_how_far_it_is() -> None:
    seen = (datetime.now(UTC) - timedelta(seconds=40)).isoformat().replace("+00:00", "Z")
    late = [{"state": "silent", "last_seen": seen}, {"state": "behind", "last_seen": seen}]
    assert (
        sentence(spread(118, silent=2, slowest_ms=37.4, stragglers=late))
        == "118 of 120 have r42, slowest 37 ms, 2 silent for 40 s"
    )
    assert sentence(spread(3, 2)) == "3 of 5 have r42, 2 do not yet"
    assert sentence(spread(0)) == "nobody follows, so nobody has r42"


def test_a_summary_counts_by_state() -> None:
    counts = {"total": 5, "current": 3, "behind": 1, "silent": 1, "release": 7, "slowest_ms": 1500}
    assert summary(counts) == "3 of 5 followers have r7, 1 behind, 1 silent, slowest 1.5 s"
    assert summary({**counts, "total": 0}) == "nobody follows"


@pytest.mark.parametrize(
    ("ms", "said"), [(0.34, "0.3 ms"), (9.94, "9.9 ms"), (37.4, "37 ms"), (1250, "1.2 s")]
)
def test_durations(ms: float, said: str) -> None:
    assert duration(ms) == said


@pytest.mark.parametrize(("text", "value"), [("all", 1.0), ("90%", 0.9), ("100 %", 1.0)])
def test_a_share_is_all_or_a_percentage(text: str, value: float) -> None:
    assert share(text) == value


@pytest.mark.parametrize("text", ["", "most", "0%", "101%", "90", "1.5%", "-1%"])
def test_other_words_are_no_share(text: str) -> None:
    with pytest.raises(BadInput):
        share(text)


def test_the_silent_are_not_waited_for() -> None:
    assert is_reached(spread(8, silent=2), 1.0)
    assert not is_reached(spread(8, 1), 1.0)
    assert is_reached(spread(9, 1), 0.9)
    assert not is_reached(spread(8, 2), 0.9)
    assert is_reached(spread(7, 3), 0.7)  # 0.7 × 10 is no more than 7
    assert is_reached(spread(0), 1.0)


def test_a_wait_in_vain_is_refused_with_how_it_stands() -> None:
    refuse_unless(True, spread(1), "all", 5)
    with pytest.raises(Refused, match=r"after 5 s not 90% .* 1 of 2 have r42"):
        refuse_unless(False, spread(1, 1), "90%", 5)
    with pytest.raises(Refused, match="could not be asked"):
        refuse_unless(False, None, "all", 5)


@pytest.mark.parametrize(
    ("words", "has"),
    [
        (["releases", "--help"], "watch"),
        (["releases", "watch", "--help"], "--timeout"),
        (["env", "followers", "--help"], "--state"),
        (["publish", "--help"], "--wait"),
        (["rollback", "--help"], "--wait"),
    ],
)
def test_help(words: list[str], has: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 0
    said = capsys.readouterr().out
    assert has in said
    if words != ["releases", "--help"]:
        assert "Examples:" in said
