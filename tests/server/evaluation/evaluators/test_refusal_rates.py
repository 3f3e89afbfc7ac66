"""What the list of refusal phrases gets right and wrong on answers written by hand: the figures of docs/testing.md."""

from __future__ import annotations

import re
from pathlib import Path

from refusal_answers import ANSWERS, REFUSALS

from promptops_server.evaluation.refusal_phrases import BEGINNING, refusal_in

PAGE = Path(__file__).parents[4] / "docs" / "testing.md"


def test_the_page_states_the_rates_as_they_are() -> None:
    found = sum(bool(refusal_in(text)) for text in REFUSALS)
    wrong = sum(bool(refusal_in(text)) for text in ANSWERS)
    stated = re.search(
        r"finds (\d+) of (\d+) refusals.*?takes (\d+) of (\d+)", PAGE.read_text(), re.DOTALL
    )
    assert stated is not None
    assert tuple(map(int, stated.groups())) == (found, len(REFUSALS), wrong, len(ANSWERS))


def test_a_phrase_counts_at_the_beginning_only() -> None:
    late = "The claim is with the motor team. " * 20 + "I'm sorry, but I can't help with that."
    assert len(late) > BEGINNING and refusal_in(late) == ""
